"""Workflows as files: downloaded, and uploaded as drafts."""

from collections.abc import Sequence

from flask import make_response, request, url_for
from werkzeug.wrappers import Response

from blueprints.access import current_person, current_workspace, visible_workflow
from blueprints.hypermedia import go_to, render
from blueprints.workflows import bp
from blueprints.workflows.views import DIALOG
from core.runtime import workflow_files
from core.runtime.workflow_files import Change, FilesRefused
from core.storage.workflow import Workflow

IMPORT = "workflows/_import.html"
REPLACE = "workflows/_replace.html"
LARGEST = 1_000_000  # bytes


@bp.get("/<int:workflow_id>/file")
def export(workflow_id: int) -> Response:
    workflow = visible_workflow(workflow_id)
    answer = make_response(workflow_files.export(workflow))
    answer.mimetype = "application/yaml"
    answer.headers["Content-Disposition"] = f'attachment; filename="{workflow.name}.yaml"'
    return answer


@bp.get("/import")
def new_import() -> Response:
    return form(())


@bp.post("/import")
def import_file() -> Response:
    """Take a file as a draft; what is there already changes only after a look at how."""
    try:
        name, text = uploaded()
        change = workflow_files.plan(current_workspace().id, {name: text})[0]
    except FilesRefused as refusal:
        return form([str(problem) for problem in refusal.problems], status=422)
    if change.kind == "changed" and "sure" not in request.form:
        return render(DIALOG, REPLACE, partial=REPLACE, change=change, name=name, text=text)
    workflow_files.apply(current_workspace().id, {name: text}, by=current_person().name)
    return go_to(address_of(change), toast=words_for(change))


def uploaded() -> tuple[str, str]:
    """The file's name and text: just sent, or sent before and looked at since."""
    if "text" in request.form:
        return request.form.get("name", "file"), request.form["text"].replace("\r\n", "\n")
    file = request.files.get("file")
    if file is None or not file.filename:
        raise refusal("file", "choose a file")
    content = file.stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise refusal(file.filename, "is larger than 1 MB")
    try:
        return file.filename, content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refusal(file.filename, "is not UTF-8 text") from error


def refusal(name: str, message: str) -> FilesRefused:
    return FilesRefused([workflow_files.FileProblem(name, 1, "", message)])


def address_of(change: Change) -> str:
    workflow = Workflow.named(current_workspace().id, change.name)
    if workflow is None:
        return url_for("workflows.index")
    return url_for("editor.show", workflow_id=workflow.id)


def words_for(change: Change) -> str:
    said = {"created": "is here as a draft", "changed": "has a new draft"}
    return f"{change.name} {said.get(change.kind, 'is the same as the file')}"


def form(problems: Sequence[str], *, status: int = 200) -> Response:
    return render(DIALOG, IMPORT, status=status, partial=IMPORT, problems=problems)
