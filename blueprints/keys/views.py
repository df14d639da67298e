"""The list of keys, and making one: its text is on one answer, and never again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.access import current_person, current_workspace
from blueprints.hypermedia import render, render_change, wants_partials
from blueprints.keys import bp, listing
from core import clock
from core.runtime import tokens
from core.runtime.tokens import TokenRefused
from core.storage.token import Token
from core.storage.workflow import Workflow

INDEX = "keys/index.html"
LIST = "keys/_list.html"
FRESH = "keys/_fresh.html"
NEW = "keys/_new.html"
CLOSED = "keys/_closed.html"
LENGTHS = (("", "Never"), ("7", "In 7 days"), ("30", "In 30 days"), ("90", "In 90 days"))
LENGTHS += (("365", "In a year"),)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A key that was just made, with the text that is shown this once."""

    row: listing.Row
    text: str
    example: str


@bp.get("")
def index() -> Response:
    return render(INDEX, FRESH, LIST, **shown())


@bp.get("/new")
def new() -> Response:
    usual = {"runs": "every", "workflows": [], "scopes": ["runs:read"], "length": "90"}
    return render(INDEX, NEW, dialog=NEW, typed=usual, problems={}, **shown())


@bp.post("")
def create() -> Response:
    workspace, name = current_workspace(), request.form.get("name", "")
    try:
        token, text = tokens.create(
            workspace.id,
            name,
            chosen_scopes(),
            expires=chosen_end(),
            created_by=current_person().name,
        )
    except TokenRefused as refused:
        problems = {refused.field: refused.message}
        return render(
            INDEX, NEW, status=422, dialog=NEW, typed=typed(), problems=problems, **shown()
        )
    context = shown(made=(token, text))
    if wants_partials():
        return render_change(CLOSED, FRESH, LIST, otherwise=url_for("keys.index"), **context)
    return render(INDEX, **context)


def chosen_scopes() -> list[str]:
    """What was ticked; raises TokenRefused when that is nothing."""
    form = request.form
    if form.get("runs") == "all":
        return ["admin"]
    chosen = [scope for scope in form.getlist("scopes") if scope in ("runs:read", "runs:manage")]
    if form.get("runs") == "every":
        chosen.append("run:*")
    if form.get("runs") == "some":
        chosen += [f"run:{name}" for name in form.getlist("workflows")]
    if not chosen:
        raise TokenRefused("scopes", "Choose at least one thing that the key may do.")
    return chosen


def chosen_end() -> datetime | None:
    """When the key shall end; raises TokenRefused for what the form doesn't offer."""
    length = request.form.get("length", "")
    if length not in dict(LENGTHS):
        raise TokenRefused("length", "Choose one of the list.")
    return clock.now() + timedelta(days=int(length)) if length else None


def typed() -> dict[str, object]:
    form = request.form
    return {
        "name": form.get("name", ""),
        "runs": form.get("runs", ""),
        "workflows": form.getlist("workflows"),
        "scopes": form.getlist("scopes"),
        "length": form.get("length", ""),
    }


def shown(made: tuple[Token, str] | None = None) -> dict[str, object]:
    """What the page and its parts need."""
    workspace = current_workspace()
    workflows = Workflow.of_workspace(workspace.id)
    rows = listing.rows(workspace, workflows)
    fresh = None
    if made is not None:
        token, text = made
        names = [workflow.name for workflow in workflows]
        labels = {workflow.name: workflow.label for workflow in workflows}
        example = listing.example_call(text, token, workspace, names)
        fresh = Fresh(listing.row_of(token, labels), text, example)
    return {"rows": rows, "fresh": fresh, "workflows": workflows, "lengths": LENGTHS}
