"""Finding runs in bounded time: along an index, newest first, in pieces, until time is up.

What an index answers is found at once, however many runs there are. What lies in the rows, such as
a text, is looked for among those that the narrowest index names; how far that went is told.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, select, union_all

from core import clock
from core.runtime.run_filter import Conditions, RunFilter
from core.storage.db import db
from core.storage.run import Run
from core.storage.run_counts import moment_of

SECONDS = 0.15  # of looking, for one page
FIRST_PIECE = 250  # runs: some inputs are large
LARGEST_PIECE = 100_000
GROWTH = 8
COMPARED = 5_000  # runs: of two indexes that name more, either will do
COUNTED = 10_000
COUNTED_IN_ROWS = 2_000  # runs that must be read to know whether they fit
RUN = Run.__table__


@dataclass(frozen=True, slots=True)
class Found:
    """Ids of a page, and where to look for what is older."""

    ids: Sequence[str]
    older: str = ""  # the next page has what is older than this; nothing: there is no older one
    looked: int = 0  # runs, if time was up before the page was full

    @property
    def back_to(self) -> datetime:
        """How far back was looked, if time was up."""
        return moment_of(self.older)


@dataclass(frozen=True, slots=True)
class Count:
    """How many runs there are, or at least so many."""

    number: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """Runs that stand together in an index: those that fulfil any of these sets of conditions."""

    heads: Sequence[Conditions]
    rest: RunFilter  # what the index does not answer

    def newest(self, before: str, size: int, *columns: str) -> Select[Any]:
        """So many of them, the newest that are older than `before`."""
        older = (RUN.c.id < before,) if before else ()
        wanted = [RUN.c[name] for name in ("id", *columns)]
        parts = [
            select(*wanted).where(*head, *older).order_by(RUN.c.id.desc()).limit(size)
            for head in self.heads
        ]
        if len(parts) == 1:
            return parts[0]
        every = union_all(*(select(part.subquery()) for part in parts)).subquery()
        return select(every).order_by(every.c.id.desc()).limit(size)

    def piece(self, before: str, size: int, limit: int) -> list[str]:
        """Those among the next so many that fulfil the rest."""
        if not self.rest.columns:
            return list(db.session.scalars(self.newest(before, min(size, limit))))
        looked = self.newest(before, size, *self.rest.columns).subquery("looked")
        query = select(looked.c.id).where(*self.rest.row_conditions(looked.c))
        return list(db.session.scalars(query.order_by(looked.c.id.desc()).limit(limit)))

    def last(self, before: str, size: int) -> str | None:
        """The last of the next so many; None if there are fewer."""
        ids = self.newest(before, size).subquery()
        return db.session.scalar(select(ids.c.id).order_by(ids.c.id.desc()).offset(size - 1))

    def size(self, before: str, most: int) -> int:
        """How many they are, counted up to so many."""
        ids = self.newest(before, most).subquery()
        return db.session.scalar(select(func.count()).select_from(ids)) or 0


def search(workspace_id: int, wanted: RunFilter, before: str, limit: int) -> Found:
    """The newest runs that fit and are older than `before`, as far as there is time to look."""
    lane = narrowest(workspace_id, wanted, before)
    deadline = time.perf_counter() + SECONDS
    ids: list[str] = []
    looked, place, size = 0, before, FIRST_PIECE
    while True:
        began = time.perf_counter()
        ids += lane.piece(place, size, limit + 1 - len(ids))
        if len(ids) > limit:
            return Found(ids[:limit], older=ids[limit - 1])
        if not lane.rest.columns and size > limit:
            return Found(ids)  # all that the index named fitted, and they were fewer than a page
        last = lane.last(place, size)
        if last is None:
            return Found(ids)
        looked, place, now = looked + size, last, time.perf_counter()
        if now >= deadline:
            return Found(ids, older=last, looked=looked)
        in_time = int(size * (deadline - now) / (now - began))
        size = max(FIRST_PIECE, min(size * GROWTH, in_time, LARGEST_PIECE))


def count(workspace_id: int, wanted: RunFilter) -> Count:
    """How many runs fit, as far as that is cheap to tell."""
    lane = narrowest(workspace_id, wanted, "")
    if not lane.rest.columns:
        size = lane.size("", COUNTED + 1)
        return Count(min(size, COUNTED), size <= COUNTED)
    looked = lane.newest("", COUNTED_IN_ROWS, *lane.rest.columns).subquery("looked")
    fits = case((and_(*lane.rest.row_conditions(looked.c)), 1))
    both = db.session.execute(select(func.count(), func.count(fits)).select_from(looked)).one()
    return Count(both[1], both[0] < COUNTED_IN_ROWS)


def narrowest(workspace_id: int, wanted: RunFilter, before: str) -> Lane:
    """The index to walk along: that which names the fewest runs."""
    lanes = list(_lanes(workspace_id, wanted, clock.now()))
    if len(lanes) == 1:
        return lanes[0]
    return min(lanes, key=lambda lane: lane.size(before, COMPARED))


def _lanes(workspace_id: int, wanted: RunFilter, now: datetime) -> Iterator[Lane]:
    mine = RUN.c.workspace_id == workspace_id
    when = wanted.time_conditions(now)
    rest = replace(wanted, period="", begin="", end="")
    if wanted.reason:
        head = [mine, RUN.c.reason == wanted.reason, *when]
        yield Lane([head], replace(rest, reason=""))
    if wanted.state:
        heads = [[mine, RUN.c.state == state, *when] for state in wanted.states]
        yield Lane(heads, replace(rest, state=""))
    if wanted.workflow_id is not None:
        head = [RUN.c.workflow_id == wanted.workflow_id, *when]
        yield Lane([head], replace(rest, workflow_id=None))
    if not (wanted.reason or wanted.state or wanted.workflow_id):
        yield Lane([[mine, *when]], rest)
