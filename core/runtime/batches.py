"""Batches: runs planned for each item of a list, let go a few at a time, followed to their end.

The items are kept in parts. A part is deleted in the transaction that writes its runs, so each
item gets one, whoever dies. Until their turn the runs stand in line, where they cost no query.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from core import clock
from core.engine import parameters
from core.engine.definition import Definition
from core.engine.errors import StepFailed
from core.engine.outcomes import Done, StartBatch, StartRun
from core.runtime import admission, children, planned, turns
from core.storage.batch import Batch, BatchPart
from core.storage.columns import database_now, new_id
from core.storage.db import read_connection, write_connection
from core.storage.run import Run

PART = 250  # items
MOST_NAMED = 3  # items that one message names
FILL_SECONDS = 0.5  # of each second
MOST_AT_ONCE = 500
RUN, BATCH, BATCH_PART = Run.__table__, Batch.__table__, BatchPart.__table__
ENDED = ("done", "failed", "skipped", "cancelled")
NOTHING = dict.fromkeys(("waiting", "running", *ENDED), 0)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch that can be written: of which version, and what each run is given."""

    order: StartBatch
    workflow_id: int
    version_id: int
    items: Sequence[Mapping[str, Any]]


def prepare(starter: Row[Any], order: StartBatch) -> Prepared:
    """Find the version and check what each run would get; raises StepFailed, nothing written."""
    children.check_chain(starter)
    with write_connection(is_flushed=False) as connection:  # a draft's copy may have to be made
        found = children.version_of(connection, starter, order.workflow)
        if order.when_finished:
            children.version_of(connection, starter, order.when_finished)
    workflow_id, version_id, definition = found
    items = _checked(definition, order.items, starter.timezone)
    return Prepared(order, workflow_id, version_id, items)


def begin(
    connection: Connection, starter: Row[Any], path: str, prepared: Prepared, *, now: datetime
) -> Done:
    """Write the batch with all its items, but none of its runs yet."""
    order = prepared.order
    batch = {
        "id": new_id(),
        "workspace_id": starter.workspace_id,
        "workflow_id": prepared.workflow_id,
        "version_id": prepared.version_id,
        "mode": starter.mode,
        "run_id": starter.id,
        "path": path,
        "started_by": starter.title or starter.id,
        "depth": starter.depth,
        "chain": starter.chain,
        "timezone": starter.timezone,
        "concurrency": order.concurrency,
        # At once is when the database says so: the time of a claim may be a moment ahead of it.
        "starts_at": max(order.at, now) if order.at else database_now(),
        "interval": order.interval.total_seconds() if order.interval else None,
        "when_finished": order.when_finished,
    }
    write(connection, batch, prepared.items)
    return Done({"batch_id": batch["id"], "count": len(prepared.items)})


def write(
    connection: Connection, batch: Mapping[str, Any], items: Sequence[Mapping[str, Any]]
) -> None:
    """Write a batch and the parts that its items are in."""
    counted = {"total": len(items), "unfilled": len(items), "created_at": clock.now()}
    connection.execute(insert(BATCH).values(**batch, **counted))
    parts = [
        {
            "batch_id": batch["id"],
            "number": number,
            "first": first,
            "given": list(items[first : first + PART]),
        }
        for number, first in enumerate(range(0, len(items), PART))
    ]
    if parts:
        connection.execute(insert(BATCH_PART), parts)


def fill(batch_id: str) -> int:
    """Write runs for items that have none, for a part of a second; returns how many."""
    until = time.monotonic() + FILL_SECONDS
    filled = 0
    while (count := _fill_part(batch_id)) and time.monotonic() < until:
        filled += count
        if filled == count:
            release(batch_id)
    release(batch_id)
    return filled + count


def release(batch_id: str) -> int:
    """Let as many go as may go at a time, in the order of the list; returns how many."""
    with write_connection(is_flushed=False) as connection:
        mine = BATCH.c.id == batch_id, BATCH.c.state == "running"
        batch = connection.execute(select(BATCH).where(*mine).with_for_update()).one_or_none()
        if batch is None:
            return 0
        moved = turns.fill_up(connection, batch)
    admission.enter_all(moved)
    return len(moved)


