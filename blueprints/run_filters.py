"""What the list of runs is asked for: the filters in its address, and links that change them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for

from core.runtime.run_filter import RunFilter
from core.storage.workflow import Workflow

PERIODS = {
    "hour": "last hour",
    "day": "last 24 hours",
    "week": "last 7 days",
    "month": "last 30 days",
}
STATES = {
    "": "All",
    "running": "Running",
    "waiting": "Waiting",
    "failed": "Failed",
    "succeeded": "Succeeded",
    "cancelled": "Cancelled",
}
COUNTED = ("running", "waiting", "failed")
REASONS = {
    "approval": "Waits for a person",
    "unknown_outcome": "Needs you: did this happen?",
    "retry": "Tries again later",
    "time": "Waits for its time",
    "call": "Waits for an answer from outside",
    "child": "Waits for another workflow",
    "limit": "One too many at a time",
    "stopped": "Stopped by a step",
    "not_run": "Condition not met",
    "timed_out": "Took too long",
    "quarantined": "Ended too many workers",
}
# How a run came to be: an icon and a word.
ORIGINS = {
    "endpoint": ("webhook", "Call"),
    "schedule": ("calendar-clock", "Schedule"),
    "thing": ("database-zap", "Data change"),
    "workflow": ("workflow", "Workflow"),
    "manual": ("hand", "By hand"),
    "test": ("flask-conical", "Test"),
}
MODES = {"live": "Live", "draft": "Called as a draft", "test": "Test"}


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the address without it."""

    name: str
    value: str
    off: str


@dataclass(frozen=True)
class Filters:
    """The filters of one request; `home` is the workflow whose own list this is."""

    wanted: RunFilter = field(default_factory=RunFilter)
    before: str = ""
    home: Workflow | None = None
    choices: Sequence[Workflow] = ()
    origins = ORIGINS

    @classmethod
    def of(
        cls,
        args: Mapping[str, Any],
        choices: Sequence[Workflow],
        home: Workflow | None = None,
        zone: str = "UTC",
    ) -> "Filters":
        """From an address's arguments; what makes no sense is left out."""
        if home is not None:
            args, choices = {**args, "workflow": home.name}, [home]
        wanted = RunFilter.from_args(args, choices, zone)
        return cls(wanted, str(args.get("before", ""))[:64], home, choices)

    @property
    def workflow(self) -> Workflow | None:
        """The workflow whose runs are listed, if it is one."""
        return next((one for one in self.choices if one.id == self.wanted.workflow_id), None)

    @property
    def is_narrow(self) -> bool:
        """Whether anything is filtered beyond the list's own workflow."""
        return bool(set(self.wanted.to_args()) - ({"workflow"} if self.home else set()))

    def address(self, **changes: Any) -> str:
        """The list's address with these arguments; a changed filter begins on the first page."""
        given = {**self.wanted.to_args(), **changes}
        if self.home is not None:
            given["workflow"] = None
        set_ones = {name: value for name, value in given.items() if value not in (None, "")}
        if self.home is None:
            return url_for("runs.index", **set_ones)
        return url_for("runs.of_workflow", workflow_id=self.home.id, **set_ones)

    @property
    def everything(self) -> str:
        """The list's address without any filter."""
        return self.address(**dict.fromkeys(self.wanted.to_args()))

    def kept(self, *changed: str) -> list[tuple[str, str]]:
        """The arguments that stay as they are when a form changes these."""
        out = {*changed, "workflow"} if self.home else set(changed)
        return [pair for pair in self.wanted.to_args().items() if pair[0] not in out]

    def states(self) -> list[tuple[str, str, str, RunFilter | None]]:
        """The groups of states: key, word, address, and what to count, if it is worth a number."""
        counted = () if self.wanted.text else COUNTED
        return [
            (
                key,
                word,
                self.address(state=key),
                replace(self.wanted, state=key) if key in counted else None,
            )
            for key, word in STATES.items()
        ]

    def chips(self) -> Iterator[Chip]:
        """The filters that are set, text and state aside: those show by themselves."""
        wanted = self.wanted
        said = (
            ("workflow", "Workflow is", self.workflow.label if self.workflow else ""),
            ("state", "State is", "" if wanted.state in STATES else wanted.state),
            ("reason", "Why", REASONS.get(wanted.reason, "")),
            ("origin", "Started by", ORIGINS.get(wanted.origin, ("", ""))[1]),
            ("mode", "Kind is", MODES.get(wanted.mode, "")),
            ("period", "When", PERIODS.get(wanted.period, "")),
            ("from", "From", self.said("begin")),
            ("to", "Until", self.said("end")),
        )
        for argument, name, value in said[1:] if self.home else said:
            if value:
                yield Chip(name, value, self.address(**{argument: None}))

    def choices_of(self, name: str) -> list[tuple[str, str]]:
        """What a field of the form offers: value and word, nothing first."""
        offered = {
            "workflow": [(one.name, one.label) for one in self.choices],
            "reason": list(REASONS.items()),
            "origin": [(key, word) for key, (_, word) in ORIGINS.items()],
            "mode": list(MODES.items()),
            "period": [(key, word.capitalize()) for key, word in PERIODS.items()],
        }
        return [("", "Any"), *offered[name]]

    def moment(self, name: str) -> tuple[str, str]:
        """A field for a moment: what kind of input holds it, and its value."""
        text = getattr(self.wanted, name)
        if "T" not in text:
            return "date", text
        return "datetime-local", f"{_local(text, self.wanted.zone):%Y-%m-%dT%H:%M}"

    def said(self, name: str) -> str:
        """A day or a moment in words."""
        text = getattr(self.wanted, name)
        if not text:
            return ""
        moment = _local(text, self.wanted.zone)
        day = f"{moment.day} {moment:%b %Y}"
        return f"{day}, {moment:%H:%M}" if "T" in text else day

    @property
    def in_words(self) -> str:
        """Which runs these are: “failed runs of Orders in the last hour”."""
        wanted = self.wanted
        word = f"{STATES.get(wanted.state, wanted.state).lower()} " if wanted.state else ""
        words = [f"{word}runs"]
        if self.workflow:
            words.append(f"of {self.workflow.label}")
        if wanted.text:
            words.append(f"with “{wanted.text}”")
        if wanted.period:
            words.append(f"in the {PERIODS[wanted.period]}")
        if wanted.begin:
            words.append(f"from {self.said('begin')}")
        if wanted.end:
            words.append(f"until {self.said('end')}")
        if wanted.reason or wanted.origin or wanted.mode:
            words.append("with these filters")
        return " ".join(words)

    def nothing_found(self) -> str:
        """The sentence for an empty list."""
        is_good = self.wanted.state == "failed" and not (self.wanted.text or self.before)
        return f"No {'more ' if self.before else ''}{self.in_words}." + (
            " Good." if is_good else ""
        )


def _local(text: str, zone: str) -> datetime:
    """What came with a zone of its own is told in the workspace's."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(ZoneInfo(zone)) if moment.tzinfo else moment
