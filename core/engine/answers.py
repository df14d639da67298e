"""Answers that a step waits for: of another system that calls it, of people, or of another run."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.engine import deadlines, durations
from core.engine.definition import Definition, Step
from core.engine.errors import StepFailed
from core.engine.frames import Frame
from core.engine.outcomes import AwaitCall, Done
from core.engine.requests import Cursor, Pause, Perform
from core.engine.step_type import StepType

if TYPE_CHECKING:
    from core.engine.walking import Walker

CALL, APPROVAL, CHILD = "call", "approval", "child"
KINDS = (CALL, APPROVAL, CHILD)  # what can be answered, until its time is up
LONGEST = timedelta(days=5 * 366)
TIMED_OUT: Mapping[str, Any] = {"timed_out": True}
DROPPED: Mapping[str, Any] = {"dropped": True}  # a path beside it failed: nobody waits any more
UNANSWERED = (TIMED_OUT, DROPPED)  # what stands in an answer's place when none counts any more


def of_call(walker: "Walker", perform: Perform, asked: AwaitCall, frame: Frame) -> Cursor:
    """What another system sends to the step's address; its time is fixed when it is reached."""

    def until() -> dict[str, Any]:
        length = shortest(asked.length, perform.timeout)
        return {"wake_at": (walker.now() + length).timestamp() if length else None}

    fixed = walker.fix(perform.path, until)["wake_at"]
    due = datetime.fromtimestamp(fixed, walker.now().tzinfo) if fixed else None
    answer = yield from _answer(walker, perform.path, CALL, due, frame)
    return Done(answer.get("body"))


def of_people(walker: "Walker", path: str, due: datetime | None, frame: Frame) -> Cursor:
    """What a person answers; the question, its time and the mails were written before."""
    answer = yield from _answer(walker, path, APPROVAL, due, frame)
    return Done({key: answer.get(key) for key in ("approved", "by", "comment", "fields")})


def of_child(walker: "Walker", perform: Perform, frame: Frame) -> Cursor:
    """What the run answers that the step has started; its time counts from there."""
    most = deadlines.of_step(walker, perform)
    answer = yield Pause(perform.path, CHILD, deadlines.first(frame, most))
    if answer is None or answer == TIMED_OUT:
        walker.check_deadlines(frame)
        raise deadlines.overdue(perform.step)
    if answer["state"] != "succeeded":
        message = (answer.get("error") or {}).get("message") or f"it was {answer['state']}"
        name = perform.inputs.get("workflow", "")
        raise StepFailed(f"the workflow “{name}” did not succeed: {message}", kind="child_failed")
    return Done((answer.get("response") or {}).get("body"))


def _answer(walker: "Walker", path: str, kind: str, due: datetime | None, frame: Frame) -> Cursor:
    """The answer that came already, or comes; raises StepFailed when the time is up."""
    wait = walker.history.waits.get(path)
    if wait is not None and wait.answered:
        answer = wait.payload
    else:
        answer = yield Pause(path, kind, deadlines.first(frame, due))
    if answer is None or answer == TIMED_OUT:
        walker.check_deadlines(frame)
        raise StepFailed("nobody answered in time", kind="timeout")
    return answer


def read_length(given: Any, label: str) -> timedelta | None:
    """A duration of at most five years, or nothing; raises StepFailed."""
    if given is None or given == "":
        return None
    try:
        length = durations.parse(given)
    except (ValueError, OverflowError) as error:
        raise StepFailed(f"“{label}”: {error}") from error
    if length > LONGEST:
        raise StepFailed(f"“{label}” is more than five years")
    return length


def shortest(length: timedelta | None, seconds: float | None) -> timedelta | None:
    """The shorter of a step's own time and its time-out."""
    lengths = [length, timedelta(seconds=seconds) if seconds else None]
    return min((one for one in lengths if one is not None), default=None)


def path_of(
    definition: Definition,
    step_types: Mapping[str, StepType],
    step_id: str,
    loops: Mapping[str, Mapping[str, Any]],
) -> str:
    """The path at which a step waits for its call, seen from a turn of these loops.

    Raises LookupError when there is no such step, or when it waits in a turn of another loop.
    """
    inside = _loops_around(definition.steps, step_types, step_id, ())
    if inside is None:
        raise LookupError(step_id)
    return "".join(f"{loop}/{loops[loop]['index']}/" for loop in inside) + step_id


def _loops_around(
    steps: tuple[Step, ...],
    step_types: Mapping[str, StepType],
    step_id: str,
    loops: tuple[str, ...],
) -> tuple[str, ...] | None:
    for step in steps:
        step_type = step_types.get(step.type)
        if step.id == step_id:
            return loops if step_type is not None and step_type.is_called_back else None
        within = (*loops, step.id) if getattr(step_type, "is_loop", False) else loops
        for branch in step.branches:
            found = _loops_around(branch.steps, step_types, step_id, within)
            if found is not None:
                return found
    return None
