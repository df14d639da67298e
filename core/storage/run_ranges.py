"""Counting and sampling many runs by ranges of ids: ids are made in the order of time.

Counts walk nothing but an index, and those of the past are remembered for half an hour. Whatever
lies in the rows themselves is read from a bounded number of them, so a period with a million runs
costs little more than one with a thousand.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, text

from core import clock
from core.storage.db import db
from core.storage.run_counts import first_id_at, moment_of

SETTLED = timedelta(minutes=10)  # then every run of a range has been committed
KEPT_SECONDS = 1800.0
MOST_KEPT = 5_000  # ranges


@dataclass(frozen=True, slots=True)
class Range:
    """The runs of a stretch of time: ids from `first` until before `end`."""

    first: str
    end: str

    @classmethod
    def between(cls, begin: datetime, end: datetime) -> "Range":
        """The runs that were accepted in that time."""
        return cls(first_id_at(begin), first_id_at(end))


@dataclass(frozen=True, slots=True)
class Wanted:
    """The newest runs of each of these ranges: of a workspace, failed ones, or of a workflow."""

    kind: str  # workspace | failed | workflow
    spans: Sequence[tuple[Range, int]]  # with the id of the workspace or workflow
    limit: int  # of each


Counts = tuple[tuple[int, int], ...]  # of runs by workflow


class Memory:
    """Counts of ranges that lie in the past: nothing is added to these, and they are many."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, Range], tuple[float, Counts]] = {}

    def get(self, workspace_id: int, stretch: Range) -> Counts | None:
        """What was counted lately, if it was."""
        until, counts = self.kept.get((workspace_id, stretch), (0.0, ()))
        return counts if until > time.monotonic() else None

    def keep(self, workspace_id: int, stretch: Range, counts: Counts) -> None:
        """Remember a count for a while: what is too old is forgotten with its runs by then."""
        if moment_of(stretch.end) < clock.now() - SETTLED:
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
            self.kept[workspace_id, stretch] = time.monotonic() + KEPT_SECONDS, counts


class Sampled(NamedTuple):
    """What is read of a run in a sample."""

    wanted: int  # which sample
    place: int  # which of its ranges
    workflow_id: int
    ms: float | None  # how long it took, if it came to its own end


OF_WORKFLOWS = """
    WITH span(n, first, past) AS (VALUES {spans})
    SELECT workflow.id, span.n,
        (SELECT count(*) FROM run WHERE run.workflow_id = workflow.id
            AND run.id >= span.first AND run.id < span.past) AS runs
    FROM workflow CROSS JOIN span
    WHERE workflow.workspace_id = :workspace
        AND (SELECT min(run.id) FROM run WHERE run.workflow_id = workflow.id
            AND run.id >= :begin AND run.id < :finish) IS NOT NULL
"""
OF_STATE = """
    WITH span(n, first, past) AS (VALUES {spans})
    SELECT span.n, (SELECT count(*) FROM run WHERE run.workspace_id = :workspace
        AND run.state = :state AND run.id >= span.first AND run.id < span.past) AS runs
    FROM span
"""
BEFORE = """
    SELECT (SELECT count(*) FROM run WHERE workspace_id = :workspace
            AND id >= :first AND id < :past),
        (SELECT count(*) FROM run WHERE workspace_id = :workspace AND state = :state
            AND id >= :first AND id < :past),
        (SELECT min(id) FROM run WHERE workspace_id = :workspace)
"""
# Not until a planned run was due, nor while it lay failed: as `runtime.run_times.took` has it.
TOOK = """
    ((one.finished_at - CASE WHEN one.due_at > one.created_at
        THEN one.due_at ELSE one.created_at END) * 1000 - one.idle_ms)
"""
OF_EACH = """
    SELECT {number}, span.n, one.workflow_id,
        CASE WHEN one.state NOT IN ('succeeded', 'failed') THEN NULL
        WHEN {took} < 0 THEN 0 ELSE {took} END
    FROM span_{number} AS span CROSS JOIN {newest}
"""
NEWEST = """
    (SELECT {columns} FROM run WHERE {which} AND id >= span.first AND id < span.past
    ORDER BY {order} LIMIT {limit})
"""
# By the database, since one process may have had several.
_remembered: "WeakKeyDictionary[Engine, Memory]" = WeakKeyDictionary()
WHICH = {
    "workspace": ("workspace_id = span.owner", "id DESC"),
    "failed": ("workspace_id = span.owner AND state = 'failed'", "id DESC"),
    "workflow": ("workflow_id = span.owner", "workflow_id DESC, id DESC"),
}


