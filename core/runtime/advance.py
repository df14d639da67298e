"""Take a claimed run as far as it goes: drive the machine, perform its effects, write it down."""

import logging
import math
import os
import queue as queues
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import cache
from secrets import token_hex
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Connection

from core import logs, queue
from core.engine import answers, crashes, durations, entries, failures, replies
from core.engine.errors import RunCancelled, StateConflict, StepFailed
from core.engine.executor import Ended, Machine
from core.engine.outcomes import Done, Outcome
from core.engine.requests import Pause, Perform
from core.engine.states import RunState
from core.engine.step_type import ASK, Effect, StepContext
from core.engine.walking import Limits
from core.runtime import cancelling, definitions, endings, leases, sandbox, scope
from core.runtime.common_ends import CommonEnds, End
from core.runtime.journal import FLUSH_AFTER, RunJournal
from core.runtime.leases import Claim
from core.runtime.letting_go import Abandoned
from core.runtime.orders import Orders
from core.runtime.outbox import Origin, Outbox
from core.runtime.outgoing import Outgoing
from core.runtime.values import TransactionValues
from core.steps import step_types
from core.storage.db import UNAVAILABLE, in_short

DEFAULT_TIMEOUT = "5m"
DEFAULT_MAX_STEPS = 100_000
SHORT_SLEEP = timedelta(seconds=1)  # shorter ones are slept here, longer ones are rows
OUTSIDE_THREADS = 128
ALONE_SECONDS = 2.0  # after which a run that gets on alone makes room for others that are to be so
LOOK_UP = 1.0  # seconds between looks at what else wants attention while effects are under way
Landed = tuple[Perform, Outcome | BaseException]  # how an effect has ended
log = logging.getLogger(__name__)
_stopping = threading.Event()


def stop_soon() -> None:
    """Let this process give its runs back after the step at hand."""
    _stopping.set()


def advance_run(run_id: str) -> None:
    """Claim the run and carry it out until it ends, sleeps, or is taken away."""
    claim = leases.claim(run_id)
    if claim is not None:
        carry_out(claim)


def carry_out(claim: Claim, ends: CommonEnds | None = None) -> None:
    """Take a claimed run as far as it goes, and give it back whatever happens.

    A plain end is left to `ends`, if there are any.
    """

    def act() -> bool:
        if not claim.row.seq:
            log.info("a run begins", extra={"workflow_id": claim.row.workflow_id})
        return Advance(claim, ends).run_or_cancel()

    _hold(claim, act)


def end_alone(end: End) -> None:
    """Write an end that could not be written with others."""

    def act() -> bool:
        try:
            endings.end(end.claim, end.journal, end.ended, end.response)
        except RunCancelled:
            endings.cancel_held(end.claim, end.journal)
        return False

    _hold(end.claim, act)


def _hold(claim: Claim, act: Callable[[], bool]) -> None:
    """Do something with a claimed run; it is given back unless `act` says that it stays held."""
    run_id: str = claim.row.id
    is_kept = False
    try:
        with logs.about(run_id):
            is_kept = act()
    except StateConflict as conflict:
        log.info("left alone: %s", conflict, extra={"run_id": run_id})
    except UNAVAILABLE as error:
        # The journal holds what was done; when the lease ends, another worker goes on from there.
        about = {"run_id": run_id}
        log.warning("the database failed; the run goes on later: %s", in_short(error), extra=about)
    except Exception:
        reference = token_hex(4)
        log.exception("internal error %s", reference, extra={"run_id": run_id})
        endings.fail_inside(claim, reference)
    finally:
        if not is_kept:
            leases.forget(run_id, claim.fence)


