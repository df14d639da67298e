"""Bulk actions: cancel many runs, run them again, or retry them, whoever dies in the middle.

The runs are written down first; what becomes of one is noted in the transaction that does it. So
another process goes on where one died, and nothing is done twice. New runs are let go a few at a
time, so that calls find no crowd before them.
"""

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from secrets import token_hex
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, or_, select, update

from core import clock, config
from core.engine.states import Line, RunState
from core.runtime import bulk_kinds, bulk_windows, cancelling, holding
from core.runtime.bulk_kinds import Portion, Result
from core.runtime.run_filter import RunFilter
from core.storage.bulk_action import BulkAction, BulkItem
from core.storage.columns import new_id
from core.storage.db import UNAVAILABLE, db, read_connection, transaction, write_connection
from core.storage.run import Run

MOST = 100_000  # runs of one bulk action
MOST_CHOSEN = 1_000  # runs named one by one
GATHERED = 1_000  # runs written down in one transaction
PORTION = 50  # runs that one transaction changes
MOST_IN_LINE = 200  # new or retried runs of an action that no worker has taken yet
WATCHED = 2_000  # of its latest runs, when those in line are counted
SHARE_SECONDS = 0.5  # of each second
MOST_REASONS = 50
OTHER = "for other reasons"
WRITTEN: Mapping[str, Any] = {name: bindparam(name) for name in ("state", "reason", "new_run_id")}
ACTION, ITEM, RUN = BulkAction.__table__, BulkItem.__table__, Run.__table__
log = logging.getLogger(__name__)


class RunsMissing(Exception):
    """Some of the chosen runs are not in the workspace, or not any more."""


class TooMany(Exception):
    """More runs than a bulk action takes; the message says how many it takes."""


def begin_chosen(
    workspace_id: int, kind: str, ids: Sequence[str], *, by: str, on_published: bool = False
) -> str:
    """Write down a bulk action on these runs; raises RunsMissing and TooMany; returns its id."""
    ids = sorted(set(ids))
    if len(ids) > MOST_CHOSEN:
        raise TooMany(f"at most {MOST_CHOSEN:,} runs can be chosen one by one")
    action = _new(workspace_id, kind, by, on_published)
    with write_connection() as connection:
        here = RUN.c.id.in_(ids), RUN.c.workspace_id == workspace_id
        if not ids or len(connection.execute(select(RUN.c.id).where(*here)).all()) < len(ids):
            raise RunsMissing
        words = "1 chosen run" if len(ids) == 1 else f"{len(ids):,} chosen runs"
        action |= {"state": "running", "total": len(ids), "words": words}
        connection.execute(insert(ACTION).values(action))
        _write_items(connection, action["id"], ids)
    return str(action["id"])


def begin_matching(
    workspace_id: int,
    kind: str,
    wanted: RunFilter,
    *,
    by: str,
    words: str = "",
    on_published: bool = False,
) -> str:
    """Write down a bulk action on all runs that fit now; what comes later is not meant."""
    action = _new(workspace_id, kind, by, on_published)
    action |= {"state": "gathering", "wanted": asdict(wanted.fixed()), "words": words}
    with write_connection() as connection:
        connection.execute(insert(ACTION).values(action))
    return str(action["id"])


def stop(workspace_id: int, action_id: str, *, by: str) -> bool:
    """Leave the rest as it is; False if it had ended."""
    mine = ACTION.c.id == action_id, ACTION.c.workspace_id == workspace_id
    still = ACTION.c.state.in_(("gathering", "running"))
    with write_connection() as connection:
        moved = update(ACTION).where(*mine, still).values(state="stopped", stopped_by=by)
        is_stopped = connection.execute(moved).rowcount == 1
    _end(action_id)
    return is_stopped


def sweep() -> None:
    """Go on with every bulk action, for a part of a second."""
    with read_connection() as connection:
        query = select(ACTION.c.id).where(ACTION.c.ended_at.is_(None)).order_by(ACTION.c.id)
        ids = list(connection.execute(query).scalars())
    for action_id in ids:
        try:
            go_on(action_id, seconds=SHARE_SECONDS / len(ids))
        except UNAVAILABLE:
            raise
        except Exception:
            log.exception("bulk action %s goes on in a second", action_id)


def go_on(action_id: str, *, seconds: float = SHARE_SECONDS) -> None:
    """Do some of it: until the time is over, nothing is left, or enough runs are in line."""
    if holding.is_on():
        return
    until = time.monotonic() + seconds
    while _gather(action_id) and time.monotonic() < until:
        pass
    while _do_portion(action_id) and time.monotonic() < until:
        pass
    _follow_cancelled(action_id)
    _end(action_id)


