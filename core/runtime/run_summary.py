"""Where a run stands, in one sentence: for its page, and for the lists that show many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from core import clock
from core.engine import crashes, wording
from core.engine.states import Line, Reason
from core.runtime import places
from core.runtime.run_events import failed_step
from core.runtime.step_view import StepView, ran_count
from core.storage.run import Run

LONGEST = 300  # characters


@dataclass(frozen=True, slots=True)
class Summary:
    """A sentence; its subject, a step's name, stands out."""

    subject: str
    rest: str

    def __str__(self) -> str:
        return f"{self.subject} {self.rest}".strip()


def summarise(run: Run, steps: Sequence[StepView], zone: str, *, handled: int = 0) -> Summary:
    """Why the run is as it is, from its steps; `handled` failures it went on after."""
    if said := say_place(run, zone):
        return Summary("", f"{said}.")
    match run.state:
        case "queued":
            return Summary("", _in_line(run, zone))
        case "running":
            return _running(steps)
        case "waiting":
            return _waiting(run, steps, zone)
        case "failed":
            return _failed(run, steps)
        case "cancelled":
            return Summary("", _cancelled(steps))
        case _:
            return Summary("", _succeeded(run, steps, handled))


def say_place(run: Any, zone: str) -> str:
    """Why it is as it is, where its place or its turn says it, and from when on it may go."""
    said = places.said(run)
    if run.line == Line.BATCH and run.due_at and run.due_at > clock.now():
        return f"{said}, not before {say_time(run.due_at, zone)}"
    return said


def say_time(at: datetime, zone: str) -> str:
    """A time near enough to be understood: “16:04”, “tomorrow 9:00”, “24 Dec 9:00”."""
    local, today = at.astimezone(ZoneInfo(zone)), clock.now().astimezone(ZoneInfo(zone)).date()
    time = f"{local:%-H:%M:%S}" if abs((at - clock.now()).total_seconds()) < 120 else ""
    time = time or f"{local:%-H:%M}"
    days = (local.date() - today).days
    if days in (0, 1, -1):
        return {0: "", 1: "tomorrow ", -1: "yesterday "}[days] + time
    return f"{local:%-d %b} {time}" if local.year == today.year else f"{local:%-d %b %Y} {time}"


def say_error(error: Mapping[str, Any] | None) -> str:
    """The failure's own words, shortened."""
    return wording.shorten(str((error or {}).get("message") or "no reason was kept"), LONGEST)


def _in_line(run: Run, zone: str) -> str:
    if run.deaths or run.lane == "alone":
        return "Interrupted; in line to go on where it stopped."
    if run.wake_at and run.wake_at > clock.now():
        return f"In line: starts at {say_time(run.wake_at, zone)}."
    return "In line: a worker takes it as soon as one is free."


def _running(steps: Sequence[StepView]) -> Summary:
    current = next((s for s in steps if s.state == "running" and not s.is_block), None)
    if current is None:
        return Summary("", "Running.")
    total = max((step.number for step in steps), default=0)
    return Summary(current.label, f"is running, step {current.number} of {total}.")


def _waiting(run: Run, steps: Sequence[StepView], zone: str) -> Summary:
    asking = next((step for step in steps if step.wait_kind == crashes.KIND), None)
    if asking is not None:
        return Summary(asking.label, "was cut off by a crash. Did it happen? Look, and say it.")
    waiting = [step for step in steps if step.state == "waiting" and step.wait_kind]
    step = min(waiting, key=lambda s: (s.wake_at or run.created_at, s.number), default=None)
    if step is None and run.reason == Reason.LIMIT:
        return Summary("", "In line: starts when the run before it has ended.")
    if step is None:
        wake = f" until {say_time(run.wake_at, zone)}" if run.wake_at else ""
        return Summary("", f"Asleep{wake}; no worker is held meanwhile.")
    time = say_time(step.wake_at, zone) if step.wake_at else ""
    match step.wait_kind:
        case "retry":
            reason = say_error(step.attempts[-1].error if step.attempts else step.error)
            return Summary(step.label, f"is tried again at {time}: {reason}")
        case "child":
            name = wording.say((step.inputs or {}).get("workflow")) or "another workflow"
            return Summary(step.label, f"waits until its run of “{name}” has ended.")
        case "call":
            return Summary(step.label, f"waits for an answer from outside{_at_most(time)}")
        case "approval":
            who = wording.say((step.inputs or {}).get("who")) or "a person"
            return Summary(step.label, f"waits for the answer of {who}{_at_most(time)}")
        case _:
            return Summary(step.label, f"lasts until {time}; then the run goes on by itself.")


def _at_most(time: str) -> str:
    return f", until {time} at most." if time else ", for as long as it takes."


def _failed(run: Run, steps: Sequence[StepView]) -> Summary:
    step = failed_step(run, steps)
    message = say_error(run.error)
    tries = (run.error or {}).get("attempts") or 1
    more = f" ({tries} attempts)" if tries > 1 else ""
    return Summary(step.label if step else "", f"failed: {message}{more}" if step else message)


def _cancelled(steps: Sequence[StepView]) -> str:
    cut = next((s for s in steps if s.state == "interrupted" and not s.is_block), None)
    return f"Cancelled while {cut.label} was under way." if cut else "Cancelled."


def _succeeded(run: Run, steps: Sequence[StepView], handled: int) -> str:
    stopped = next((s for s in steps if s.type == "stop" and s.state == "done"), None)
    parts = [f"{wording.count(ran_count(steps), 'step')} ran"]
    if run.reason == "stopped" and stopped:
        message = wording.say((stopped.output or {}).get("message"))
        parts.append(f"stopped at {stopped.label}{': ' + message if message else ''}")
    if handled:
        parts.append(f"{wording.count(handled, 'error')} handled")
    return " · ".join(parts) + "."