def sweep() -> None:
    """Go on with every batch that could: write runs, let them go, take them back, end it."""
    with read_connection() as connection:
        query = select(BATCH.c.id, BATCH.c.state, BATCH.c.unfilled)
        still = BATCH.c.state.in_(("running", "paused", "cancelled")), BATCH.c.ended_at.is_(None)
        found = list(connection.execute(query.where(*still)))
    for batch in found:
        try:
            _go_on(batch)
        except Exception:
            log.exception("batch %s goes on in a second", batch.id)


def take_back(batch_id: str) -> int:
    """Cancel the runs of a cancelled batch that have not begun; returns how many there were."""
    taken = 0
    while count := _take_back_some(batch_id):
        taken += count
    return taken


def finish(batch_id: str) -> bool:
    """End a batch whose runs have all ended, and start what follows it, once."""
    following: Run | None = None
    with write_connection() as connection:
        mine = BATCH.c.id == batch_id, BATCH.c.ended_at.is_(None), BATCH.c.unfilled == 0
        batch = connection.execute(select(BATCH).where(*mine).with_for_update()).one_or_none()
        if batch is None or turns.is_unfinished(connection, batch_id):
            return False
        counts = counts_of(connection, batch)
        ended = {"ended_at": database_now(), "counts": counts}
        if batch.state != "cancelled":
            ended["state"] = "done"
            if batch.counts is None:  # it has not ended before, so that nothing has followed it
                following = _follow(connection, batch, counts)
                ended["finished_run_id"] = following.id if following is not None else None
        connection.execute(update(BATCH).where(BATCH.c.id == batch_id).values(**ended))
    if following is not None:
        admission.enter(following)
    return True


def counts_of(connection: Connection, batch: Any) -> dict[str, int]:
    """How many of its items wait, run and have ended in which way."""
    return counts_of_all(connection, [batch])[batch.id]


def counts_of_all(connection: Connection, found: Sequence[Any]) -> dict[str, dict[str, int]]:
    """The same for several batches, by their ids; those that had ended once know what has ended."""
    counts = {batch.id: {**NOTHING, **(batch.counts or {})} for batch in found}
    unknown = {batch.id: batch for batch in found if batch.counts is None}
    going_on = {b.id for b in found if b.counts and _ended(b.counts) < b.total}
    looked_at = {*unknown, *going_on}
    is_asked = or_(RUN.c.batch_id.not_in(going_on), RUN.c.state.in_(turns.UNFINISHED))
    groups = RUN.c.batch_id, RUN.c.state, RUN.c.line, RUN.c.reason
    query = select(*groups, func.count().label("many"))
    query = query.where(RUN.c.batch_id.in_(looked_at), is_asked).group_by(*groups)
    for row in connection.execute(query) if looked_at else ():
        counts[row.batch_id][turns.word_for(row)] += row.many
    for batch in unknown.values():
        counts[batch.id]["waiting"] += batch.unfilled
        if batch.state == "cancelled":  # those that had no run yet never got one
            counts[batch.id]["cancelled"] += batch.total - sum(counts[batch.id].values())
    return counts


def _ended(counts: Mapping[str, int]) -> int:
    return sum(counts[word] for word in ENDED)


def _checked(
    definition: Definition, items: Sequence[Any], timezone: str
) -> Sequence[Mapping[str, Any]]:
    """Each item's parameters as the workflow declares them; raises StepFailed about the first."""
    raw = definition.triggers.get("endpoint", {}).get("parameters")
    if not raw:
        return items
    declared = parameters.declared(raw)
    found, wrong = [], []
    for position, item in enumerate(items, 1):
        values, bad = parameters.read(declared, item, timezone=timezone)
        found.append(values)
        wrong += [f"item {position}: parameter “{b.parameter}” {b.message}" for b in bad]
    if wrong:
        more = f"; and {len(wrong) - MOST_NAMED:,} more" if len(wrong) > MOST_NAMED else ""
        raise StepFailed(f"{'; '.join(wrong[:MOST_NAMED])}{more}. Nothing was planned")
    return found


