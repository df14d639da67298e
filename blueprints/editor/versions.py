"""The published versions of a workflow: look at one, bring one back as the draft."""

from dataclasses import dataclass

from flask import Response, url_for

from blueprints import hypermedia
from blueprints.access import current_person, found, visible_workflow
from blueprints.editor import bp, publication
from blueprints.editor.workbench import Workbench
from core.runtime import workflows
from core.storage.workflow import Version


@dataclass(frozen=True, slots=True)
class Line:
    """One version with what it changed."""

    version: Version
    is_live: bool
    step_count: int
    differences: list[publication.Difference]


@bp.get("/workflows/<int:workflow_id>/versions")
def versions(workflow_id: int) -> Response:
    """All versions, newest first."""
    workflow = visible_workflow(workflow_id)
    found_versions = Version.of_workflow(workflow.id)
    lines = []
    for version, before in zip(found_versions, [*found_versions[1:], None], strict=False):
        changes = publication.differences(before.definition, version.definition) if before else []
        is_live = version.id == workflow.published_id
        count = len(version.definition.step_ids())
        lines.append(Line(version, is_live, count, changes))
    return hypermedia.render(
        "editor/versions.html", workflow=workflow, bench=Workbench(workflow), lines=lines
    )


@bp.post("/workflows/<int:workflow_id>/versions/<int:number>/draft")
def bring_back(workflow_id: int, number: int) -> Response:
    """Make a version the draft again; undo takes it back."""
    workflow = visible_workflow(workflow_id)
    version = found(Version.numbered(workflow.id, number))
    workflows.revert_to(workflow, version, by=current_person().name)
    where = url_for("editor.show", workflow_id=workflow.id)
    return hypermedia.go_to(where, toast=f"The draft is version {number} again. Undo takes it back")