def forget_old() -> None:
    """Forget which runs those that ended long ago were about; their counts stay."""
    before = clock.now() - config.current().keep_failed_runs
    old = select(ACTION.c.id).where(ACTION.c.ended_at < before).order_by(ACTION.c.ended_at)
    with read_connection() as connection:
        remembered = select(ITEM.c.run_id).where(ITEM.c.action_id == ACTION.c.id).exists()
        found = connection.execute(old.where(remembered).limit(1)).scalar_one_or_none()
    if found is None:
        return
    some = select(ITEM.c.run_id).where(ITEM.c.action_id == found).limit(GATHERED)
    with write_connection(is_flushed=False) as connection:
        mine = ITEM.c.action_id == found, ITEM.c.run_id.in_(some)
        connection.execute(delete(ITEM).where(*mine))


def _new(workspace_id: int, kind: str, by: str, on_published: bool) -> dict[str, Any]:
    if kind not in bulk_kinds.KINDS:
        raise ValueError(kind)
    return {
        "id": new_id(),
        "workspace_id": workspace_id,
        "kind": kind,
        "on_published": on_published,
        "gathered": "",
        "total": 0,
        "done": 0,
        "skipped": 0,
        "failed": 0,
        "reasons": {},
        "started_by": by,
        "stopped_by": "",
        "created_at": clock.now(),
    }


def _write_items(connection: Connection, action_id: str, ids: Sequence[str]) -> None:
    rows = [{"action_id": action_id, "run_id": run_id, "state": "waiting"} for run_id in ids]
    connection.execute(insert(ITEM), rows)


def _gather(action_id: str) -> bool:
    """Write down some more of the runs that fit; whether there may be more."""
    gathering = ACTION.c.id == action_id, ACTION.c.state == "gathering"
    with read_connection() as connection:
        action = connection.execute(select(ACTION).where(*gathering)).one_or_none()
        if action is None:
            return False
        room = min(GATHERED, MOST - action.total)
        ids, end = _fitting(connection, action, room)
    is_over = end is None and len(ids) < GATHERED
    values = {
        "state": "running" if is_over or len(ids) + action.total >= MOST else "gathering",
        "gathered": ids[-1] if len(ids) == room else (end or action.gathered),
        "total": action.total + len(ids),
    }
    with write_connection() as connection:
        unmoved = *gathering, ACTION.c.gathered == action.gathered
        moved = connection.execute(update(ACTION).where(*unmoved).values(**values))
        if moved.rowcount == 1 and ids:
            _write_items(connection, action_id, ids)
    return not is_over


def _fitting(
    connection: Connection, action: Row[Any], room: int
) -> tuple[Sequence[str], str | None]:
    """The next runs that fit, and how far was looked; None: to the end."""
    where = action.workspace_id, RunFilter(**action.wanted)
    end = bulk_windows.end_of_piece(connection, *where, action.gathered)
    fit = bulk_windows.within(*where, action.gathered, end)
    query = select(RUN.c.id).where(*fit).order_by(RUN.c.id).limit(room)
    return list(connection.execute(query).scalars()), end


def _do_portion(action_id: str) -> bool:
    """Do it to some runs; whether there may be more to do at once."""
    with read_connection() as connection:
        mine = ACTION.c.id == action_id, ACTION.c.state == "running"
        action = connection.execute(select(ACTION).where(*mine)).one_or_none()
        if action is None:
            return False
        ids = _next(connection, action)
    if not ids:
        return False
    try:
        return _do(action, ids)
    except UNAVAILABLE:
        raise
    except Exception:
        log.warning("bulk action %s goes on run by run", action_id, exc_info=True)
        for run_id in ids:
            _do_alone(action, run_id)
    return True


def _next(connection: Connection, action: Row[Any]) -> list[str]:
    """The runs whose turn it is: the oldest first, of those to cancel the newest."""
    room = PORTION
    order = ITEM.c.run_id
    if action.kind == "cancel":
        order = ITEM.c.run_id.desc()
    else:
        room = min(PORTION, MOST_IN_LINE - _in_line(connection, action.id))
    waiting = ITEM.c.action_id == action.id, ITEM.c.state == "waiting"
    query = select(ITEM.c.run_id).where(*waiting).order_by(order).limit(max(room, 0))
    return list(connection.execute(query).scalars())


def _in_line(connection: Connection, action_id: str) -> int:
    """How many of the runs that it started or took up wait for a worker or for a place."""
    going = func.coalesce(ITEM.c.new_run_id, ITEM.c.run_id).label("run_id")
    done = select(going).where(ITEM.c.action_id == action_id, ITEM.c.state == "done")
    latest = done.order_by(ITEM.c.run_id.desc()).limit(WATCHED).subquery()
    waits = or_(RUN.c.state == RunState.QUEUED, RUN.c.line == Line.LIMIT)
    query = select(func.count()).select_from(latest).join(RUN, RUN.c.id == latest.c.run_id)
    return int(connection.execute(query.where(waits)).scalar_one())


