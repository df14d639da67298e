"""Which runs are meant: one filter for their list, its counts and what is done to many of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Text, or_, type_coerce
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from core import clock
from core.engine.states import Reason, RunState
from core.runtime.periods import PERIODS
from core.storage.run import Run
from core.storage.run_counts import first_id_at
from core.storage.workflow import Workflow

UNFINISHED = ("queued", "running", "waiting")
GROUPS = {
    "running": ("queued", "running"),
    "waiting": ("waiting",),
    "failed": ("failed",),
    "succeeded": ("succeeded",),
    "cancelled": ("cancelled",),
}
ORIGINS = ("endpoint", "schedule", "thing", "workflow", "manual", "test")
MODES = ("live", "draft", "test")
LONGEST_TEXT = 200  # characters
LONGEST_MOMENT = 40
YEARS = range(1970, 9999)
# An argument has the name of its field, but for words that Python keeps to itself.
ARGUMENTS = {"begin": "from", "end": "to"}
CHOICES: Mapping[str, Sequence[str]] = {
    "state": (*GROUPS, RunState.QUEUED),
    "reason": tuple(Reason),
    "origin": ORIGINS,
    "mode": MODES,
    "period": tuple(PERIODS),
}

EQUAL = ("reason", "origin", "mode")

Columns = ReadOnlyColumnCollection[str, Any]
Conditions = list[ColumnElement[bool]]


class BadFilter(ValueError):
    """An argument that makes no sense, in a place where leaving it out would mean more runs."""


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs of a workspace are meant; empty means all. Texts are as in an address."""

    workflow_id: int | None = None
    workflow: str = ""  # its name
    state: str = ""  # running | waiting | failed | succeeded | cancelled | queued
    reason: str = ""
    origin: str = ""
    mode: str = ""
    period: str = ""  # until now
    begin: str = ""  # a day, or a moment, as clocks in `zone` show it
    end: str = ""  # a day is included whole, a moment is not
    text: str = ""  # in the title, the input, the answer, the error, or how the id begins
    zone: str = "UTC"

    @classmethod
    def from_args(
        cls,
        args: Mapping[str, Any],
        workflows: Sequence[Workflow] = (),
        zone: str = "UTC",
        *,
        is_strict: bool = False,
    ) -> "RunFilter":
        """From an address's arguments; what makes no sense is left out, or refused if strict."""
        given = {name: _given(args, name) for name in _names()}
        workflow = next((one for one in workflows if one.name == given["workflow"]), None)
        read = {
            **given,
            "workflow": workflow.name if workflow else "",
            **{key: given[key] if given[key] in CHOICES[key] else "" for key in CHOICES},
            **{key: given[key] if _moment(given[key], zone) else "" for key in ARGUMENTS},
            "text": given["text"][:LONGEST_TEXT],
        }
        wrong = [name for name in given if given[name] and not read[name]]
        if wrong and is_strict:
            raise BadFilter(f"“{given[wrong[0]]}” is no {wrong[0]} of runs here.")
        if read["begin"] or read["end"]:
            read["period"] = ""
        return cls(workflow_id=workflow.id if workflow else None, zone=zone, **read)

    def to_args(self) -> dict[str, str]:
        """The arguments that say the same; only those that are set."""
        given = {ARGUMENTS.get(name, name): getattr(self, name) for name in _names()}
        return {name: value for name, value in given.items() if value}

    def fixed(self, now: datetime | None = None) -> "RunFilter":
        """The same until this moment: what begins later is not meant, however long it takes."""
        now = now or clock.now()
        begin, end = self.bounds(now)
        return replace(
            self,
            period="",
            begin=begin.isoformat() if begin else "",
            end=min(end or now, now).isoformat(),
        )

    def bounds(self, now: datetime | None = None) -> tuple[datetime | None, datetime | None]:
        """From when, and until before when, runs were accepted."""
        if self.period:
            return (now or clock.now()) - PERIODS[self.period].length, None
        return _moment(self.begin, self.zone), _moment(self.end, self.zone, is_end=True)

    @property
    def states(self) -> tuple[str, ...]:
        """The states of the group; none: any state."""
        return GROUPS.get(self.state, (self.state,) if self.state else ())

    @property
    def columns(self) -> frozenset[str]:
        """What of a run must be looked at, its time aside."""
        named = ("workflow_id", "state", "reason", "origin", "mode")
        looked = {name for name in named if getattr(self, name)}
        return frozenset(looked | ({"title", "input", "response"} if self.text else set()))

    def conditions(self, workspace_id: int, now: datetime | None = None) -> Conditions:
        """All that a run must fulfil."""
        mine = Run.__table__.c.workspace_id == workspace_id
        return [mine, *self.time_conditions(now), *self.row_conditions()]

    def time_conditions(self, now: datetime | None = None) -> Conditions:
        """The time as bounds of ids: these are made in its order, and every index ends in them."""
        id = Run.__table__.c.id
        begin, end = self.bounds(now)
        found = [id >= first_id_at(begin)] if begin else []
        return found + ([id < first_id_at(end)] if end else [])

    def row_conditions(self, of: Columns | None = None) -> Conditions:
        """What its own columns must hold, its time aside."""
        of = Run.__table__.c if of is None else of
        found: Conditions = []
        if self.workflow_id is not None:
            found.append(of.workflow_id == self.workflow_id)
        if self.states:
            found.append(of.state.in_(self.states))
        found += [of[name] == value for name in EQUAL if (value := getattr(self, name))]
        return found + ([self._text_condition(of)] if self.text else [])

    def _text_condition(self, of: Columns) -> ColumnElement[bool]:
        columns = [of.title, *(type_coerce(of[name], Text) for name in ("input", "response"))]
        found = [column.icontains(self.text, autoescape=True) for column in columns]
        return or_(*found, of.id.startswith(self.text.lower(), autoescape=True))


def _names() -> list[str]:
    return [field.name for field in fields(RunFilter) if field.name not in ("workflow_id", "zone")]


def _given(args: Mapping[str, Any], name: str) -> str:
    value = args.get(ARGUMENTS.get(name, name))
    return "" if value is None else str(value).replace("\0", "").strip()


def _moment(text: str, zone: str, *, is_end: bool = False) -> datetime | None:
    """What a day or a moment means; None if it is neither."""
    if not text or len(text) > LONGEST_MOMENT:
        return None
    try:
        moment = _parsed(text, is_end)
    except ValueError:
        return None
    if moment.year not in YEARS:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _parsed(text: str, is_end: bool) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat(text)
    if day.year not in YEARS:
        raise ValueError(text)
    return datetime.combine(day + timedelta(days=1) if is_end else day, time())
