"""What a run's page says about one step: beside its name, for its time, and when it failed."""

from collections.abc import Mapping
from datetime import datetime

from blueprints.formats import lasted, plural, zone
from core.engine import crashes
from core.runtime import children
from core.runtime.run_cuts import OPEN, PASSED, SENT, Fate, Interruption
from core.runtime.run_summary import say_error, say_time
from core.runtime.run_view import STARTS, RunView
from core.runtime.step_view import Attempt, StepView
from core.steps import step_types
from core.storage.run import Run

SKIPPED = {
    "disabled": "switched off",
    "condition": "condition not met",
    "crash": "cut off by a crash",
    "decided": "skipped by a person",
    "later": "added later",
}
WHY_SKIPPED = {
    "disabled": "This step is switched off.",
    "crash": "A crash cut it off, and it is set to go on then without knowing how it went.",
    "decided": "A person said that the run should go on without it.",
    "later": "It was added to the workflow after this run had passed its place.",
}
NO_CONDITION = "Its condition did not hold, so the run went on without it."
STATES = {
    "done": "Done",
    "failed": "Failed",
    "skipped": "Skipped",
    "running": "Running",
    "waiting": "Waiting",
    "not_reached": "Not reached",
    "interrupted": "Cut off",
}
TONES = {"done": "good", "failed": "bad", "running": "run", "waiting": "warn"}
ICONS = {
    "done": "circle-check",
    "failed": "circle-x",
    "skipped": "circle-slash",
    "running": "loader-circle",
    "waiting": "clock",
    "not_reached": "circle-slash",
    "interrupted": "zap-off",
}
ADVICE = {
    "expression": "Open the step and correct the field it names.",
    "connection": "Check the address, and whether the other side is up; then run again.",
    "child_failed": "The other workflow's own run says what happened there.",
    "limit": "The limit stands in the workflow's settings.",
    "internal": "This is a mistake of openBuild's; the log of whoever runs it has the details.",
}
MOST_FATES = 3
FATES = {
    OPEN: "{what} was not run again; it waits for somebody to say whether it happened.",
    SENT: "{what} was run again under the same key.",
    PASSED: "{what} was not run again: it is set to be skipped after a crash.",
    crashes.HAPPENED: "{what} was not run again: {by} said that it had happened.",
    crashes.RUN_AGAIN: "{what} was run again under the same key: {by} said so.",
    crashes.SKIP: "{what} was not run again: {by} skipped it.",
}


def more(step: StepView) -> str:
    """What stands in grey beside the step's name."""
    parts = []
    if step.item_name:
        parts.append(step.item_name)
    if step.is_loop and step.item_count is not None and step.started_at:
        is_part = step.items_begun < step.item_count
        parts.append(f"{step.items_begun} of " * is_part + plural(step.item_count, step.turn_word))
    if step.failed_items:
        parts.append(f"{len(step.failed_items)} failed")
    parts += step.taken_labels
    if step.is_handled:
        parts.append("handled")
    return " · ".join(parts)


def time(step: StepView, zone: str) -> str:
    """What stands at the right of the step's bar."""
    match step.state:
        case "not_reached":
            return "not reached"
        case "skipped":
            return "skipped"
        case "running":
            return "running"
        case "interrupted":
            return "cut off"
        case "waiting":
            return _until(step.wake_at, zone) if step.wake_at else "waiting"
    status = (step.error or {}).get("status") if step.state == "failed" else None
    return f"{status} · {took(step.ms)}" if status else took(step.ms)


def took(milliseconds: float | None) -> str:
    """A length of time; the very short ones are not none."""
    if milliseconds is not None and milliseconds < 1:
        return f"< {lasted(1)}"
    return lasted(milliseconds)


def badge(step: StepView) -> tuple[str, str, str]:
    """The step's state as word, icon and tone."""
    status = (step.error or {}).get("status") if step.state == "failed" else None
    if step.wait_kind == "unknown_outcome":
        return "Needs you", "circle-help", "warn"
    if step.wait_kind == "approval":
        return "Waits for a person", "user-check", "warn"
    word = str(status) if status else STATES[step.state]
    if step.state in ("done", "failed") and step.ms is not None and step.path:
        word = f"{word} · {took(step.ms)}"
    return word, ICONS[step.state], TONES.get(step.state, "")


def parent_step(run: Run) -> str:
    """The path of the step that started this run, in its parent."""
    return children.read_place(run.parent_path)[0] if run.parent_path else ""


def why_skipped(step: StepView) -> str:
    """Why the run went on without the step."""
    return WHY_SKIPPED.get(step.why, NO_CONDITION)


def advice(step: StepView) -> str:
    """What a person can do about a step's failure."""
    error = step.error or {}
    status = error.get("status")
    if isinstance(status, int) and status >= 500:
        return "The fault is on their side: wait until they are back, then run again."
    if status in (401, 403):
        return "They refused the key. Check the connection that the step uses."
    if isinstance(status, int) and status >= 400:
        return "They refused the request. Compare what went in with what they expect."
    if error.get("kind") == "limit" and step.is_loop:
        return "A retry gives it as many turns again. How many there may be stands in the step."
    if error.get("kind") == "timeout":
        return f"Give the step longer under “{_time_field(step)}”, or run again later."
    return ADVICE.get(str(error.get("kind")), "")


