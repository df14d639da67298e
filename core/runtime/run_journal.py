"""A run's journal as its pages read it: of long runs only what is new, of many rows only some."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func, or_

from core.engine import crashes, traces
from core.engine.traces import Traces
from core.runtime.large_values import LargeValues
from core.storage.db import db
from core.storage.run import Segment, StepRun, Wait

LONG_JOURNAL = 2000  # paths; shorter journals are read anew each time
MOST_KEPT = 4


@dataclass(slots=True)
class _Kept:
    """A long journal in memory, read up to a segment; whoever looks at it holds the lock."""

    traces: Traces = field(default_factory=Traces)
    seq: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


_kept: OrderedDict[str, _Kept] = OrderedDict()
_keeping = threading.Lock()


@contextmanager
def journal_of(run_id: str) -> Iterator[Traces]:
    """Everything the run has written down so far; for the block alone."""
    kept = _kept.get(run_id) or _Kept()
    with kept.lock:
        _read_on(run_id, kept)
        if len(kept.traces.steps) > LONG_JOURNAL:
            _keep(run_id, kept)
        yield kept.traces


def _read_on(run_id: str, kept: _Kept) -> None:
    query = db.select(Segment.seq, Segment.at, Segment.entries)
    query = query.where(Segment.run_id == run_id, Segment.seq > kept.seq).order_by(Segment.seq)
    large = LargeValues(run_id)
    for seq, at, entries in db.session.execute(query).all():
        whole = large.read(db.session.connection(), entries)
        traces.read_on(kept.traces, at, whole)
        kept.seq = seq


def _keep(run_id: str, kept: _Kept) -> None:
    with _keeping:
        _kept[run_id] = kept
        _kept.move_to_end(run_id)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)


class StepRows:
    """The step runs of a run: those outside of loops and those under way, others when asked."""

    def __init__(self, run_id: str, rows: Iterable[StepRun]) -> None:
        self.run_id = run_id
        self._rows = {row.path: row for row in rows}

    @classmethod
    def of(cls, run_id: str) -> "StepRows":
        """Read what every page needs."""
        query = db.select(StepRun).where(StepRun.run_id == run_id, needed_always())
        return cls(run_id, db.session.scalars(query.order_by(StepRun.round)))

    def __contains__(self, path: str) -> bool:
        return path in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def get(self, path: str) -> StepRun | None:
        """The row of the newest round at that path, if it has been fetched."""
        return self._rows.get(path)

    def fetch(self, paths: Sequence[str]) -> None:
        """Read the rows of some turns."""
        missing = [path for path in paths if path not in self._rows]
        if not missing:
            return
        query = db.select(StepRun).where(StepRun.run_id == self.run_id, StepRun.path.in_(missing))
        for row in db.session.scalars(query.order_by(StepRun.round)):
            self._rows[row.path] = row


def needed_always() -> ColumnElement[bool]:
    """Rows outside of loops, and of effects that are under way."""
    return or_(~StepRun.path.contains("/"), StepRun.state.in_(("started", "unknown")))


def failure_counts(journals: Mapping[str, Traces]) -> dict[str, int]:
    """How many failures each run has had, counted where they happened; without those retried."""
    failed = StepRun.run_id.in_(list(journals)), StepRun.state == "failed"
    query = db.select(StepRun.run_id, func.count()).where(*failed).group_by(StepRun.run_id)
    counts = {run_id: count for run_id, count in db.session.execute(query)}
    for run_id in [run_id for run_id in counts if journals[run_id].open_since]:
        rows = db.select(StepRun.path, StepRun.round).where(*failed, StepRun.run_id == run_id)
        since = journals[run_id].open_since
        found = db.session.execute(rows).all()
        counts[run_id] = sum(round >= since.get(path, 0) for path, round in found)
    return counts


def all_waits(run_id: str) -> Sequence[Wait]:
    """Whatever the run has waited for, of all rounds."""
    return db.session.scalars(db.select(Wait).where(Wait.run_id == run_id)).all()


def newest(waits: Iterable[Wait]) -> dict[str, Wait]:
    """The waits of the newest round by the path of their step, an open one before others."""
    ordered = sorted(waits, key=lambda row: (row.round, row.answered_at is None))
    return {crashes.asked_path(row.path): row for row in ordered}
