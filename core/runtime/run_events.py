"""What happened to a run, in sentences: who took it, when it was cut, slept, answered and ended."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.engine import crashes
from core.engine.states import Reason
from core.engine.step_type import RUN_AGAIN
from core.engine.traces import Hold, Retry, Traces
from core.runtime.run_answers import APPROVED, DECLINED, Said
from core.runtime.run_cuts import lain, step_at
from core.runtime.step_view import StepView
from core.storage.run import Run

ARRIVALS = {
    "endpoint": "Called",
    "schedule": "Due by its schedule",
    "thing": "Started by a change of data",
    "workflow": "Started by another run",
    "manual": "Started by hand",
    "test": "Started as a test",
}
LETTING_GO = {
    "asleep": "Fell asleep; no worker is held meanwhile",
    "stopping": "Given back: openBuild was being stopped",
    "cleared": "Given back: it gets on alone, and may be beside others again",
}
SAYINGS = {
    crashes.HAPPENED: "{by} said that {what} had happened",
    RUN_AGAIN: "{by} had {what} run again",
    crashes.SKIP: "{by} skipped {what}",
    APPROVED: "{by} answered {what}: approved",
    DECLINED: "{by} answered {what}: declined",
}
ENDINGS = {"succeeded": "Succeeded", "failed": "Failed", "cancelled": "Cancelled"}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of what happened; `kind` is the icon: accepted, taken, cut, slept, retried, …"""

    at: datetime
    kind: str
    sentence: str


def events(
    run: Run, traces: Traces, steps: Sequence[StepView], said: Sequence[Said]
) -> list[Event]:
    """All that is worth a line, in the order of time."""
    found = [Event(run.created_at, "accepted", _arrival(run))]
    found += _work(traces, steps)
    labels = {step.path: step.label for step in steps}
    words = {step.path: step.item_word for step in steps}
    found += _retries(traces, steps, labels)
    found += [Event(one.at, "said", _saying(one, labels, words)) for one in said]
    found += [
        Event(traces.at(path).finished_at or run.created_at, "answered", f"{label} set the answer")
        for path in traces.answers
        if (label := labels.get(path)) and traces.at(path).finished_at
    ]
    if run.cancel_requested_at and run.state != "cancelled":
        found.append(Event(run.cancel_requested_at, "cancelled", _asking(run)))
    found.sort(key=lambda event: event.at)
    if run.finished_at:  # by the database's clock, to which a worker's is only near
        found.append(Event(run.finished_at, run.state, _ending(run, steps)))
    return found


def _retries(
    traces: Traces, steps: Sequence[StepView], labels: Mapping[str, str]
) -> Iterator[Event]:
    """Each failure that was not the end, and how somebody took the run up again."""
    for lay, retry in zip(lain(traces, steps), traces.retries, strict=True):
        label = labels.get(retry.path, "")
        yield Event(lay.since, "failed", f"Failed at {label}" if label else "Failed")
        yield Event(retry.at, "retried", _taking_up(retry, label))


def _taking_up(retry: Retry, label: str) -> str:
    """“Ana took it up again from Pay, on version 2”."""
    where = f" {'without' if retry.is_skipped else 'from'} {label}" if label else ""
    parts = [f"{retry.by} took it up again{where}"]
    if retry.is_changed:
        parts.append("with something else going in")
    if retry.version is not None:
        parts.append(f"on version {retry.version}")
    return ", ".join(parts)


def _saying(said: Said, labels: Mapping[str, str], words: Mapping[str, str]) -> str:
    """“Ana said that Pay had happened”."""
    label = labels.get(said.path) or said.path.rpartition("/")[2]
    *_, turn, _ = ("", "", *said.path.split("/"))
    item = f" ({words.get(said.path, 'turn')} {int(turn) + 1})" if turn.isdigit() else ""
    return SAYINGS[said.word].format(by=said.by, what=f"{label}{item}")


def _work(traces: Traces, steps: Sequence[StepView]) -> Iterator[Event]:
    names = _names(traces.holds)
    before = ""
    for hold in traces.holds:
        name = names[hold.worker]
        yield Event(hold.taken_at, "taken", _taking(name, hold, before, steps))
        if hold.ending == "lost":
            yield Event(hold.cut_at, "cut", f"{name} ended without a word")
        elif hold.ending:
            yield Event(hold.ended_at or hold.taken_at, "slept", LETTING_GO[hold.ending])
        before = hold.ending


def _taking(name: str, hold: Hold, before: str, steps: Sequence[StepView]) -> str:
    if not before:
        return f"{name} took it"
    step = step_at(steps, hold.taken_at)
    where = f" at step {step.number}, {step.label}" if step else ""
    return f"{name} {'woke it' if before == 'asleep' else 'went on'}{where}"


def _names(holds: Sequence[Hold]) -> dict[str, str]:
    """Workers by what the log and `ps` have of them: the process, and of several its machine."""
    known = {hold.worker: hold.worker.rpartition(":") for hold in holds}
    is_many = len({machine for machine, _, _ in known.values()}) > 1
    return {
        worker: f"The worker with the process {pid}{f' on {machine}' if is_many else ''}"
        for worker, (machine, _, pid) in known.items()
    }


def _arrival(run: Run) -> str:
    words = ARRIVALS.get(run.origin, "Started")
    link = "with" if run.origin == "endpoint" else "by"
    return f"{words}{f' {link} {run.started_by}' if run.started_by else ''}, put in line"


def _ending(run: Run, steps: Sequence[StepView]) -> str:
    if run.state == "failed":
        culprit = failed_step(run, steps)
        return f"Failed at {culprit.label}" if culprit else "Failed"
    if run.reason == "stopped":
        return "Succeeded: stopped by a step"
    by = f" by {run.cancelled_by}" if run.state == "cancelled" and run.cancelled_by else ""
    return ENDINGS.get(run.state, run.state) + by


def _asking(run: Run) -> str:
    by = run.cancelled_by or ("A newer run" if run.reason == Reason.LIMIT else "Somebody")
    return f"{by} asked to cancel it"


def failed_step(run: Run, steps: Sequence[StepView]) -> StepView | None:
    """The step whose failure ended the run."""
    path = (run.error or {}).get("path")
    return next((step for step in steps if step.path == path), None)
