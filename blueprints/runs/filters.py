"""What the list of runs is asked for: the filters in its address, and links that change them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import url_for

from core import clock
from core.runtime.run_list import GROUPS, RunFilter
from core.storage.workflow import Workflow

PERIODS = {
    "hour": ("last hour", timedelta(hours=1)),
    "day": ("last 24 hours", timedelta(days=1)),
    "week": ("last 7 days", timedelta(days=7)),
    "month": ("last 30 days", timedelta(days=30)),
}
STATES = {
    "": "All",
    "running": "Running",
    "waiting": "Waiting",
    "failed": "Failed",
    "succeeded": "Succeeded",
    "cancelled": "Cancelled",
}
LONGEST_TEXT = 200  # characters


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the address without it."""

    name: str
    value: str
    off: str


@dataclass(frozen=True)
class Filters:
    """The filters of one request; `home` is the workflow whose own list this is."""

    workflow: Workflow | None = None
    state: str = ""
    period: str = ""
    text: str = ""
    before: str = ""
    home: Workflow | None = None
    choices: Sequence[Workflow] = ()

    @classmethod
    def of(
        cls, args: Mapping[str, Any], choices: Sequence[Workflow], home: Workflow | None = None
    ) -> "Filters":
        """From an address's arguments; what makes no sense is left out."""
        name = args.get("workflow", "")
        return cls(
            home or next((found for found in choices if found.name == name), None),
            args.get("state", "") if args.get("state") in GROUPS else "",
            args.get("period", "") if args.get("period") in PERIODS else "",
            str(args.get("text", "")).strip()[:LONGEST_TEXT],
            str(args.get("before", ""))[:64],
            home,
            choices,
        )

    @property
    def workflow_id(self) -> int | None:
        """The workflow whose runs are listed, if it is one."""
        return self.workflow.id if self.workflow else None

    @property
    def wanted(self) -> RunFilter:
        """The filter as the runtime takes it."""
        since = clock.now() - PERIODS[self.period][1] if self.period else None
        return RunFilter(self.workflow_id, self.state, since, self.text)

    @property
    def is_narrow(self) -> bool:
        """Whether anything is filtered beyond the list's own workflow."""
        return bool(self.state or self.period or self.text or (self.workflow and not self.home))

    def address(self, **changes: Any) -> str:
        """The list's address with these arguments; a changed filter begins on the first page."""
        given = {**dict(self.kept()), "text": self.text, **changes}
        set_ones = {name: value for name, value in given.items() if value not in (None, "")}
        if self.home is None:
            return url_for("runs.index", **set_ones)
        return url_for("runs.of_workflow", workflow_id=self.home.id, **set_ones)

    def kept(self) -> list[tuple[str, Any]]:
        """The arguments that a new search text leaves as they are."""
        given = (
            ("workflow", self.workflow.name if self.workflow and not self.home else None),
            ("state", self.state),
            ("period", self.period),
        )
        return [(name, value) for name, value in given if value]

    def states(self) -> list[tuple[str, str, str, bool]]:
        """The groups of states: key, word, address, and whether it is this one."""
        return [
            (key, word, self.address(state=key), key == self.state) for key, word in STATES.items()
        ]

    def chips(self) -> Iterator[Chip]:
        """The filters that are set, text and state aside: those show by themselves."""
        if self.workflow and self.home is None:
            yield Chip("Workflow is", self.workflow.label, self.address(workflow=None))
        if self.period:
            yield Chip("When", PERIODS[self.period][0], self.address(period=None))

    def periods(self) -> list[tuple[str, str]]:
        """Periods that can be chosen: word and address."""
        return [(word, self.address(period=key)) for key, (word, _) in PERIODS.items()]

    def workflows(self) -> list[tuple[str, str]]:
        """Workflows that can be chosen: label and address."""
        if self.home is not None:
            return []
        return [(found.label, self.address(workflow=found.name)) for found in self.choices]

    def nothing_found(self) -> str:
        """The sentence for an empty list."""
        word = "" if not self.state else f"{STATES[self.state].lower()} "
        words = [f"No {word}runs"]
        if self.workflow:
            words.append(f"of {self.workflow.label}")
        if self.text:
            words.append(f"with “{self.text}”")
        if self.period:
            words.append(f"in the {PERIODS[self.period][0]}")
        good = " Good." if self.state == "failed" and not self.text else ""
        return " ".join(words) + "." + good
