"""One step of one run as pages show it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

NAMING_KEYS = ("name", "title", "label", "id", "key", "number", "sku", "email", "subject", "url")
BEGAN = ("done", "failed", "waiting", "running", "interrupted")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a step; `due` is when the next one was planned after a failure."""

    number: int
    started_at: datetime | None
    finished_at: datetime | None
    error: Mapping[str, Any] | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class StepView:
    """One step, or one turn of a loop, of one run.

    `state` is done, failed, skipped, running, waiting, not_reached or interrupted. `item` is the
    index of the innermost loop's turn. Steps of a path that was not taken stay in the list, marked.
    """

    path: str
    step_id: str
    depth: int
    type: str
    label: str
    state: str
    number: int = 0  # its place in reading order, from 1
    kind: str = "code"
    icon: str = "circle-help"
    type_label: str = ""
    is_block: bool = False
    is_loop: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempt: int = 1
    attempts: tuple[Attempt, ...] = ()
    inputs: Any = None
    output: Any = None
    error: Mapping[str, Any] | None = None
    is_handled: bool = False  # failed, and the run went on by the author's wish
    item: int | None = None
    item_word: str = "item"  # what that turn is called: item or turn
    item_name: str = ""  # what the item is called; with its number where no line stands above
    is_turn: bool = False  # the line of a whole turn
    item_count: int | None = None
    items_begun: int = 0
    item_from: int = 0
    failed_items: tuple[int, ...] = ()
    taken: tuple[str, ...] = ()
    taken_labels: tuple[str, ...] = ()
    is_untaken: bool = False
    why: str = ""  # why it was skipped: disabled | condition
    is_wait: bool = False  # its time is spent waiting, not working
    is_dropped: bool = False  # a path beside it failed, and nobody waits for it any more
    wait_kind: str = ""
    wake_at: datetime | None = None
    key: str = ""
    sent_at: datetime | None = None  # when it was last begun
    sent_fence: int = 0  # of the last worker that sent it out, where one did

    @property
    def turn_word(self) -> str:
        """What one turn of this loop is called."""
        return "item" if self.type == "for_each" else "turn"

    @property
    def ms(self) -> float | None:
        """How long it took in all."""
        if self.started_at is None or self.finished_at is None:
            return None
        return max((self.finished_at - self.started_at).total_seconds() * 1000, 0)


def name_of(item: Any) -> str:
    """What a person would call an item of a list: its name, number or first short value."""
    if isinstance(item, Mapping):
        ranked = [item[key] for key in NAMING_KEYS if key in item] + list(item.values())
        item = next((value for value in ranked if _is_short(value)), "")
    return str(item) if _is_short(item) else ""


def _is_short(value: Any) -> bool:
    return isinstance(value, str | int | float) and 0 < len(str(value)) <= 60


def ran_count(steps: Iterable[StepView]) -> int:
    """How many of the definition's steps ran, those in loops once."""
    return len({step.number for step in steps if step.state in BEGAN})
