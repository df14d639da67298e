"""A held run's journal: buffers what the machine tells and commits it before anything leaves.

The rule (J1): nothing leaves the process before everything it was computed from is committed, in
that commit or an earlier one.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, bindparam, insert, select, update

from core import clock
from core.engine import entries
from core.engine.answers import TIMED_OUT
from core.engine.entries import Entry
from core.engine.errors import RunCancelled, StateConflict
from core.engine.outcomes import Done
from core.engine.requests import Pause, Perform
from core.engine.restore import History, StepRecord, WaitRecord, restore
from core.engine.states import FINAL, RunState
from core.engine.step_type import ASK
from core.runtime.large_values import LARGE, LargeValues
from core.runtime.leases import Claim
from core.storage.columns import database_now
from core.storage.db import insert_missing, read_connection, upsert_all, write_connection
from core.storage.run import Run, Segment, StepRun, Wait

FLUSH_AFTER = 0.05  # seconds
FLUSH_ENTRIES = 2500  # of light steps: some 160 KB, less than a large segment
FEW_ENTRIES = 100  # so few are looked at one by one for large values,
LARGE_SEGMENT = 256 * 1024  # bytes; more only when they are that large together
RUN, SEGMENT, STEP_RUN, WAIT = (
    Run.__table__,
    Segment.__table__,
    StepRun.__table__,
    Wait.__table__,
)
GUARD = update(RUN).where(
    RUN.c.id == bindparam("held"),
    RUN.c.fence == bindparam("held_fence"),
    RUN.c.state == RunState.RUNNING,
    RUN.c.cancel_requested_at.is_(None),
)
GUARD_ENDING = GUARD.values(finished_at=database_now())
ADD_SEGMENT = insert(SEGMENT)
READ_SEGMENTS = select(SEGMENT.c.entries).where(SEGMENT.c.run_id == bindparam("run"))
READ_STEPS, READ_WAITS = (
    select(table).where(table.c.run_id == bindparam("run"), table.c.round == bindparam("round"))
    for table in (STEP_RUN, WAIT)
)
READ_EARLIER = (
    select(STEP_RUN)
    .where(STEP_RUN.c.run_id == bindparam("run"), STEP_RUN.c.round < bindparam("round"))
    .order_by(STEP_RUN.c.round)
)
KEPT = ("started_at",)  # of a step run that is written again
Result = TypeVar("Result")


class RunJournal:
    """The journal of one claim; every commit carries its fence and moves its sequence on."""

    def __init__(
        self,
        claim: Claim,
        spent: Callable[[], Mapping[str, Any]],
        step_aside: Callable[[], None] = lambda: None,
    ) -> None:
        self.run_id: str = claim.row.id
        self.round: int = claim.row.round
        self.fence = claim.fence
        self.now = claim.now
        self._seq: int = claim.row.seq
        self._spent = spent
        self._step_aside = step_aside  # for others, before each commit
        self._entries: list[Entry] = []
        self._lines: deque[Entry] = deque()  # of steps' logs, which may write from other threads
        self._rows: dict[str, dict[str, Any]] = {}
        self._buffered_at: float | None = None
        self._large = LargeValues(self.run_id)
        self.has_got_on = False  # an effect of this claim is done

    def add(self, *added: Entry) -> None:
        """Keep entries for the next commit, which comes soon even if nothing leaves."""
        now = time.monotonic()
        if self._buffered_at is None:
            self._buffered_at = now
        self.add_last(*added)
        if len(self._entries) >= FLUSH_ENTRIES or now - self._buffered_at > FLUSH_AFTER:
            self.flush()

    def add_last(self, *added: Entry) -> None:
        """Keep entries for a commit that closes the run, perhaps against its holder's will."""
        if self._lines:
            self._take_lines()
        self._entries.extend(added)

    def failed(self, perform: Perform, error: Mapping[str, Any]) -> None:
        """Keep a step's final failure for the next commit."""
        ended = {"state": "failed", "error": dict(error), "finished_at": self.now()}
        self._row(perform, **ended)

    def flush(self) -> None:
        """Commit what is buffered."""
        if self.is_buffering:
            self.commit()

    @property
    def is_buffering(self) -> bool:
        """Whether something waits for the next commit."""
        return bool(self._entries or self._rows or self._lines)

    def log(self, path: str) -> "JournalLog":
        """Where a step writes lines for the author."""
        return JournalLog(self._lines, path, self.now)

    def effects_started(self, performs: Iterable[Perform]) -> None:
        """Commit that outside effects begin, with all they were computed from.

        That one began which nobody may repeat is on the disk before it does.
        """
        is_flushed = False
        for perform in performs:
            self._row(perform, state="started")
            is_flushed = is_flushed or perform.after_crash == ASK
        self.commit(is_flushed=is_flushed)

    def mark(self, perform: Perform, state: str) -> None:
        """Keep how an outside effect ended, or that nobody knows; an output follows as an entry."""
        ended = {} if state == "unknown" else {"finished_at": self.now()}
        self._row(perform, state=state, **ended)

    def inside(self, perform: Perform, act: Callable[[Connection], Result]) -> Result:
        """Do an inside effect in one transaction with its step run and all that is buffered.

        A step that waits for a child has only begun: its outcome is not Done yet.
        """
        result: Result = self.commit(lambda c: self._inside(c, perform, act), deaths=0)
        return result

    def commit(
        self,
        act: Callable[[Connection], Result] | None = None,
        *,
        is_flushed: bool = False,
        **moves: Any,
    ) -> Any:
        """Write everything buffered, then `act`, then `moves` of the run: all or nothing.

        When they end it, its end is dated by the database, as its start was.
        """
        self._step_aside()
        with write_connection(is_flushed=is_flushed) as connection:
            self.write(connection, moves)
            result = act(connection) if act else None
        self.settle()
        return result

    def write(self, connection: Connection, moves: Mapping[str, Any]) -> None:
        """Write everything buffered and `moves`, in somebody's transaction; `settle` follows it.

        Raises StateConflict or RunCancelled before anything is written.
        """
        self._take_lines()
        self._guard(connection, moves)
        if self._entries:
            self._write_segment(connection)
        upsert_all(connection, STEP_RUN, self._rows.values(), kept=KEPT)

    def settle(self) -> None:
        """What was written is committed."""
        self._seq += 1
        self._large.settle()
        self._entries, self._rows, self._buffered_at = [], {}, None

    def sleep(self, pauses: Iterable[Pause], **moves: Any) -> dict[str, Any]:
        """Commit that the run sleeps, unless an answer is already there: then return those."""
        return dict(self.commit(lambda c: self._sleep(c, list(pauses), moves)))

    def close_wait(self, pause: Pause) -> Any:
        """Its time is up: the answer that came before, or from now on none counts."""
        row = {
            "run_id": self.run_id,
            "path": pause.path,
            "round": self.round,
            "kind": pause.kind,
            "wake_at": pause.wake_at,
        }

        def close(connection: Connection) -> Any:
            insert_missing(connection, WAIT, row)
            here = [WAIT.c[key] == row[key] for key in ("run_id", "path", "round")]
            closed = update(WAIT).where(*here, WAIT.c.answered_at.is_(None))
            connection.execute(closed.values(payload=TIMED_OUT, answered_at=self.now()))
            return connection.execute(select(WAIT.c.payload).where(*here)).scalar_one()

        return self.commit(close)

    def leave(self, connection: Connection) -> int:
        """Write what is known to have ended, for a run that is closed now; the run's new `seq`."""
        self._take_lines()
        if self._entries:
            self._write_segment(connection)
        # Those that were to start were refused: they have not begun.
        known = [row for row in self._rows.values() if row["state"] != "started"]
        upsert_all(connection, STEP_RUN, known, kept=KEPT)
        return self._seq + 1

    def load(self) -> History:
        """Everything the run has recorded so far; nothing, if nobody has held it before."""
        return load(self.run_id, self.round, self._large) if self._seq else History()

    def _guard(self, connection: Connection, moves: Mapping[str, Any]) -> None:
        """Only the newest holder of a run that nobody cancelled may write."""
        values = {"seq": self._seq + 1, **self._spent(), **moves}
        if any(row["state"] == "succeeded" for row in self._rows.values()):
            values["deaths"] = 0  # it gets on: whatever killed its holders is past
        self.has_got_on = self.has_got_on or values.get("deaths") == 0
        held = {"held": self.run_id, "held_fence": self.fence}
        guard = GUARD_ENDING if moves.get("state") in FINAL else GUARD
        if connection.execute(guard, {**held, **values}).rowcount == 1:
            return
        query = select(RUN.c.fence, RUN.c.cancel_requested_at).where(RUN.c.id == self.run_id)
        row = connection.execute(query).one_or_none()
        if row is not None and row.fence == self.fence and row.cancel_requested_at:
            raise RunCancelled(f"run {self.run_id} was cancelled")
        raise StateConflict(f"run {self.run_id} is held by another process")

    def _take_lines(self) -> None:
        """What steps have logged until now stands before what follows."""
        while self._lines:
            self._entries.append(self._lines.popleft())

    def _write_segment(self, connection: Connection) -> None:
        seq = self._seq + 1
        content: Any = self._as_written()
        if content is None:
            content = self._large.lighten(self._entries, seq)
            self._large.write(connection)
        values = {
            "run_id": self.run_id,
            "seq": seq,
            "fence": self.fence,
            "at": self.now(),
            "entries": content,
        }
        connection.execute(ADD_SEGMENT, values)

    def _as_written(self) -> bytes | None:
        """The entries as JSON; None if large values are to be looked for in them first."""
        if len(self._entries) > FEW_ENTRIES:
            whole = orjson.dumps(self._entries)
            return whole if len(whole) < LARGE_SEGMENT else None
        written = []
        for entry in self._entries:
            written.append(orjson.dumps(entry))
            if len(written[-1]) > LARGE:
                return None
        return b"[%b]" % b",".join(written)

    def _row(self, perform: Perform, **values: Any) -> None:
        """A step run's row for the next commit; later values win over earlier ones."""
        row = self._rows.setdefault(
            perform.path,
            {
                "run_id": self.run_id,
                "path": perform.path,
                "round": self.round,
                "step_id": perform.step.id,
                "type": perform.step.type,
                "effect_class": perform.step_type.effect,
                "key": perform.key,
                "inputs": dict(perform.inputs),
                "fence": self.fence,
                "started_at": self.now(),
            },
        )
        row.update(attempt=perform.attempt, **values)

    def _inside(
        self, connection: Connection, perform: Perform, act: Callable[[Connection], Result]
    ) -> Result:
        self._row(perform, state="started")
        row = self._rows.pop(perform.path)
        result = act(connection)
        if isinstance(result, Done):
            row.update(state="succeeded", output=result.output, finished_at=self.now())
            if perform.step_type.has_turns:
                row.update(inputs=dict(perform.step_type.recorded(perform.inputs)))
        upsert_all(connection, STEP_RUN, [row], kept=KEPT)
        return result

    def _sleep(
        self, connection: Connection, pauses: list[Pause], moves: Mapping[str, Any]
    ) -> dict[str, Any]:
        rows = [
            {
                "run_id": self.run_id,
                "path": pause.path,
                "round": self.round,
                "kind": pause.kind,
                "wake_at": pause.wake_at,
            }
            for pause in pauses
        ]
        upsert_all(connection, WAIT, rows)
        answers = self._answers(connection, [pause.path for pause in pauses])
        if not answers:
            connection.execute(update(RUN).where(RUN.c.id == self.run_id).values(**moves))
        return answers

    def _answers(self, connection: Connection, paths: list[str]) -> dict[str, Any]:
        query = select(WAIT.c.path, WAIT.c.payload).where(
            WAIT.c.run_id == self.run_id,
            WAIT.c.round == self.round,
            WAIT.c.path.in_(paths),
            WAIT.c.answered_at.is_not(None),
        )
        return {row.path: row.payload for row in connection.execute(query)}


