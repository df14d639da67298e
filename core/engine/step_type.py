"""The contract of the catalogue of steps: what one file in `core/steps/` declares and does."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from core.engine.code import CodeLimits, CodeResult
from core.engine.definition import Branch, Step
from core.engine.fields import Field
from core.engine.http_messages import OutgoingAnswer, OutgoingRequest
from core.engine.mail_messages import OutgoingMail
from core.engine.mail_templates import MailContent
from core.engine.outcomes import Done, Outcome
from core.engine.parameters import Parameter

if TYPE_CHECKING:
    from core.engine.blocks import Block


RUN_AGAIN, ASK = "run_again", "ask"


class Effect(StrEnum):
    """What a step does to the world, and so what a crash in the middle of it means."""

    PURE = "pure"  # nothing: may be computed again
    INSIDE = "inside"  # our own database: exactly once, in one transaction with its journal row
    REPEATABLE = "repeatable"  # outside: at least once, always under the same key
    ONCE = "once"  # outside, where twice would matter: after a crash a person is asked

    @property
    def is_outside(self) -> bool:
        """Whether it leaves the process, so that a crash can hide how it went."""
        return self in (Effect.REPEATABLE, Effect.ONCE)


class Http(Protocol):
    """The one way out to other systems."""

    def send(self, request: OutgoingRequest, *, connection: str | None = None) -> OutgoingAnswer:
        """Send it through the guard, signed by the named connection."""


class Mail(Protocol):
    """The one way out for mails: sent, or kept in the outbox."""

    def template(self, name: str) -> MailContent:
        """The mail template of that name; raises MailFailed."""

    def send(self, mail: OutgoingMail, *, connection: str | None = None) -> str:
        """Send it through the named connection, or keep it; returns its Message-ID."""


class StoredValues(Protocol):
    """Small values shared by all runs of the workspace."""

    def read(self, key: str) -> Any: ...

    def store(self, key: str, value: Any, *, expires: datetime | None) -> None: ...

    def increment(self, key: str, by: float, *, expires: datetime | None) -> float: ...


class Sandbox(Protocol):
    """Where an author's code runs: it reaches nothing but the values it is given."""

    def run(
        self, code: str, values: Mapping[str, Any], limits: CodeLimits, context: "StepContext"
    ) -> CodeResult:
        """What the code returns and prints; raises CodeFailed."""


class Log(Protocol):
    """Lines an author writes into the run's log."""

    def write(self, level: str, message: str) -> None: ...


@dataclass(slots=True)
class StepContext:
    """The world as a step meets it: ports, its effect key, and the time it began."""

    key: str  # Idempotency-Key of this step's effect: "<run id>:<step path>"
    started_at: datetime
    http: Http
    mail: Mail
    values: StoredValues
    log: Log
    sandbox: Sandbox
    timezone: str = "UTC"
    timeout: float | None = None  # seconds left for this attempt


class StepType:
    """A kind of step. Subclasses declare; `key` is the file's name."""

    key: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]
    category: ClassVar[str] = "code"  # logic | connect | data | code | people
    icon: ClassVar[str] = "terminal"  # a name of the icon sprite
    keywords: ClassVar[tuple[str, ...]] = ()
    fields: ClassVar[tuple[Field, ...]] = ()
    effect: ClassVar[Effect] = Effect.PURE
    example_output: ClassVar[Any] = None  # what the data picker shows before the first run
    is_example_exact: ClassVar[bool] = False  # has every result just its keys and kinds?

    is_apart: ClassVar[bool] = False  # pure, but long enough to be computed beside the run

    is_block: ClassVar[bool] = False
    sleeps: ClassVar[bool] = False  # pure, but it ends later than it begins
    has_turns: ClassVar[bool] = False  # fields that are `per_turn` are evaluated for each item

    is_called_back: ClassVar[bool] = False  # has `callback_url('<step id>')` an address for it?

    plans_runs: ClassVar[bool] = False  # for later: then it may well plan its own workflow again

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """The inputs' default values, by key."""
        return {field.key: field.default for field in self.fields if field.default is not None}

    def after_crash(self, given: Mapping[str, Any]) -> str:
        """What to do with these inputs when a crash hid the outcome, unless the author says."""
        return ASK if self.effect is Effect.ONCE else RUN_AGAIN

    def summary(self, step: Step) -> str:
        """One short line under the step's name on its card."""
        return ""

    def problems(self, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What no run could do with these inputs as they are written, by field, in a sentence.

        What each field's kind says is known already; what a run computes is not judged.
        """
        yield from ()

    def form(self, inputs: Mapping[str, Any]) -> Sequence[Parameter] | None:
        """What people fill in, whose answers are the result's `fields`; None: nobody knows yet."""
        return None

    def recorded(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is kept of the inputs once a pure step, or one that `has_turns`, has ended well."""
        return inputs

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> Outcome:
        """Do the work; raises StepFailed."""
        raise StepTypeIncomplete(self.key)


class BlockType(StepType):
    """A kind of step with steps inside it; it walks its branches itself."""

    is_block = True
    fixed_branches: ClassVar[tuple[Branch, ...]] = ()  # what a new one starts with
    free_branches: ClassVar[bool] = False  # may the author add and remove paths?
    optional_branches: ClassVar[tuple[str, ...]] = ()  # keys that may be left out
    branches_have_conditions: ClassVar[bool] = False
    is_loop: ClassVar[bool] = False  # its body runs once for each turn

    def walk(self, step: Step, block: "Block") -> Generator[Any, Any, Done]:
        """Walk the branches by `yield from block.…`; returns the block's output."""
        raise StepTypeIncomplete(self.key)


class StepTypeIncomplete(Exception):
    """A step type neither runs nor walks: a mistake in its file."""
