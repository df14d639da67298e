"""The page of a workflow's starts: its addresses with ready code, its times, what was refused."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import Response

from blueprints import hypermedia
from blueprints.access import visible_workflow
from blueprints.editor import bp
from blueprints.editor.start_panel import TYPE_WORDS, StartPanel
from blueprints.editor.workbench import Workbench
from core.engine.parameters import Parameter, declared
from core.storage.refused_call import RefusedCall
from core.storage.workflow import Workflow
from core.triggers import trigger_types

ENDPOINT = "endpoint"


@dataclass(slots=True)
class Refusals:
    """Calls that were refused for the same reason."""

    reason: str
    status: int
    is_draft: bool
    last_at: datetime
    last_address: str
    count: int = 0


@bp.get("/workflows/<int:workflow_id>/starts")
def show_starts(workflow_id: int) -> Response:
    """The page."""
    workflow = visible_workflow(workflow_id)
    bench = Workbench(workflow)
    return hypermedia.render(
        "editor/starts.html",
        workflow=workflow,
        bench=bench,
        panel=StartPanel(bench),
        live=summary(workflow),
        parameters=parameters(workflow),
        type_words=TYPE_WORDS,
        refusals=together(RefusedCall.of_workflow(workflow.id)),
    )


def summary(workflow: Workflow) -> str:
    """How the URL answers now, in words: as published, else as the draft has it."""
    endpoint = acting(workflow)
    return trigger_types()[ENDPOINT].summary(endpoint)


def parameters(workflow: Workflow) -> list[Parameter]:
    """What a caller sends now."""
    return declared(acting(workflow).get("parameters"))


def acting(workflow: Workflow) -> dict[str, object]:
    """The URL's settings that are in force: the published ones, before that the draft's."""
    version = workflow.published
    definition = version.definition if version else workflow.definition
    return dict(definition.triggers.get(ENDPOINT) or {})


def together(calls: Iterable[RefusedCall]) -> list[Refusals]:
    """Refused calls by their reason, the newest reason first."""
    found: dict[tuple[str, int, str], Refusals] = {}
    for call in calls:
        key = (call.reason, call.status, call.mode)
        first = Refusals(
            call.reason, call.status, call.mode != "live", call.at, call.remote_address
        )
        found.setdefault(key, first).count += call.times
    return list(found.values())
