"""The list of runs, and the page of one."""

from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from typing import Any

from flask import Response, request

from blueprints import bulk_words, numbers
from blueprints.access import current_workspace, visible_run, visible_workflow
from blueprints.answers import Typed
from blueprints.hypermedia import go_to, render, wants_partials
from blueprints.run_filters import Filters
from blueprints.runs import bp, lane, step_words, timeline
from blueprints.runs.excerpt import excerpt
from blueprints.runs.ways import Ways, ways
from blueprints.workflow_pages import WorkflowPages
from core.runtime import approvals, bulk_kinds, run_list, run_progress, run_search, run_view
from core.runtime.approvals import Question
from core.runtime.run_list import RunLine
from core.runtime.run_search import Found
from core.runtime.run_steps import ITEMS_SHOWN
from core.runtime.run_summary import say_time
from core.runtime.run_view import RunView
from core.runtime.step_view import StepView
from core.storage.run import Run
from core.storage.workflow import Workflow

PAGE = 50
STRETCHES = ("items", "log", "events")  # arguments: where a part of the page begins
STORY = "runs/_story.html"
PANEL = "runs/_step.html"
ASK = "runs/_ask.html"


@bp.get("/runs")
def index() -> Response:
    return list_runs(None)


@bp.get("/workflows/<int:workflow_id>/runs")
def of_workflow(workflow_id: int) -> Response:
    return list_runs(visible_workflow(workflow_id))


@bp.get("/runs/<run_id>")
def show(run_id: str) -> Response:
    run = visible_run(run_id)
    view = run_view.view(run, item_from=first_items())
    chosen = view.step(request.args["step"]) if "step" in request.args else None
    step = chosen or view.first_to_look_at
    context = page_context(view, step, is_chosen=chosen is not None)
    # What shows what it showed stays: what a person unfolded or typed in it is still there.
    parts = {"asked": ASK, "panel": PANEL}
    changed = [part for name, part in parts.items() if request.args.get(name) != context[name]]
    return render("runs/show.html", STORY, *changed, **context)


def refused(run: Run, path: str, **shown: Any) -> Response:
    """The page of a run with one of its forms as it was filled in, and what is wrong with it."""
    view = run_view.view(run)
    step = view.step(path) or view.first_to_look_at
    context = page_context(view, step, is_chosen=False)
    return render("runs/show.html", status=422, **{**context, **shown})


def list_runs(workflow: Workflow | None) -> Response:
    workspace = current_workspace()
    choices = () if workflow else Workflow.of_workspace(workspace.id)
    filters = Filters.of(request.args, choices, workflow, workspace.timezone)
    if "" in request.args.values() and not wants_partials():
        return go_to(filters.address(before=filters.before))  # a form sends its empty fields, too
    lines, found = run_list.listed(workspace.id, filters.wanted, before=filters.before, limit=PAGE)
    seen = fingerprint([(line.id, line.state, line.reason, line.seq) for line in lines])
    if wants_partials() and request.args.get("seen") == seen:
        return Response(status=204)
    response = render(
        "runs/index.html",
        "runs/_list.html",
        filters=filters,
        lines=lines,
        lanes={id: lane.draw(come) for id, come in run_progress.progress(lines).items()},
        found=found,
        count=partial(run_search.count, workspace.id),
        seen=seen,
        bench=WorkflowPages(workflow) if workflow else None,
        bulk=() if wants_partials() else bulk_words.open_lines(workspace.id),
        zone=workspace.timezone,
        poll_seconds=poll_seconds(lines, found),
    )
    if wants_partials() and "seen" not in request.args:
        response.headers["HX-Replace-Url"] = filters.address()
    return response


def poll_seconds(lines: list[RunLine], found: Found) -> int:
    """How soon the list looks again; a search that goes far is not repeated all the time."""
    if found.looked:
        return 20
    return 1 if any(not line.is_final for line in lines) else 4


def page_context(view: RunView, step: StepView, *, is_chosen: bool) -> dict[str, Any]:
    """What the page of a run and its partials need."""
    tabs = [key for key, _, _ in step_words.parts(step)]
    wished = request.args.get("tab", "")
    tab = wished if wished in tabs else step_words.first_tab(step)
    offered = ways(view) if view.run.state == "failed" else None
    questions = approvals.of_run(view.run.id) if view.run.state == "waiting" else ()
    return {
        "view": view,
        "run": view.run,
        "step": step,
        "is_chosen": is_chosen,
        "tab": tab,
        "timeline": timeline.draw(view, step),
        "panel": fingerprint(panel_facts(view, step, tab)),
        "asked": fingerprint(asked_facts(view, offered, questions)),
        "words": step_words,
        "repeats": bulk_kinds.origin_of(view.run),
        "ways": offered,
        "questions": questions,
        "typed": Typed(),
        "say_time": say_time,
        "items_shown": ITEMS_SHOWN,
        "items": request.args.get("items", ""),
        "log": excerpt(view.lines, number_in("log")),
        "events": excerpt(view.events, number_in("events")),
        "kept": {name: request.args[name] for name in STRETCHES if request.args.get(name)},
    }


def panel_facts(view: RunView, step: StepView, tab: str) -> list[Any]:
    """What the panel of a step depends on; of the whole run only while the step is open."""
    facts = [step.path, step.state, step.attempt, len(step.attempts), step.finished_at, tab]
    return facts if step.state == "done" else [*facts, view.run.state, str(view.summary)]


def asked_facts(view: RunView, offered: Ways | None, questions: Sequence[Question]) -> list[Any]:
    """What the questions to a person depend on."""
    step = view.asking
    unknown = (step.path, step.sent_at) if step else None
    return [unknown, offered, [(one.place, one.until) for one in questions]]


def number_in(name: str) -> int | None:
    """The number that an argument of the address is, if it is one."""
    return numbers.read(request.args.get(name, ""))


def first_items() -> dict[str, int]:
    """Which turn of which loop comes first: `?items=each_line:50`."""
    path, _, text = request.args.get("items", "").rpartition(":")
    index = numbers.read(text)
    return {path: index} if path and index is not None else {}


def fingerprint(facts: Any) -> str:
    """A short text that changes when the facts do."""
    return sha256(repr(facts).encode()).hexdigest()[:12]