def _time_field(step: StepView) -> str:
    """Where its time is set: in a field of its own, else where that of every step is."""
    fields = getattr(step_types().get(step.type), "fields", ())
    return next((field.label for field in fields if field.key == "timeout"), "Give up after")


def parts(step: StepView) -> list[tuple[str, str, int]]:
    """The tabs of a step's panel: key, name and a count."""
    if step.state in ("not_reached", "skipped"):
        return []
    if step.type in ("start", "answer"):
        return [("out", step.type_label, 0)]
    found = [("attempts", "Attempts", len(step.attempts))] if len(step.attempts) > 1 else []
    if step.inputs is not None:
        found.append(("in", "Went in", 0))
    if step.state in ("done", "failed") and (step.output is not None or step.state == "done"):
        found.append(("out", "Came out", 0))
    return found


def first_tab(step: StepView) -> str:
    """What a person wants to see first: the attempts of a failure, else what came out."""
    keys = [key for key, _, _ in parts(step)]
    if "attempts" in keys:
        return "attempts"
    return "out" if "out" in keys and step.state == "done" else next(iter(keys), "in")


def heading(step: StepView, tab: str) -> str:
    """What stands above a value."""
    if step.type in ("start", "answer"):
        return "What came in" if step.type == "start" else "What went back"
    return "Went in" if tab == "in" else "Came out"


def target(step: StepView, tab: str) -> str:
    """Where a request went, or what came back, beside the heading."""
    if tab == "in" and isinstance(step.inputs, Mapping) and "url" in step.inputs:
        return f"{step.inputs.get('method', '')} {step.inputs['url']}".strip()
    if step.type == "answer":
        return step.step_id
    is_request = isinstance(step.inputs, Mapping) and "url" in step.inputs
    if tab == "out" and is_request and isinstance(step.output, Mapping):
        status = step.output.get("status")
        return str(status) if isinstance(status, int) else ""
    return ""


def root(step: StepView, tab: str) -> str:
    """How an expression reaches the value, if one can."""
    if step.type == "start":
        return "trigger"
    if step.type == "answer":
        return ""
    is_plain = tab == "out" and step.item is None and step.state == "done"
    return f"steps.{step.step_id}" if is_plain else ""


def attempt(tried: Attempt, step: StepView) -> str:
    """How one attempt went."""
    took = _between(tried.started_at, tried.finished_at)
    if tried.error:
        return f"{say_error(tried.error)} {took}".strip()
    if tried.finished_at is None:
        return "under way"
    return f"worked {took}".strip()


def afterwards(tried: Attempt, step: StepView, zone_name: str) -> str:
    """What followed an attempt."""
    count = len(step.attempts)
    if tried.error and tried.due is None:
        return f"gave up: {tried.number} of {count}" if count > 1 else ""
    if tried.due is None or tried.finished_at is None:
        return ""
    if tried is step.attempts[-1]:
        return f"next at {say_time(tried.due, zone_name)}"
    return f"waited {lasted((tried.due - tried.finished_at).total_seconds() * 1000)}"


def came_from(step: StepView, view: RunView) -> str:
    """The step inside whose failure passed through this one."""
    path = (step.error or {}).get("path")
    if path in (None, step.path):
        return ""
    inner = view.step(str(path))
    return inner.label if inner else ""


def became(cut: Interruption) -> str:
    """What became of whatever was under way when nobody was left to hear its answer."""
    shown = [FATES[fate.word].format(what=_what(fate, cut), by=fate.by) for fate in cut.fates]
    more = len(shown) - MOST_FATES
    if more > 0:
        shown[MOST_FATES:] = [f"{more} more were under way; see each of them."]
    return " ".join(shown)


def _what(fate: Fate, cut: Interruption) -> str:
    if fate.step.item is not None:
        return f"{fate.step.item_word.capitalize()} {fate.step.item + 1}"
    return "It" if cut.step and cut.step.path == fate.step.path else f"“{fate.step.label}”"


def exact(at: datetime | None) -> str:
    """The time of day to a tenth of a second."""
    if at is None:
        return ""
    local = at.astimezone(zone())
    return f"{local:%H:%M:%S}.{local.microsecond // 100_000}"


def starter(run: Run) -> str:
    """Who or what started the run."""
    words = {"endpoint": "Call", "manual": "By hand", "test": "Test"}
    word = words.get(run.origin) or STARTS.get(run.origin, ("Start", ""))[0]
    if not run.started_by:
        return word
    return (
        f"{word}, {run.started_by}" if run.origin != "endpoint" else f"Call with {run.started_by}"
    )


def _until(at: datetime, zone_name: str) -> str:
    """A time in the narrow column: of another day only its date."""
    said = say_time(at, zone_name)
    words = said.split()
    return f"until {said}" if len(words) == 1 else f"until {' '.join(words[:-1])}"


def _between(since: datetime | None, until: datetime | None) -> str:
    if since is None or until is None:
        return ""
    return f"in {took((until - since).total_seconds() * 1000)}"
