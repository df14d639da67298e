"""What a block step works with: its own inputs, its paths, its turns, and what it has recorded."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from core.engine import deadlines, entries, failures, inputs
from core.engine.definition import Branch, Step
from core.engine.errors import StepFailed
from core.engine.frames import Frame, Variables
from core.engine.requests import Cursor, Fork, Joined
from core.engine.restore import Phase
from core.engine.step_type import BlockType

if TYPE_CHECKING:
    from core.engine.walking import Walker


class Block:
    """One block under way at a path. Its step type walks it by `yield from`."""

    def __init__(
        self, walker: "Walker", step: Step, step_type: BlockType, path: str, frame: Frame
    ) -> None:
        self._walker = walker
        self.step = step
        self._step_type = step_type
        self.path = path
        self.frame = frame

    def open(self, choose: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        """Fix what must not be chosen twice: `choose` gets the inputs, once in a run's life."""
        return self._walker.fix(
            self.path,
            lambda: choose(inputs.fill_in(self.step, self._step_type, self.frame.scope)),
        )

    def fix_turn(self, index: int, choose: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Fix what a turn must not choose twice."""
        return self._walker.fix(f"{self.path}/{index}#turn", choose)

    def holds(self, condition: Any) -> bool:
        """Whether a path's condition holds here."""
        return inputs.holds(condition, self.frame.scope, "only when")

    def evaluate(self, key: str, frame: Frame) -> Any:
        """A field that is evaluated at each turn, in the turn's scope."""
        return inputs.evaluate(self.step.inputs[key], frame.scope, self._label(key))

    def evaluate_condition(self, key: str, frame: Frame) -> bool:
        """A condition that is evaluated at each turn, in the turn's scope."""
        return inputs.holds(self.step.inputs[key], frame.scope, self._label(key))

    def run(self, branch: Branch, frame: Frame | None = None) -> Cursor:
        """Walk a path, in the block's own frame unless another is given."""
        return self._walker.run_steps(branch.steps, frame or self.frame)

    def turn(self, index: int, item: Mapping[str, Any], *, is_shared: bool) -> Frame:
        """The frame of one turn; turns side by side each get variables of their own."""
        name = f"{self.path}/{index}/"
        own = None if is_shared else self._own_variables(name)
        return self.frame.turn(self.step.id, index, item, own)

    def side_path(self, branch: Branch) -> Frame:
        """The frame of a path that runs beside others."""
        return self.frame.path(self._own_variables(f"{self.path}.{branch.key}/"))

    def side_by_side(self, cursors: Iterable[Cursor], *, limit: int, is_stopping: bool) -> Cursor:
        """Walk cursors at the same time; returns how each ended, or raises the first failure."""
        results: list[Joined] = yield Fork(iter(cursors), limit, is_stopping)
        for joined in results:
            if joined.error and (is_stopping or not isinstance(joined.error, StepFailed)):
                raise joined.error
        return results

    @property
    def items(self) -> Mapping[int, tuple[str, Any, Any]]:
        """The turns that have ended: index → state, result, error."""
        return self._walker.history.items.setdefault(self.path, {})

    def end_item(self, index: int, state: str, result: Any = None, error: Any = None) -> None:
        """Record that a turn has ended."""
        self._walker.history.items.setdefault(self.path, {})[index] = (state, result, error)
        entry = entries.item(self.path, index, state, result, error, self._walker.now())
        self._walker.journal.add(entry)

    @property
    def phase(self) -> Phase | None:
        """Where a try stands, if it has left its first path."""
        return self._walker.history.phases.get(self.path)

    def recall(self) -> None:
        """Show what the paths walked so far have given: a phase is not walked twice."""
        self._walker.recall(self.step, self.frame)

    def enter_phase(self, name: str, error: Any, pending: Any) -> None:
        """Record that a try goes on to its catch or finally."""
        self._walker.history.phases[self.path] = Phase(name, error, pending)
        self._walker.journal.add(entries.phase(self.path, name, error, pending))

    def unbind(self, *, is_own: bool) -> None:
        """From here on its own time binds it no more, nor, unless `is_own`, that of one around."""
        self.frame = self.frame.without_deadline(self.path if is_own else None)

    def overdue(self) -> dict[str, Any]:
        """The error object of its time being up."""
        failed, at = deadlines.overdue(self.step), self._walker.now()
        return failures.describe(failed, self.step.id, self.path, attempts=1, at=at)

    def check_time(self) -> None:
        """Raise BlockTimedOut if the block's own time is up, though nothing follows in it."""
        own = [known for known in self.frame.deadlines if known[0] == self.path]
        deadlines.check(own, self._walker.now())

    def _own_variables(self, name: str) -> Variables:
        changes = self._walker.history.variables.get(name, {})
        return Variables(name, {**self.frame.variables.values, **changes})

    def _label(self, key: str) -> str:
        return next(field.label for field in self._step_type.fields if field.key == key)
