"""A machine in memory: its journal is a list, its effects are functions, its clock is ours."""

from datetime import UTC, datetime, timedelta

import orjson

from core.engine.definition import Definition
from core.engine.errors import StepFailed
from core.engine.executor import Machine
from core.engine.outcomes import Done
from core.engine.restore import History, StepRecord, WaitRecord, restore
from core.engine.step_type import Effect, StepType
from core.engine.walking import Limits
from core.steps import step_types

MOST_LIVES = 2000
START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class PowerCut(Exception):
    """The machine is gone in the middle of something."""


class Outside(StepType):
    """A step with an effect on a world that the test can see."""

    key = "outside"
    label = "Outside"
    help = "For tests"
    category = "connect"
    icon = "globe"
    effect = Effect.REPEATABLE


class World:
    """What happened outside, by effect key; `answers` says what an effect gives."""

    def __init__(self, answers=None):
        self.calls = []
        self.answers = answers or {}

    def perform(self, perform):
        self.calls.append(perform.key)
        answer = self.answers.get(perform.path, {"did": perform.path})
        if callable(answer):
            answer = answer(perform)
        return answer if isinstance(answer, StepFailed) else Done(answer)


class MemoryJournal:
    """Keeps what a database would; cuts the power after so many writes."""

    def __init__(self, cut_after=None):
        self.segments = []
        self.steps = {}
        self.earlier = {}  # of the rounds before
        self.waits = {}
        self.writes = 0
        self.cut_after = cut_after

    def add(self, *entries):
        self.written()
        self.segments.append(orjson.loads(orjson.dumps(entries)))

    def failed(self, perform, error):
        known = self.steps.get(perform.path)
        if known is None or known.state != "failed":  # see `started`
            self.written()
        self.keep(perform, "failed", error=error)

    def mark(self, perform, state):
        self.written()
        self.keep(perform, state)

    def started(self, perform):
        if not perform.is_again:  # else a machine with one write a life would never get on
            self.written()
        self.keep(perform, "started")

    def asked(self, path, answer):
        """Somebody answers what the run asks at that path."""
        self.waits[path] = WaitRecord(path, "unknown_outcome", None, True, answer)

    def keep(self, perform, state, **values):
        self.steps[perform.path] = StepRecord(
            perform.path, state, perform.attempt, perform.key, perform.inputs, **values
        )

    def written(self):
        if self.cut_after is not None and self.writes >= self.cut_after:
            raise PowerCut
        self.writes += 1

    def begin_round(self, retried):
        """A person takes the failed run up again."""
        self.segments.append(orjson.loads(orjson.dumps([retried])))
        self.earlier |= self.steps
        self.steps = {}

    def history(self):
        steps, waits = self.steps.values(), self.waits.values()
        return restore(self.segments, steps, waits, self.earlier.values())

    def entries(self, kind):
        return [entry for segment in self.segments for entry in segment if entry[0] == kind]


class Bench:
    """Drives machines over one journal, through crashes, with time that passes when asked."""

    def __init__(self, *steps, trigger=None, world=None, journal=None, settings=None):
        self.definition = Definition.from_json({"steps": list(steps), "settings": settings or {}})
        self.trigger = trigger or {}
        self.world = world or World()
        self.journal = journal or MemoryJournal()
        self.now = START
        self.elapsed = 0.0  # seconds of running time
        self.machine = None
        self.step_types = {**step_types(), "outside": Outside()}

    def make(self):
        shared = {"trigger": self.trigger, "run": {"id": "r", "timezone": "UTC"}}
        settings = self.definition.settings
        self.machine = Machine(
            self.definition,
            self.step_types,
            run_id="r",
            shared=shared,
            history=self.journal.history()
            if self.journal.segments or self.journal.steps
            else History(),
            journal=self.journal,
            now=lambda: self.now,
            random=lambda: 1.0,
            limits=Limits(settings.get("max_steps", 100_000), 0, 300.0, lambda: self.elapsed),
        )
        return self.machine

    def run(self):
        """Until the end, letting time pass; returns how it ended."""
        machine = self.make()
        while True:
            performs = machine.advance()
            if machine.ended:
                self.journal.written()  # the run's end
                return machine.ended
            self.perform(performs)
            if not performs and not self.pass_time():
                return None

    def perform(self, performs):
        for perform in performs:
            self.journal.started(perform)
            self.machine.complete(perform.path, self.world.perform(perform))

    def pass_time(self):
        due = [p for p in self.machine.paused.values() if p.wake_at]
        if due and not any(p.wake_at <= self.now for p in due):
            self.now = min(p.wake_at for p in due)
        woken = [p.path for p in due if p.wake_at <= self.now]
        for path in woken:
            self.machine.wake(path)
        return bool(woken)

    def run_through_cuts(self):
        """Cut the power after every single write, restore, and go on."""
        cut = 0
        for _ in range(MOST_LIVES):
            self.journal.cut_after = self.journal.writes + cut
            cut = 1
            try:
                ended = self.run()
            except PowerCut:
                self.now += timedelta(seconds=1)
                continue
            return ended
        raise AssertionError("it does not get on with one write a life")

    @property
    def outputs(self):
        return self.journal.history().outputs


def step(id, type="compose", branches=None, **more):
    options = {k: more.pop(k) for k in OPTIONS if k in more}
    value = {"id": id, "type": type, "inputs": more, **options}
    if branches:
        value["branches"] = [
            {"key": key, **(path if isinstance(path, dict) else {"steps": path})}
            for key, path in branches.items()
        ]
    return value


OPTIONS = ("only_when", "retry", "timeout", "on_error", "disabled", "after_crash")


def answered(path, payload):
    return WaitRecord(path, "child", None, True, payload)