def count_by_workflow(workspace_id: int, ranges: Sequence[Range]) -> list[tuple[int, int, int]]:
    """(workflow, number of the range, runs), where there were any; old ranges are remembered."""
    known = _remembered.setdefault(db.engine, Memory())
    counts = {place: known.get(workspace_id, one) for place, one in enumerate(ranges)}
    asked = [place for place, found in counts.items() if found is None]
    if asked:
        fresh = _count([ranges[place] for place in asked], workspace_id)
        for place, found in zip(asked, fresh, strict=True):
            counts[place] = found
            if place:  # where a period begins is another moment the next time
                known.keep(workspace_id, ranges[place], found)
    return [
        (workflow_id, place, runs)
        for place, found in counts.items()
        for workflow_id, runs in found or ()
    ]


def _count(ranges: Sequence[Range], workspace_id: int) -> list[Counts]:
    given = {"workspace": workspace_id, "begin": ranges[0].first, "finish": ranges[-1].end}
    rows = db.session.execute(text(OF_WORKFLOWS.format(spans=_rows(ranges))), given)
    found: list[list[tuple[int, int]]] = [[] for _ in ranges]
    for workflow_id, place, runs in rows:
        if runs:
            found[place].append((workflow_id, runs))
    return [tuple(one) for one in found]


def count_of_state(workspace_id: int, state: str, ranges: Sequence[Range]) -> list[int]:
    """How many runs of each range are in that state."""
    given = {"workspace": workspace_id, "state": state}
    rows = db.session.execute(text(OF_STATE.format(spans=_rows(ranges))), given)
    by_number: Mapping[int, int] = {number: count for number, count in rows}
    return [by_number[number] for number in range(len(ranges))]


def count_before(workspace_id: int, state: str, stretch: Range) -> tuple[int, int, bool]:
    """All runs of a range, those in that state, and whether there are any that are older."""
    given = {
        "workspace": workspace_id,
        "state": state,
        "first": stretch.first,
        "past": stretch.end,
    }
    runs, in_state, oldest = db.session.execute(text(BEFORE), given).one()
    return runs, in_state, oldest is not None and oldest < stretch.first


def sample(samples: Sequence[Wanted]) -> list[Sampled]:
    """All of these samples, in one query."""
    filled = [(number, one) for number, one in enumerate(samples) if one.spans]
    if not filled:
        return []
    spans = ", ".join(
        f"span_{number}(n, first, past, owner) AS (VALUES {_owned(one.spans)})"
        for number, one in filled
    )
    selects = [
        OF_EACH.format(number=number, took=TOOK, newest=_newest(one.kind, one.limit))
        for number, one in filled
    ]
    query = text(f"WITH {spans} {' UNION ALL '.join(selects)}")
    return [Sampled._make(row) for row in db.session.execute(query).all()]


def _newest(kind: str, limit: int) -> str:
    """Each database has its own way of asking for the newest few of every range."""
    which, order = WHICH[kind]
    given = {"which": which, "order": order, "limit": int(limit)}
    if db.engine.dialect.name == "sqlite":
        return f"run AS one ON one.rowid IN {NEWEST.format(columns='rowid', **given)}"
    # Ids first: without rows to read, no plan but the narrow index is worth its while.
    newest = NEWEST.format(columns="id", **given)
    return f"LATERAL {newest} AS newest JOIN run AS one ON one.id = newest.id"


def _owned(spans: Iterable[tuple[Range, int]]) -> str:
    return ", ".join(
        f"({place}, '{span.first}', '{span.end}', {int(owner)})"
        for place, (span, owner) in enumerate(spans)
    )


def _rows(ranges: Iterable[Range]) -> str:
    """Ranges as rows of SQL: their ids are digits and dashes, made here."""
    return ", ".join(
        f"({place}, '{span.first}', '{span.end}')" for place, span in enumerate(ranges)
    )
