"""How a cursor walks steps: take what is recorded, else fill in, ask, retry and record."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.engine import (
    answers,
    crashes,
    deadlines,
    durations,
    entries,
    failures,
    inputs,
    pure_steps,
    retry,
)
from core.engine.blocks import Block
from core.engine.crashes import StepSkipped
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.frames import Frame
from core.engine.outcomes import AskPeople, AwaitCall, Done, Outcome, Sleep, StartRun, Stop
from core.engine.requests import BlockTimedOut, Cursor, Pause, Perform, RunAborted, RunStopped
from core.engine.restore import History, StepRecord
from core.engine.step_type import RUN_AGAIN, BlockType, Effect, StepType

if TYPE_CHECKING:
    from core.engine.executor import Journal

LONGEST_WAIT = timedelta(days=5 * 366)
PASSED_OVER = object()


@dataclass(slots=True)
class Limits:
    """What a run may use up; `seconds` of running time are counted by `elapsed`."""

    steps: int
    steps_used: int
    seconds: float
    elapsed: Callable[[], float]

    def spend(self) -> None:
        """Count a step; raises RunAborted when the run has used up its steps or its time."""
        self.steps_used += 1
        if self.steps_used > self.steps:
            raise RunAborted("limit", f"the run has used up its {self.steps} steps", "limit")
        if overdue := self.overdue():
            raise overdue

    def overdue(self) -> RunAborted | None:
        """What ends a run that takes too long."""
        if self.elapsed() <= self.seconds:
            return None
        given = durations.words(timedelta(seconds=self.seconds))
        return RunAborted("timeout", f"the run took longer than {given}", "timed_out")


class Walker:
    """Walks the steps of one run; all its cursors share it."""

    def __init__(
        self,
        step_types: Mapping[str, StepType],
        run_id: str,
        history: History,
        journal: "Journal",
        *,
        now: Callable[[], datetime],
        random: Callable[[], float],
        limits: Limits,
    ) -> None:
        self.step_types = step_types
        self.run_id = run_id
        self.history = history
        self.journal = journal
        self.now = now
        self.random = random
        self.limits = limits
        self.replies: list[Mapping[str, Any]] = list(history.replies)
        self._light: dict[str, bool] = {}  # by the step's id; loops ask again and again

    def run_steps(self, steps: tuple[Step, ...], frame: Frame) -> Cursor:
        """Walk these steps in order; returns the output of the last one that ran."""
        last = None
        for step in steps:
            path = frame.prefix + step.id
            step_type = self.step_types[step.type]
            is_light = self._light.get(step.id)
            if is_light is None:
                is_light = self._light[step.id] = pure_steps.is_light(step, step_type)
            if is_light and not self.history.knows(path):
                output = self._walk_light(step, step_type, path, frame)
            else:
                output = yield from self._walk_step(step, path, frame)
            if output is not PASSED_OVER:
                frame.outputs.put(step.id, output)
                last = output
        return last

    def _walk_step(self, step: Step, path: str, frame: Frame) -> Cursor:
        if path in self.history.stopped:
            raise RunStopped(self.history.stopped[path])
        if path in self.history.outputs:
            self.recall(step, frame)
            return self.history.outputs[path]
        if path in self.history.skipped:
            return PASSED_OVER
        try:
            if why := self._why_skipped(step, path, frame):
                self.journal.add(entries.skipped(path, why, self.now()))
                return PASSED_OVER
            return (yield from self._run_step(step, path, frame))
        except StepSkipped as passed:
            self.journal.add(entries.skipped(path, passed.why, self.now()))
            return PASSED_OVER
        except StepFailed as error:
            return self._go_on(error, step, path)

    def _walk_light(self, step: Step, step_type: StepType, path: str, frame: Frame) -> Any:
        try:
            return pure_steps.walk(self, step, step_type, path, frame)
        except StepFailed as error:
            return self._go_on(error, step, path)

    def _go_on(self, error: StepFailed, step: Step, path: str) -> Any:
        """What a failed step gives to those behind it, if its author wants that; else raises."""
        self._record(error, Perform(path, step, self.step_types[step.type], {}, "", 1))
        if step.on_error != "continue":
            raise error
        output = {"error": error.described, **error.details}
        self.journal.add(entries.done(path, output, None, 0, self.now()))
        return output

    def recall(self, step: Step, frame: Frame) -> None:
        """Show the recorded outputs inside a block that has ended to what comes after it."""
        step_type = self.step_types[step.type]
        if not isinstance(step_type, BlockType) or step_type.is_loop:
            return
        for inner in (inner for branch in step.branches for inner in branch.steps):
            path = frame.prefix + inner.id
            if path in self.history.outputs:
                frame.outputs.put(inner.id, self.history.outputs[path])
            self.recall(inner, frame)

    def _why_skipped(self, step: Step, path: str, frame: Frame) -> str | None:
        """Why the step is passed over; one that has begun is not asked again."""
        if step.disabled:
            return "disabled"
        if step.only_when is None or path in self.history.opened or self._has_begun(path):
            return None
        if inputs.holds(step.only_when, frame.scope, "Run this step only when"):
            return None
        return "condition"

    def _has_begun(self, path: str) -> bool:
        """Whether its condition has held for good; what failed and is retried is asked anew."""
        history = self.history
        if path in history.steps or path in history.given:
            return True
        return path in history.earlier and history.earlier[path].state != "failed"

    def _run_step(self, step: Step, path: str, frame: Frame) -> Cursor:
        if not self._is_under_way(path):
            self.check_deadlines(frame)
        self.limits.spend()
        step_type = self.step_types[step.type]
        if isinstance(step_type, BlockType):
            return (yield from self._run_block(step, step_type, path, frame))
        return (yield from self._run_plain(step, step_type, path, frame))

    def _is_under_way(self, path: str) -> bool:
        """Whether it had begun before a crash or a sleep: what is known of it comes first."""
        known = (self.history.opened, self.history.waits)
        return any(path in paths for paths in known) or self._record_at(path) is not None

    def _run_block(self, step: Step, step_type: BlockType, path: str, frame: Frame) -> Cursor:
        started, mark = self.now(), time.perf_counter_ns()
        block = Block(self, step, step_type, path, deadlines.of_block(self, step, path, frame))
        try:
            outcome = yield from step_type.walk(step, block)
            block.check_time()
        except BlockTimedOut as error:
            if error.path != path:
                raise
            raise deadlines.overdue(step) from error
        spent = (time.perf_counter_ns() - mark) // 1000
        self.journal.add(entries.done(path, outcome.output, None, spent, started))
        return outcome.output

    def _run_plain(self, step: Step, step_type: StepType, path: str, frame: Frame) -> Cursor:
        started, mark = self.now(), time.perf_counter_ns()
        record = self._record_at(path)
        if record and record.state == "failed":
            raise failures.recorded(record.error)
        if record and record.state == "succeeded":
            # Its entry was cut off; what comes after an enclosing block looks for it there.
            self.journal.add(entries.done(path, record.output, None, 0, started))
            return record.output
        given = record.inputs if record else self._inputs_at(step, step_type, path, frame)
        outcome = yield from self._attempts(step, step_type, path, given, frame)
        spent = (time.perf_counter_ns() - mark) // 1000
        # Of other steps than pure ones the row has the inputs already.
        shown = step_type.recorded(given) if step_type.effect is Effect.PURE else None
        return self.finish(path, outcome, (shown, spent, started), frame)

    def _attempts(
        self, step: Step, step_type: StepType, path: str, given: Mapping[str, Any], frame: Frame
    ) -> Cursor:
        """Try until it works or the policy gives up; goes on counting after a crash."""
        rule = retry.policy(step, step_type, given)
        earlier = self.history.retries.get(path, [])
        attempt = len(earlier) + 1
        if earlier and earlier[-1].due > self.now():
            yield from self._pause(path, "retry", earlier[-1].due, frame)
        while True:
            perform = self._perform(step, step_type, path, given, attempt)
            try:
                return (yield from self._try(perform, frame))
            except StepFailed as error:
                wait = rule.wait_after(attempt, error, self.random())
                if wait is None:
                    self._record(error, perform)
                    raise
                at = self.now()
                described = failures.of_effect(error, perform, at)
                self.journal.add(entries.retry(path, attempt, described, at + wait, at))
                yield from self._pause(path, "retry", at + wait, frame)
            attempt += 1

    def _perform(
        self, step: Step, step_type: StepType, path: str, given: Mapping[str, Any], attempt: int
    ) -> Perform:
        record = self._record_at(path)
        is_again = record is not None and record.attempt >= attempt
        timeout = durations.parse(step.timeout).total_seconds() if step.timeout else None
        key = record.key if record else self._new_key(path)
        rule = crashes.rule(step, step_type, given)
        return Perform(path, step, step_type, given, key, attempt, is_again, timeout, rule)

    def _record_at(self, path: str) -> StepRecord | None:
        """The step run of this round, or one of an earlier round whose outcome is unknown."""
        earlier = self.history.earlier.get(path)
        if earlier is not None and earlier.state not in ("started", "unknown"):
            earlier = None
        return self.history.steps.get(path) or earlier

    def _new_key(self, path: str) -> str:
        """A key of its own for each round in which a person took up what had a known outcome."""
        key = f"{self.run_id}:{path}"
        return f"{key}:r{self.history.round}" if path in self.history.earlier else key

    def _inputs_at(
        self, step: Step, step_type: StepType, path: str, frame: Frame
    ) -> Mapping[str, Any]:
        if path in self.history.given:
            return dict(self.history.given[path])
        return inputs.fill_in(step, step_type, frame.scope)

    def _try(self, perform: Perform, frame: Frame) -> Cursor:
        """One attempt: pure steps here and now, the others through the driver."""
        wait = self.history.waits.get(perform.path)
        if wait is not None and wait.kind == answers.CHILD:
            return (yield from answers.of_child(self, perform, frame))
        if wait is not None and wait.kind == answers.APPROVAL:
            return (yield from answers.of_people(self, perform.path, wait.wake_at, frame))
        if perform.step_type.effect is Effect.PURE and not perform.step_type.is_apart:
            at, started = perform.path, self.now()
            context = pure_steps.context(self, at, perform.key, started, perform.timeout, frame)
            outcome: Outcome = perform.step_type.run(perform.inputs, context)
        else:
            known = (yield from self._settle_unknown(perform)) if perform.is_again else None
            outcome = known or (yield from self._perform_in_time(perform, frame))
        match outcome:
            case Sleep():
                yield from self._sleep(perform, outcome, frame)
                return Done(None)
            case StartRun():
                return (yield from answers.of_child(self, perform, frame))
            case AwaitCall():
                return (yield from answers.of_call(self, perform, outcome, frame))
            case AskPeople():
                return (yield from answers.of_people(self, perform.path, outcome.until, frame))
            case _:
                return outcome

    def _perform_in_time(self, perform: Perform, frame: Frame) -> Cursor:
        """Its effect; the time of one that may have to wait for another run is fixed with it.

        What a crash cut off had begun in time: it is finished, and its outcome known.
        """
        if not perform.is_again:
            self.check_deadlines(frame)
        if perform.step_type.effect is Effect.INSIDE:
            deadlines.of_step(self, perform)
        return (yield perform)

    def _settle_unknown(self, perform: Perform) -> Cursor:
        """What an effect that a crash cut off has given, if that is known or decided; else None."""
        path, decisions = perform.path, self.history.decisions.setdefault(perform.path, [])
        if perform.after_crash in ("", RUN_AGAIN):
            return None
        if perform.after_crash == crashes.SKIP:
            self.journal.mark(perform, "skipped")
            raise StepSkipped("crash")
        answer = yield from self._ask(perform, crashes.question(path, len(decisions)))
        decision = crashes.check(answer.get("decision"))
        decisions.append(decision)
        self.journal.add(entries.decided(path, decision, answer.get("by", ""), self.now()))
        if decision == crashes.SKIP:
            self.journal.mark(perform, "skipped")
            raise StepSkipped("decided")
        if decision == crashes.HAPPENED:
            self.journal.mark(perform, "succeeded")
            return Done(answer.get("output"))
        return None

    def _ask(self, perform: Perform, question: str) -> Cursor:
        """The answer of a person, given already or waited for."""
        wait = self.history.waits.get(question)
        if wait is not None and wait.answered:
            return wait.payload
        self.journal.mark(perform, "unknown")
        return (yield Pause(question, crashes.KIND, None))

    def _pause(self, path: str, kind: str, until: datetime, frame: Frame) -> Cursor:
        """Sleep until then; raises BlockTimedOut when the time of a block around here is up."""
        yield Pause(path, kind, deadlines.first(frame, until))
        self.check_deadlines(frame)

    def _sleep(self, perform: Perform, sleep: Sleep, frame: Frame) -> Cursor:
        def until() -> dict[str, Any]:
            now = self.now()
            wake_at = sleep.until or now + (sleep.length or timedelta())
            if wake_at - now > LONGEST_WAIT:
                raise StepFailed("a wait can be at most five years long")
            return {"wake_at": wake_at.timestamp()}

        path = perform.path
        wake_at = datetime.fromtimestamp(self.fix(path, until)["wake_at"], UTC)
        most = deadlines.of_step(self, perform) or wake_at
        yield from self._pause(path, "time", min(wake_at, most), frame)
        if most < wake_at:
            raise deadlines.overdue(perform.step)

    def finish(
        self,
        path: str,
        outcome: Outcome,
        shown: tuple[Mapping[str, Any] | None, int, datetime],
        frame: Frame,
    ) -> Any:
        """Write down what the step gave; `shown` is its inputs, microseconds and start."""
        given, spent, started = shown
        if isinstance(outcome, Stop):
            output = {"message": outcome.message}
            done = entries.done(path, output, given, spent, started)
            self.journal.add(done, entries.stopped(path, outcome.message))
            raise RunStopped(outcome.message)
        if not isinstance(outcome, Done):
            raise TypeError(f"a step at “{path}” answered {outcome!r}")
        written = [entries.done(path, outcome.output, given, spent, started)]
        if outcome.variables:
            frame.variables.values.update(outcome.variables)
            written.append(entries.variables(frame.variables.frame, outcome.variables))
        if outcome.reply is not None:
            written.append(entries.reply(path, outcome.reply))
            self.replies.append(written[-1][2])
        self.journal.add(*written)
        return outcome.output

    def _record(self, error: StepFailed, perform: Perform) -> None:
        """Write a failure down once, where it happened; it then passes outward as it is."""
        if error.described is None:
            error.described = failures.of_effect(error, perform, self.now())
            self.journal.failed(perform, error.described)

    def fix(self, path: str, choose: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What was chosen there, now or before a crash: it is never chosen twice."""
        opened = self.history.opened.get(path)
        if opened is None:
            opened = choose()
            self.history.opened[path] = opened
            self.journal.add(entries.opened(path, opened, self.now()))
        return opened

    def check_deadlines(self, frame: Frame) -> None:
        """Raise BlockTimedOut for the outermost block around here whose time is up."""
        deadlines.check(frame.deadlines, self.now())
