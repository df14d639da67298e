"""Counting and sampling many runs by ranges of ids: ids are made in the order of time.

Counts walk nothing but an index. Whatever lies in the rows themselves is read from a bounded
number of them, so a period with a million runs costs little more than one with a thousand.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text

from core.storage.db import db
from core.storage.run_counts import first_id_at

MOST_SLICES = 450  # SQLite joins at most 500 selects


@dataclass(frozen=True, slots=True)
class Range:
    """The runs of a stretch of time: ids from `first` until before `end`."""

    first: str
    end: str

    @classmethod
    def between(cls, begin: datetime, end: datetime) -> "Range":
        """The runs that were accepted in that time."""
        return cls(first_id_at(begin), first_id_at(end))


class Sampled(NamedTuple):
    """What is read of a run in a sample."""

    slice: int  # which of the wanted slices
    workflow_id: int
    ms: float | None  # how long it took, if it came to its own end


@dataclass(frozen=True, slots=True)
class Slice:
    """At most `limit` runs of a range: of one workflow, of one state, or of the workspace."""

    range: Range
    limit: int
    workflow_id: int | None = None
    state: str | None = None


OF_WORKFLOWS = """
    WITH span(n, first, past) AS (VALUES {spans})
    SELECT workflow.id, workflow.label, workflow.deleted_at, span.n,
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
OF_SLICE = """
    SELECT * FROM (SELECT {n} AS slice, workflow_id,
            CASE WHEN state IN ('succeeded', 'failed') AND finished_at >= created_at
            THEN (finished_at - created_at) * 1000 END AS ms
        FROM run WHERE {owner} AND id >= :first_{n} AND id < :past_{n}
        ORDER BY {order} DESC LIMIT {limit}) AS slice_{n}
"""


def count_by_workflow(workspace_id: int, ranges: Sequence[Range]) -> Sequence[Any]:
    """(workflow, its label, when it was deleted, number of the range, runs); adjacent ranges."""
    values, given = _spans(ranges)
    given |= {"workspace": workspace_id, "begin": ranges[0].first, "finish": ranges[-1].end}
    return db.session.execute(text(OF_WORKFLOWS.format(spans=values)), given).all()


def count_of_state(workspace_id: int, state: str, ranges: Sequence[Range]) -> list[int]:
    """How many runs of each range are in that state."""
    values, given = _spans(ranges)
    given |= {"workspace": workspace_id, "state": state}
    rows = db.session.execute(text(OF_STATE.format(spans=values)), given)
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


def sample(workspace_id: int, slices: Sequence[Slice]) -> list[Sampled]:
    """The newest runs of each slice; slices beyond the first few hundred are left out."""
    wanted = slices[:MOST_SLICES]
    if not wanted:
        return []
    given: dict[str, Any] = {"workspace": workspace_id}
    for number, piece in enumerate(wanted):
        given |= {f"first_{number}": piece.range.first, f"past_{number}": piece.range.end}
    query = " UNION ALL ".join(_select(number, piece) for number, piece in enumerate(wanted))
    return [Sampled._make(row) for row in db.session.execute(text(query), given).all()]


def _select(number: int, piece: Slice) -> str:
    if piece.workflow_id is not None:
        owner, order = f"workflow_id = {int(piece.workflow_id)}", "workflow_id DESC, id"
    elif piece.state is not None:
        owner, order = f"workspace_id = :workspace AND state = '{piece.state}'", "id"
    else:
        owner, order = "workspace_id = :workspace", "id"
    return OF_SLICE.format(n=number, owner=owner, order=order, limit=int(piece.limit))


def _spans(ranges: Iterable[Range]) -> tuple[str, dict[str, Any]]:
    rows: list[str] = []
    given: dict[str, Any] = {}
    for number, span in enumerate(ranges):
        rows.append(f"({number}, :first_{number}, :past_{number})")
        given |= {f"first_{number}": span.first, f"past_{number}": span.end}
    return ", ".join(rows), given