def _do(action: Row[Any], ids: Sequence[str]) -> bool:
    """Do it to these runs and note what became of them, together; then tell.

    False if another process goes on with them.
    """
    with read_connection() as connection:
        found = bulk_kinds.by_id(connection, ids, locked=False)
    prepared = {run_id: bulk_kinds.prepare(action, found.get(run_id)) for run_id in ids}
    portion = Portion.of(len(ids))
    with transaction() as session:
        connection = session.connection()
        ids = _lock(connection, action.id, ids)
        if not ids:
            return False
        locked = bulk_kinds.by_id(connection, ids, locked=True)
        results = {
            run_id: bulk_kinds.act(
                connection, action, locked.get(run_id), prepared[run_id], portion
            )
            for run_id in ids
        }
        portion.write(connection)
        if action.kind == "cancel":
            results = _with_awaited(connection, results)
        _note(connection, action.id, results)
    portion.tell()
    return True


def _lock(connection: Connection, action_id: str, ids: Sequence[str]) -> list[str]:
    """Those of these runs that are still to be done, while no other process goes on with them."""
    running = ACTION.c.id == action_id, ACTION.c.state == "running"
    query = select(ACTION.c.id).where(*running).with_for_update(skip_locked=True)
    if connection.execute(query).one_or_none() is None:
        return []
    mine = ITEM.c.action_id == action_id, ITEM.c.run_id.in_(ids), ITEM.c.state == "waiting"
    still = set(connection.execute(select(ITEM.c.run_id).where(*mine)).scalars())
    return [run_id for run_id in ids if run_id in still]


def _with_awaited(connection: Connection, results: Mapping[str, Result]) -> dict[str, Result]:
    """Those that wait for other runs are done once these are cancelled, too."""
    cancelled = [run_id for run_id, result in results.items() if result.state == "done"]
    parents = bulk_kinds.waiting_for_others(connection, cancelled)
    return {**results, **{run_id: Result("asked") for run_id in parents}}


def _note(connection: Connection, action_id: str, results: Mapping[str, Result]) -> None:
    """Write what became of these runs, and count it; the action's row is locked."""
    if not results:
        return
    mine = ITEM.c.action_id == action_id, ITEM.c.run_id == bindparam("of")
    rows = [{"of": run_id, **asdict(result)} for run_id, result in results.items()]
    connection.execute(update(ITEM).where(*mine).values(WRITTEN), rows)
    states = Counter(result.state for result in results.values())
    columns = ACTION.c.done, ACTION.c.skipped, ACTION.c.failed, ACTION.c.reasons
    mine = ACTION.c.id == action_id
    row = connection.execute(select(*columns).where(mine)).one()
    counted = {name: getattr(row, name) + states[name] for name in ("done", "skipped", "failed")}
    reasons = _counted(row.reasons or {}, results.values())
    connection.execute(update(ACTION).where(mine).values(**counted, reasons=reasons))


def _counted(reasons: Mapping[str, int], results: Any) -> dict[str, int]:
    found = dict(reasons)
    for result in results:
        if result.reason is not None:
            known = result.reason in found or len(found) < MOST_REASONS
            key = result.reason if known else OTHER
            found[key] = found.get(key, 0) + 1
    return found


def _do_alone(action: Row[Any], run_id: str) -> None:
    """One run by itself, so that a mistake of ours with it stops no other."""
    try:
        _do(action, [run_id])
    except UNAVAILABLE:
        raise
    except Exception:
        reference = token_hex(4)
        log.exception("bulk action %s, run %s (%s)", action.id, run_id, reference)
        reason = f"internal error; the log says more under {reference}"
        with write_connection() as connection:
            still = _lock(connection, action.id, [run_id])
            _note(connection, action.id, {one: Result("failed", reason) for one in still})


def _follow_cancelled(action_id: str) -> None:
    """Cancel what the cancelled runs were waiting for; then they are done."""
    asked = ITEM.c.action_id == action_id, ITEM.c.state == "asked"
    with read_connection() as connection:
        ids = list(connection.execute(select(ITEM.c.run_id).where(*asked)).scalars())
    for run_id in ids:
        cancelling.cancel_awaited(run_id)
        with write_connection() as connection:
            mine = ITEM.c.run_id == run_id
            moved = connection.execute(update(ITEM).where(*asked, mine).values(state="done"))
            more = {"done": ACTION.c.done + moved.rowcount}
            connection.execute(update(ACTION).where(ACTION.c.id == action_id).values(**more))


def _end(action_id: str) -> None:
    """End an action of which nothing is left to do."""
    left = {"running": ("waiting", "asked"), "stopped": ("asked",)}
    for state, open_states in left.items():
        mine = ACTION.c.id == action_id, ACTION.c.state == state, ACTION.c.ended_at.is_(None)
        is_open = ITEM.c.action_id == action_id, ITEM.c.state.in_(open_states)
        with read_connection() as connection:
            rest = select(ITEM.c.run_id).where(*is_open).exists()
            if connection.execute(select(ACTION.c.id).where(*mine, ~rest)).one_or_none() is None:
                continue
        ended = {"ended_at": clock.now(), "state": "done" if state == "running" else "stopped"}
        with write_connection() as connection:
            connection.execute(update(ACTION).where(*mine, ~rest).values(**ended))


def as_known(action_id: str) -> BulkAction:
    """The action as the database has it now."""
    db.session.rollback()
    return db.session.get_one(BulkAction, action_id, populate_existing=True)
