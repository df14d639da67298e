"""The places of a workflow: at most N of its runs go at a time, for each of what they are about.

A run that shares places has a `limit_key`. It takes a place when it is let in, holds it while it
sleeps, too, and gives it to the next in line in the transaction of its own end: the count of those
who hold one never grows by that. A workflow without a limit pays for none of this.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, or_, select, update

from core.engine.expressions import ExpressionError, resolve
from core.engine.states import FINAL, Line, Reason, RunState
from core.runtime import definitions
from core.storage.columns import database_now
from core.storage.run import Run

LONGEST_KEY = 120  # characters
RUN = Run.__table__
IN_LINE: Mapping[str, Any] = {
    "state": RunState.WAITING,
    "reason": Reason.LIMIT,
    "line": Line.LIMIT,
}
LET_IN: Mapping[str, Any] = {"state": RunState.QUEUED, "reason": None, "line": None}


@dataclass(frozen=True, slots=True)
class Limit:
    """How many runs of a workflow may go at a time, and what becomes of one too many."""

    most: int
    per: str | None = None
    when_full: str = "queue"  # queue | skip | replace

    @classmethod
    def of_version(cls, version_id: int) -> "Limit | None":
        """The limit of a version; none: as many as come."""
        given = definitions.of_version(version_id).settings.get("concurrency")
        if not given:
            return None
        return cls(int(given["limit"]), given.get("per"), given.get("when_full", "queue"))


def entering(
    version_id: int, mode: str, make_scope: Callable[[], Mapping[str, Any]]
) -> dict[str, Any]:
    """What is written of a new run's place: it begins in line, if its workflow has a limit."""
    limit = Limit.of_version(version_id)
    if limit is None:
        return {"limit_key": None, "line": None}
    return {**IN_LINE, "limit_key": key_of(limit, mode, make_scope)}


def key_of(limit: Limit, mode: str, make_scope: Callable[[], Mapping[str, Any]]) -> str:
    """With whom a run shares its places; tests share none with what is live."""
    text = ""
    if limit.per:
        try:
            text = written(resolve(limit.per, make_scope()))
        except ExpressionError:
            text = ""  # what it is about can't be told, so it shares with others like it
    return f"{mode}:{text}"


def written(value: Any) -> str:
    """A value as a key that people can read; long ones differ by their end."""
    if value is None:
        return ""
    raw = value if isinstance(value, str) else orjson.dumps(value).decode()
    text = raw.replace("\0", "")
    if len(text) <= LONGEST_KEY and text == raw:
        return text
    return f"{text[:LONGEST_KEY]}…{hashlib.sha256(raw.encode()).hexdigest()[:16]}"


def about(limit_key: str) -> str:
    """What the runs that share places are about, for pages; empty if for all of a workflow."""
    return limit_key.partition(":")[2]


def said(run: Any) -> str:
    """Why a run is as it is, where its place or its turn says it: “In line: at most 2 …”."""
    if run.line == Line.BATCH:
        return "In line for its turn in its batch"
    if run.line == Line.LIMIT:
        return f"In line: {_most(run)}"
    if run.limit_key is None:
        return ""
    if run.state == RunState.CANCELLED and run.reason == Reason.LIMIT:
        return f"A newer run took its place: {_most(run)}"
    if run.reason == Reason.NOT_RUN:
        return f"Not run, because others were going: {_most(run)}"
    return ""


def _most(run: Any) -> str:
    limit = Limit.of_version(run.version_id)
    most = f"at most {limit.most:,} at a time" if limit else "a limited number at a time"
    name = about(run.limit_key or "")
    return f"{most} for “{name}”" if name else most


def onward() -> dict[str, Any]:
    """What is written of runs that go on: to a worker, or before they begin in line for a place."""
    waits = and_(RUN.c.limit_key.is_not(None), RUN.c.started_at.is_(None))
    return {
        "state": case((waits, RunState.WAITING), else_=RunState.QUEUED),
        "reason": case((waits, Reason.LIMIT), else_=None),
        "line": case((waits, Line.LIMIT), else_=None),
        "wake_at": None,
        "rung_at": database_now(),
    }


def sharing(workflow_id: int, limit_key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The runs that share those places."""
    return RUN.c.workflow_id == workflow_id, RUN.c.limit_key == limit_key


def holding() -> ColumnElement[bool]:
    """Of those that share places, the ones that hold one."""
    asleep = and_(RUN.c.started_at.is_not(None), RUN.c.line.is_(None))
    return or_(
        RUN.c.state.in_((RunState.QUEUED, RunState.RUNNING)),
        and_(RUN.c.state == RunState.WAITING, asleep),
    )


def held_count(connection: Connection, workflow_id: int, limit_key: str) -> int:
    """How many of these places are taken."""
    mine = sharing(workflow_id, limit_key)
    return connection.execute(select(func.count()).where(*mine, holding())).scalar_one()


def newcomers_limit(connection: Connection, workflow_id: int, limit_key: str) -> Limit | None:
    """The limit of the newest in line of those who stand there for the first time."""
    mine = *sharing(workflow_id, limit_key), RUN.c.line == Line.LIMIT, RUN.c.round == 1
    newest = select(RUN.c.version_id).where(*mine).order_by(RUN.c.id.desc()).limit(1)
    version_id = connection.execute(newest).scalar_one_or_none()
    return None if version_id is None else Limit.of_version(version_id)


def next_in_line(
    connection: Connection, workflow_id: int, limit_key: str, most: int
) -> Sequence[Row[Any]]:
    """The rows of those whose turn it is, locked: the oldest first.

    What a person has taken up again waits however full it is; newcomers that don't wait go first.
    """
    limit = newcomers_limit(connection, workflow_id, limit_key)
    is_impatient = limit is not None and limit.when_full != "queue"
    order = (RUN.c.round > 1, RUN.c.id) if is_impatient else (RUN.c.id,)
    mine = *sharing(workflow_id, limit_key), RUN.c.line == Line.LIMIT
    query = select(RUN).where(*mine).order_by(*order).limit(most)
    return connection.execute(query.with_for_update(skip_locked=True)).all()


def pass_on(connection: Connection, run: Row[Any]) -> str | None:
    """Give the place of a run that ends here to the next in line; returns who got it."""
    if run.limit_key is None or not _held(run):
        return None
    following = next(iter(next_in_line(connection, *_key(run), 1)), None)
    if following is None:
        return None
    limit = Limit.of_version(following.version_id)
    # The limit may be lower than it was for those who went before: then nobody follows yet.
    if limit is not None and held_count(connection, *_key(run)) >= limit.most:
        return None
    values = {**LET_IN, "rung_at": database_now()}
    connection.execute(update(RUN).where(RUN.c.id == following.id).values(**values))
    return str(following.id)


def _held(run: Row[Any]) -> bool:
    if run.state in FINAL or run.line is not None:
        return False
    return run.state != RunState.WAITING or run.started_at is not None


def _key(run: Row[Any]) -> tuple[int, str]:
    return run.workflow_id, run.limit_key