def _fill_part(batch_id: str) -> int:
    first = select(func.min(BATCH_PART.c.number)).where(BATCH_PART.c.batch_id == batch_id)
    with write_connection(is_flushed=False) as connection:
        query = select(BATCH).where(BATCH.c.id == batch_id, BATCH.c.state != "cancelled")
        batch = connection.execute(query.with_for_update()).one_or_none()
        if batch is None:
            return 0
        mine = BATCH_PART.c.batch_id == batch_id, BATCH_PART.c.number == first.scalar_subquery()
        columns = BATCH_PART.c.first, BATCH_PART.c.given
        part = connection.execute(delete(BATCH_PART).where(*mine).returning(*columns)).one_or_none()
        if part is None:
            return 0
        rows = [_run_of(batch, part.first + offset, item) for offset, item in enumerate(part.given)]
        connection.execute(insert(RUN), rows)
        fewer = {"unfilled": BATCH.c.unfilled - len(rows)}
        connection.execute(update(BATCH).where(BATCH.c.id == batch_id).values(**fewer))
    return len(rows)


def _run_of(batch: Row[Any], index: int, values: Mapping[str, Any]) -> dict[str, Any]:
    """What is written of one item's run: it stands in line in its batch."""
    path = f"{batch.path}/{index}" if batch.path else None
    starter = children.Starter.of_batch(batch)
    row = children.row_of(
        starter, path, batch.workflow_id, batch.version_id, values, is_planned=True
    )
    due_at = batch.starts_at + timedelta(seconds=index * (batch.interval or 0))
    return {**row, **turns.IN_LINE, "batch_id": batch.id, "batch_index": index, "due_at": due_at}


def _go_on(batch: Row[Any]) -> None:
    if batch.state == "cancelled":
        take_back(batch.id)
    elif batch.state == "running":
        if batch.unfilled:
            fill(batch.id)
        else:
            _release_if_due(batch.id)
    with read_connection() as connection:
        is_unfinished = turns.is_unfinished(connection, batch.id)
    if not is_unfinished:
        finish(batch.id)


def _release_if_due(batch_id: str) -> int:
    """Let some go if some are due: without a transaction while none is."""
    with read_connection() as connection:
        due = select(select(RUN.c.id).where(*turns.due(batch_id)).exists())
        if not connection.execute(due).scalar_one():
            return 0
    return release(batch_id)


def _take_back_some(batch_id: str) -> int:
    with write_connection(is_flushed=False) as connection:
        some = select(RUN.c.id).where(RUN.c.batch_id == batch_id, *planned.NOT_BEGUN)
        some = some.limit(MOST_AT_ONCE)
        some = some.with_for_update(skip_locked=True)
        return planned.cancel_all(connection, list(connection.execute(some).scalars()))


def _follow(connection: Connection, batch: Row[Any], counts: dict[str, int]) -> Run | None:
    """The run that was to follow the batch, written with its end."""
    if not batch.when_finished:
        return None
    try:
        workflow_id, version_id, definition = children.version_of(
            connection, batch, batch.when_finished
        )
        name = children.name_of(connection, batch.workflow_id)
        ended = {key: counts[key] for key in ENDED}
        said = {"batch_id": batch.id, "workflow": name, "total": batch.total, **ended}
        order = StartRun(batch.when_finished, said, wait=False)
        values = children.checked(definition, order, batch.timezone)
    except StepFailed as refused:
        counts["problem"] = refused.message  # type: ignore[assignment]
        log.warning("what follows batch %s was not started: %s", batch.id, refused.message)
        return None
    path = f"{batch.path}#finished" if batch.path else None
    starter = children.Starter.of_batch(batch)
    row = children.row_of(starter, path, workflow_id, version_id, values, is_planned=True)
    row["origin_key"] = f"batch:{batch.id}"
    connection.execute(insert(RUN).values(row))
    return Run(**row)
