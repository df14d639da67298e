"""When nobody worked on a run, and what became of what was under way then."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.engine import crashes
from core.engine.traces import Hold, Traces
from core.runtime.run_answers import Said
from core.runtime.step_view import StepView
from core.storage.run import Run

OPEN, SENT, PASSED = "open", "sent", "passed"
PASSED_ON = ("crash", "decided")  # steps that were skipped after they had begun


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an effect that was cut off: a decision, or open, sent, passed."""

    step: StepView
    word: str
    by: str = ""  # who decided


@dataclass(frozen=True, slots=True)
class Interruption:
    """From when to when nobody worked on the run; `until` is empty while it lies there."""

    since: datetime
    until: datetime | None
    step: StepView | None = None  # where it went on
    fates: tuple[Fate, ...] = ()


def interruptions(
    run: Run, traces: Traces, steps: Sequence[StepView], said: Sequence[Said]
) -> list[Interruption]:
    """The times a worker ended without a word."""
    found = []
    for hold, following in _pairs(traces.holds):
        if hold.ending != "lost":
            continue
        if following is None:
            found.append(Interruption(hold.cut_at, run.finished_at))
            continue
        step = step_at(steps, following.taken_at)
        fates = tuple(_fates(following, steps, said))
        found.append(Interruption(hold.cut_at, following.taken_at, step, fates))
    return found


def lain(traces: Traces, steps: Sequence[StepView]) -> list[Interruption]:
    """The times it lay failed, one for each retry.

    Of older ones not even the end is written: then it lay from the last that is known of it.
    """
    known = [moment for step in steps for moment in (step.started_at, step.finished_at) if moment]
    known += [hold.taken_at for hold in traces.holds]
    known += [retry.at for retry in traces.retries]
    found = []
    for retry in traces.retries:
        before = [moment for moment in known if moment < retry.at]
        before += [retry.failed_at] if retry.failed_at else []  # by the database's clock
        since = max(before, default=retry.at)
        found.append(Interruption(since, retry.at))
    return found


def step_at(steps: Sequence[StepView], moment: datetime) -> StepView | None:
    """The step a worker went on with at that moment, also if it was skipped since."""
    going = [
        step
        for step in steps
        if not step.is_block
        and step.started_at
        and (step.state != "skipped" or step.why in PASSED_ON)
        and (step.finished_at is None or step.finished_at > moment)
    ]
    return min(going, key=lambda step: (step.started_at, step.number), default=None)


def _fates(following: Hold, steps: Sequence[StepView], said: Sequence[Said]) -> Iterator[Fate]:
    for step in steps:
        if _is_under_way(step, following.taken_at) and (fate := _fate(step, following, said)):
            yield fate


def _is_under_way(step: StepView, moment: datetime) -> bool:
    """Whether a try of it had begun by then, and not ended."""
    tries = (step,) if step.why in PASSED_ON else step.attempts
    return any(
        tried.started_at
        and tried.started_at < moment
        and (tried.finished_at is None or tried.finished_at > moment)
        for tried in tries
    )


def _fate(step: StepView, following: Hold, said: Sequence[Said]) -> Fate | None:
    """What is known to have become of it since that worker took the run."""
    for one in said:
        is_later = one.at >= following.taken_at
        if one.path == step.path and one.word in crashes.DECISIONS and is_later:
            return Fate(step, one.word, one.by)
    if step.wait_kind == crashes.KIND:
        return Fate(step, OPEN)
    if step.state == "skipped" and step.why == "crash":
        return Fate(step, PASSED)
    return Fate(step, SENT) if step.sent_fence >= following.fence else None


def _pairs(holds: Sequence[Hold]) -> Iterator[tuple[Hold, Hold | None]]:
    for at, hold in enumerate(holds):
        yield hold, holds[at + 1] if at + 1 < len(holds) else None
