"""The published versions of a workflow: look at one, compare two, bring one back as the draft."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, request, url_for

from blueprints import hypermedia, numbers
from blueprints.access import current_person, found, visible_workflow
from blueprints.editor import bp, canvas, comparison, problems, wording
from blueprints.editor.workbench import Workbench
from core.engine.definition import Definition
from core.runtime import accepted_warnings, workflows
from core.runtime.accepted_warnings import Accepted
from core.storage.workflow import Version, Workflow

DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class AcceptedLine:
    """A warning that was accepted when the version went live."""

    where: str
    message: str
    reason: str
    by: str
    at: object


@dataclass(frozen=True, slots=True)
class Line:
    """One version with what it changed, and what was accepted with it."""

    version: Version
    is_live: bool
    step_count: int
    differences: Sequence[comparison.Difference]
    accepted: Sequence[AcceptedLine]


@bp.get("/workflows/<int:workflow_id>/versions")
def versions(workflow_id: int) -> Response:
    """All versions, newest first, and how the draft differs from what is live."""
    workflow = visible_workflow(workflow_id)
    found_versions = Version.of_workflow(workflow.id)
    pairs = zip(found_versions, [*found_versions[1:], None], strict=False)
    lines = [line(workflow, version, before) for version, before in pairs]
    live = workflow.published
    draft = comparison.differences(live.definition, workflow.definition) if live else []
    return hypermedia.render(
        "editor/versions.html",
        workflow=workflow,
        bench=Workbench(workflow),
        lines=lines,
        live=live,
        draft=draft,
    )


def line(workflow: Workflow, version: Version, before: Version | None) -> Line:
    definition = version.definition
    changes = comparison.differences(before.definition, definition) if before else []
    names = canvas.names_of(definition)
    accepted = [said(one, names) for one in accepted_warnings.of_version(version).values()]
    is_live = version.id == workflow.published_id
    return Line(version, is_live, len(definition.step_ids()), changes, accepted)


def said(one: Accepted, names: dict[str, str]) -> AcceptedLine:
    where = problems.where(one.step_id, one.field or "", names)
    message = wording.naming(one.message, names)
    return AcceptedLine(where, message, one.reason, one.by, one.at)


@bp.get("/workflows/<int:workflow_id>/versions/compare")
def compare(workflow_id: int) -> Response:
    """Two versions, or one and the draft, side by side."""
    workflow = visible_workflow(workflow_id)
    live = workflow.published
    usual = str(live.number) if live else DRAFT
    chosen = [request.args.get("before", usual), request.args.get("after", DRAFT)]
    before, after = (definition_of(workflow, one) for one in chosen)
    return hypermedia.render(
        "editor/compare.html",
        workflow=workflow,
        bench=Workbench(workflow),
        before=called(chosen[0]),
        after=called(chosen[1]),
        chosen=chosen,
        numbers=[version.number for version in Version.of_workflow(workflow.id)],
        differences=comparison.differences(before, after),
    )


def definition_of(workflow: Workflow, chosen: str) -> Definition:
    if chosen == DRAFT:
        return workflow.definition
    number = numbers.read(chosen)
    return found(Version.numbered(workflow.id, number) if number else None).definition


def called(chosen: str) -> str:
    return "the draft" if chosen == DRAFT else f"version {chosen}"


@bp.post("/workflows/<int:workflow_id>/versions/<int:number>/draft")
def bring_back(workflow_id: int, number: int) -> Response:
    """Make a version the draft again; undo takes it back."""
    workflow = visible_workflow(workflow_id)
    version = found(Version.numbered(workflow.id, number))
    workflows.revert_to(workflow, version, by=current_person().name)
    where = url_for("editor.show", workflow_id=workflow.id)
    return hypermedia.go_to(where, toast=f"The draft is version {number} again. Undo takes it back")