class JournalLog:
    """The log of one step: lines become entries of the run with its next commit.

    It only appends, because effects run in threads, and the journal belongs to the run's own.
    """

    def __init__(self, lines: deque[Entry], path: str, now: Callable[[], datetime]) -> None:
        self.lines = lines
        self.path = path
        self.now = now

    def write(self, level: str, message: str) -> None:
        """Keep the line for the next commit."""
        self.lines.append(entries.log(self.path, level, message, self.now()))


def load(run_id: str, round_: int, large: LargeValues | None = None) -> History:
    """Everything a run has recorded so far, in that round."""
    large = large or LargeValues(run_id)
    with read_connection() as connection:
        here = {"run": run_id, "round": round_}
        written = connection.execute(READ_SEGMENTS.order_by(SEGMENT.c.seq), here).scalars().all()
        segments = (large.read(connection, entries) for entries in written)
        steps = connection.execute(READ_STEPS, here)
        waits = connection.execute(READ_WAITS, here)
        earlier = connection.execute(READ_EARLIER, here) if round_ > 1 else ()
        records = map(_step_record, steps), map(_wait_record, waits), map(_step_record, earlier)
        return restore(segments, *records)


def _step_record(row: Any) -> StepRecord:
    return StepRecord(row.path, row.state, row.attempt, row.key, row.inputs, row.output, row.error)


def _wait_record(row: Any) -> WaitRecord:
    answered = row.answered_at is not None
    return WaitRecord(row.path, row.kind, row.wake_at, answered, row.payload)


def append(connection: Connection, run_id: str, seq: int, fence: int, entry: Entry) -> None:
    """Write one entry for a run that nobody holds."""
    at: datetime = clock.now()
    values = {"run_id": run_id, "seq": seq, "fence": fence, "at": at, "entries": [entry]}
    connection.execute(ADD_SEGMENT, values)