class Advance:
    """One claim being carried out."""

    def __init__(self, claim: Claim, ends: CommonEnds | None = None) -> None:
        self.ends = ends
        self.step_aside = ends.step_aside if ends else lambda: None
        self.run_row = claim.row
        self.claim = claim
        self.now = claim.now
        # As if all turns at it were one piece.
        self.began: float = time.monotonic() - claim.row.running_ms / 1000
        self.journal = RunJournal(claim, self._spent, self.step_aside)
        definition = definitions.of_version(claim.row.version_id)
        settings = definition.settings
        length = durations.parse(settings.get("timeout", DEFAULT_TIMEOUT)).total_seconds()
        self.limits = Limits(
            steps=int(settings.get("max_steps", DEFAULT_MAX_STEPS)),
            steps_used=claim.row.steps_used,
            seconds=length,
            elapsed=self._elapsed,
        )
        self.journal.add(entries.taken(claim.worker_id, claim.fence, claim.now()))
        history = self.journal.load()
        # Once it has cost a second worker in company, it stays alone.
        self.clears_after = ALONE_SECONDS if history.losses == 1 else math.inf
        self.taken_at = time.monotonic()
        self.machine = Machine(
            definition,
            step_types(),
            run_id=claim.row.id,
            shared=scope.of_run(claim.row),
            history=history,
            journal=self.journal,
            now=claim.now,
            random=random.random,
            limits=self.limits,
        )
        self.abandoned = Abandoned(claim.row, self.journal, history)
        self.outgoing = Outgoing(claim.row.workspace_id, claim.row.depth)
        self.is_owed_a_commit = False  # the outcome of what must not be repeated is known
        self.begun: set[str] = set()  # paths of effects that have not landed yet
        self.landed: queues.SimpleQueue[Landed] = queues.SimpleQueue()

    def run_or_cancel(self) -> bool:
        """Go on, unless somebody cancels the run; then it ends with all that is known of it."""
        try:
            return self.run()
        except RunCancelled:
            self._drain_landed()
            endings.cancel_held(self.claim, self.journal)
            return False

    def run(self) -> bool:
        """Go on until the run has ended, sleeps, or this process is asked to stop.

        Returns whether its end is still to be written, with others.
        """
        self.abandoned.finish()
        while True:
            # Also what has landed becomes an entry here, so it comes before giving the run back.
            performs = self.machine.advance()
            if self.is_owed_a_commit:
                self.journal.flush()
                self.is_owed_a_commit = False
            if self.machine.ended:
                self._drain_landed()
                return self._end(self.machine.ended)
            if _stopping.is_set() or self._is_cleared:
                if not self._land():
                    self._give_back()
                    return False
            elif performs:
                self._perform_all(performs)
            elif not (self._wake_due() or self._land()) and self._sleep():
                return False

    @property
    def _is_cleared(self) -> bool:
        """Whether it got on alone, where it would have killed its process: it may have company."""
        if self.run_row.lane != "alone" or not self.journal.has_got_on:
            return False
        return time.monotonic() - self.taken_at >= self.clears_after

    def _end(self, ended: Ended) -> bool:
        if ended.state == RunState.SUCCEEDED:
            self.abandoned.let_go(self.machine)
        end = End(self.claim, self.journal, ended, self._response())
        if self.ends is not None and end.is_plain:
            self.ends.add(end)
            return True
        endings.end(self.claim, self.journal, ended, end.response)
        return False

    def _perform_all(self, performs: list[Perform]) -> None:
        """Begin effects: inside ones here, outside and long pure ones in threads."""
        self.step_aside()
        outside = [p for p in performs if p.step_type.effect.is_outside]
        away = [p for p in performs if p.step_type.effect is not Effect.INSIDE]
        for perform in performs:
            if perform.step_type.effect is Effect.INSIDE:
                self.machine.complete(perform.path, self._inside(perform))
        if outside:
            self.journal.effects_started(outside)
        self.begun.update(perform.path for perform in away)
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        for perform in away:
            _threads().submit(self._fly, app, perform)

    def _fly(self, app: Flask, perform: Perform) -> None:
        with app.app_context(), logs.about(self.run_row.id):
            try:
                self.landed.put((perform, self._outside(perform)))
            except BaseException as error:  # an internal error of ours: raised again in `run`
                self.landed.put((perform, error))

    def _land(self) -> bool:
        """Wait for an effect under way, but not past the next pause's time."""
        if not any(map(self.machine.awaits, self.begun)):
            return False
        due = None if _stopping.is_set() else self.machine.next_wake
        left = LOOK_UP if due is None else (due - self.now()).total_seconds()
        most = FLUSH_AFTER if self.journal.is_buffering else LOOK_UP
        try:
            self._take_landed(*self.landed.get(timeout=max(min(left, most), 0)))
            while not self.landed.empty():  # what came together is written together
                self._take_landed(*self.landed.get())
        except queues.Empty:
            self.journal.flush()
            if leases.is_cancelled(self.run_row.id):
                raise RunCancelled(f"run {self.run_row.id} was cancelled") from None
        return True

    def _take_landed(self, perform: Perform, outcome: Outcome | BaseException) -> None:
        self.begun.discard(perform.path)
        if isinstance(outcome, BaseException) and not isinstance(outcome, StepFailed):
            raise outcome
        if perform.step_type.effect.is_outside and not isinstance(outcome, StepFailed):
            self.journal.mark(perform, "succeeded")
            self.is_owed_a_commit = self.is_owed_a_commit or perform.after_crash == ASK
        self.machine.complete(perform.path, outcome)

    def _drain_landed(self) -> None:
        """Effects that nobody waits for any more: keep what is already known of them."""
        while not self.landed.empty():
            perform, outcome = self.landed.get()
            is_outside = perform.step_type.effect.is_outside
            if is_outside and not isinstance(outcome, BaseException):
                self.journal.mark(perform, "succeeded")
            if isinstance(outcome, Done):
                done = entries.done(perform.path, outcome.output, None, 0, self.now())
                self.journal.add_last(done)
            elif isinstance(outcome, StepFailed):
                self.journal.failed(perform, failures.of_effect(outcome, perform, self.now()))

    def _outside(self, perform: Perform) -> Outcome | StepFailed:
        try:
            return perform.step_type.run(perform.inputs, self._context(perform, values=None))
        except StepFailed as failure:
            return failure

    def _inside(self, perform: Perform) -> Outcome | StepFailed:
        """Do it in one transaction with its step run; a failure leaves nothing behind."""
        orders = Orders(self.claim, perform)

        def act(connection: Connection) -> Outcome:
            if orders.prepared:
                return orders.begin_batch(connection)
            values = TransactionValues(connection, self.run_row.workspace_id)
            outcome = perform.step_type.run(perform.inputs, self._context(perform, values))
            return orders.settle(connection, outcome)

        try:
            if perform.step_type.has_turns:
                context = self._context(perform, values=None)
                orders.prepare(perform.step_type.run(perform.inputs, context))
            outcome = self.journal.inside(perform, act)
        except StepFailed as failure:
            return failure
        orders.follow_up()
        return outcome

    def _context(self, perform: Perform, values: Any) -> StepContext:
        return StepContext(
            key=perform.key,
            started_at=self.now(),
            http=self.outgoing,
            mail=self._outbox(perform),
            values=values,
            log=self.journal.log(perform.path),
            sandbox=sandbox,
            timezone=self.run_row.timezone,
            timeout=perform.timeout,
        )

    def _outbox(self, perform: Perform) -> Outbox:
        run = self.run_row
        step = perform.step.label or perform.step_type.label
        origin = Origin(
            run.workspace_id, perform.key, workflow_id=run.workflow_id, run_id=run.id, step=step
        )
        return Outbox(origin, seconds=perform.timeout)

    def _wake_due(self) -> bool:
        now = self.now()
        due = [p for p in self.machine.paused.values() if p.wake_at and p.wake_at <= now]
        for pause in due:
            self.machine.wake(pause.path, self._close(pause))
        return bool(due)

    def _close(self, pause: Pause) -> Any:
        """What has answered a pause whose time is up; nobody waits for that any more."""
        if pause.kind not in answers.KINDS:
            return None
        answer = self.journal.close_wait(pause)
        if pause.kind == answers.CHILD and answer == answers.TIMED_OUT:
            cancelling.cancel_awaited(self.run_row.id, pause.path)
        return answer

    def _sleep(self) -> bool:
        """Sleep here for a moment, or on disk; whether the run has been let go."""
        due = self.machine.next_wake
        if due is not None and due - self.now() < SHORT_SLEEP:
            self.journal.flush()
            self.step_aside()
            _stopping.wait(max((due - self.now()).total_seconds(), 0))
            return False
        self.abandoned.let_go(self.machine)
        pauses = list(self.machine.paused.values())
        self.journal.add(entries.let_go(self.claim.worker_id, "asleep", self.now()))
        response = self._response()
        answers = self.journal.sleep(
            pauses,
            state=RunState.WAITING,
            reason=_reason(pauses, self.now()),
            wake_at=due,
            deaths=0,  # all that could go on has done so and killed nobody
            response=response,
            lease_until=None,
            worker_id=None,
        )
        for path, answer in answers.items():
            self.machine.wake(path, answer)
        if not answers and response is not None:
            queue.announce(self.run_row.id)
        return not answers

    def _give_back(self) -> None:
        """This process is stopping, or is needed for others: another goes on."""
        why = "stopping" if _stopping.is_set() else "cleared"
        lane = "io" if self._is_cleared else self.run_row.lane
        self.journal.add(entries.let_go(self.claim.worker_id, why, self.now()))
        let_go: dict[str, Any] = {"lease_until": None, "worker_id": None, "rung_at": self.now()}
        self.journal.commit(state=RunState.QUEUED, lane=lane, **let_go)
        queue.ring(self.run_row.id, lane)

    def _response(self) -> dict[str, Any] | None:
        return replies.merge(self.machine.replies)

    def _elapsed(self) -> float:
        return time.monotonic() - self.began

    def _spent(self) -> dict[str, Any]:
        return {
            "running_ms": int(self._elapsed() * 1000),
            "steps_used": self.limits.steps_used,
        }


def _reason(pauses: list[Pause], now: datetime) -> str:
    """Why the run waits: for a person, else what comes first in time, else without one."""
    for kind in (crashes.KIND, answers.APPROVAL):
        if any(pause.kind == kind for pause in pauses):
            return kind
    first = min(pauses, key=lambda pause: (pause.wake_at is None, pause.wake_at or now))
    return first.kind


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(OUTSIDE_THREADS, thread_name_prefix="effect")


os.register_at_fork(after_in_child=_threads.cache_clear)  # threads are not forked along
