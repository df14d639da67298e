"""Workflows: create, edit with undo, publish, switch, rename, copy, delete."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core import clock
from core.engine import editing
from core.engine.definition import Definition
from core.engine.errors import DefinitionError
from core.engine.states import FINAL
from core.runtime import accepted_warnings, checks, draft_history, runs, schedules
from core.storage.db import db, transaction
from core.storage.run import Run
from core.storage.workflow import Version, Workflow

NAME = re.compile(r"^[a-z0-9][a-z0-9_-]{0,63}$")
LONGEST_NAME = 64


class NameTaken(Exception):
    """Another workflow of the workspace has that name."""


class BadName(DefinitionError):
    """The name cannot be part of a URL."""


class HasProblems(Exception):
    """The draft cannot be published while these are there: errors, or warnings not accepted."""

    def __init__(self, problems: tuple[checks.Problem, ...]) -> None:
        super().__init__(f"{len(problems)} problems keep the draft from being published")
        self.problems = problems


class RevisionConflict(Exception):
    """The draft was changed meanwhile, and the change does not fit it any more."""

    def __init__(self, revision: int, changed_by: str) -> None:
        super().__init__(f"the draft is at revision {revision} by now")
        self.revision = revision
        self.changed_by = changed_by


class NothingToUndo(Exception):
    """There is no change to take back, or none to do again."""


def create(
    workspace_id: int,
    name: str,
    label: str,
    *,
    by: str,
    definition: Definition | None = None,
    folder: str = "",
    color: str = "",
    description: str = "",
) -> Workflow:
    """Add a workflow with a draft; raises BadName or NameTaken."""
    _check_name(name)
    now = clock.now()
    workflow = Workflow(
        workspace_id=workspace_id,
        name=name,
        label=label.strip() or name,
        folder=folder,
        color=color,
        description=description,
        draft=(definition or Definition()).to_json(),
        created_at=now,
        updated_at=now,
        updated_by=by,
    )
    try:
        with transaction() as session:
            session.add(workflow)
            session.flush()
    except IntegrityError:
        raise NameTaken(f"there is already a workflow called “{name}”") from None
    return workflow


def slug(text: str) -> str:
    """A name made of any text: lower case, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:LONGEST_NAME].rstrip("-_")


def free_name(workspace_id: int, wished: str) -> str:
    """The slug of what is wished, with a number behind it if somebody has it already."""
    base = slug(wished) or "workflow"
    taken = {workflow.name for workflow in Workflow.of_workspace(workspace_id)}
    number, name = 1, base
    while name in taken:
        number += 1
        name = f"{base[: LONGEST_NAME - len(str(number)) - 1]}-{number}"
    return name


def edit_draft(
    workflow: Workflow, revision: int, operation: Mapping[str, Any], *, by: str
) -> Workflow:
    """Apply one operation to the draft and keep its inverse.

    An operation that was made on an older revision is applied if it still fits; else
    RevisionConflict. One that never fitted raises DefinitionError.
    """
    with transaction():
        current = _locked(workflow)
        try:
            changed, inverse = editing.apply(current.definition, operation)
        except DefinitionError:
            if revision != current.revision:
                raise RevisionConflict(current.revision, current.updated_by) from None
            raise
        draft_history.note(current, operation, inverse, by=by)
        _put_draft(current, changed, by)
    return current


def replace_draft(workflow: Workflow, definition: Definition, *, by: str) -> Workflow:
    """Put another definition in the draft's place, as one change."""
    operation = {"op": "replace", "definition": definition.to_json()}
    return edit_draft(workflow, workflow.revision, operation, by=by)


def revert_to(workflow: Workflow, version: Version, *, by: str) -> Workflow:
    """Bring a version back as the draft."""
    return replace_draft(workflow, version.definition, by=by)


def can_undo(workflow: Workflow) -> bool:
    """Whether there is a change to take back."""
    return draft_history.last_done(workflow) is not None


def can_redo(workflow: Workflow) -> bool:
    """Whether there is a change that was taken back."""
    return draft_history.first_undone(workflow) is not None


def undo(workflow: Workflow, *, by: str) -> Workflow:
    """Take the last change back; raises NothingToUndo."""
    with transaction():
        current = _locked(workflow)
        change = draft_history.last_done(current)
        if change is None:
            raise NothingToUndo("there is nothing to undo")
        _put_draft(current, editing.apply(current.definition, change.inverse)[0], by)
        change.is_undone = True
    return current


def redo(workflow: Workflow, *, by: str) -> Workflow:
    """Do the change again that was taken back first; raises NothingToUndo."""
    with transaction():
        current = _locked(workflow)
        change = draft_history.first_undone(current)
        if change is None:
            raise NothingToUndo("there is nothing to do again")
        _put_draft(current, editing.apply(current.definition, change.operation)[0], by)
        change.is_undone = False
    return current


def problems(
    workflow: Workflow, definition: Definition | None = None
) -> tuple[checks.Problem, ...]:
    """What keeps the draft, or another definition, from being published; warnings too."""
    return checks.problems(workflow, definition or workflow.definition)


def publish(
    workflow: Workflow, *, by: str, note: str = "", reasons: Mapping[str, str] | None = None
) -> Version:
    """Freeze the draft as the next version and make it live; raises HasProblems.

    `reasons` say by the problem's key why a warning is accepted, and then all must be; without
    them warnings don't stop it, as for files, which are reviewed elsewhere.
    """
    with transaction() as session:
        current = _locked(workflow)
        accepted = _settled(current, reasons, by)
        newest = session.scalar(
            select(Version.number)
            .where(Version.workflow_id == current.id, Version.number.is_not(None))
            .order_by(Version.number.desc())
            .limit(1)
        )
        version = Version(
            workflow_id=current.id,
            number=(newest or 0) + 1,
            revision=current.revision,
            content=current.draft,
            note=note.strip(),
            accepted=[each.to_json() for each in accepted] or None,
            created_at=clock.now(),
            created_by=by,
        )
        session.add(version)
        session.flush()
        current.published_id = version.id
        current.published_revision = current.revision
        schedules.follow(current, version)
    return version


def _settled(
    workflow: Workflow, reasons: Mapping[str, str] | None, by: str
) -> list[accepted_warnings.Accepted]:
    """The accepted warnings of the draft; raises HasProblems if something stands in the way."""
    found = problems(workflow)
    accepted = accepted_warnings.settled(found, workflow.published, reasons or {}, by=by)
    known = {each.key for each in accepted}
    is_asked = reasons is not None
    in_the_way = tuple(p for p in found if p.is_error or (is_asked and p.key not in known))
    if in_the_way:
        raise HasProblems(in_the_way)
    return accepted


def set_enabled(workflow: Workflow, enabled: bool, *, by: str) -> None:
    """Let a workflow's triggers fire, or not; at once, without publishing."""
    with transaction():
        current = _locked(workflow)
        current.is_enabled = enabled
        _touch(current, by)


def rename(workflow: Workflow, name: str, *, by: str) -> None:
    """Give a workflow another name, and so another URL; raises BadName or NameTaken."""
    _check_name(name)
    try:
        with transaction() as session:
            current = _locked(workflow)
            current.name = name
            _touch(current, by)
            session.flush()
    except IntegrityError:
        raise NameTaken(f"there is already a workflow called “{name}”") from None


def describe(
    workflow: Workflow, *, label: str, folder: str, color: str, description: str, by: str
) -> None:
    """Change what people read of a workflow."""
    with transaction():
        current = _locked(workflow)
        current.label = label.strip() or current.name
        current.folder, current.color = folder.strip(), color
        current.description = description.strip()
        _touch(current, by)


def duplicate(workflow: Workflow, *, by: str) -> Workflow:
    """A new workflow with a copy of the draft; nothing of it is live."""
    return create(
        workflow.workspace_id,
        free_name(workflow.workspace_id, f"{workflow.name}-copy"),
        f"{workflow.label} (copy)",
        by=by,
        definition=workflow.definition,
        folder=workflow.folder,
        color=workflow.color,
        description=workflow.description,
    )


def delete(workflow: Workflow, *, by: str) -> None:
    """Delete a workflow: its URL is gone, its unfinished runs are cancelled, its runs stay."""
    with transaction():
        current = _locked(workflow)
        current.deleted_at = clock.now()
        current.name = f"{current.name}~{current.id}"
        current.is_enabled = False
        schedules.forget(current)
        _touch(current, by)
    unfinished = select(Run).where(Run.workflow_id == workflow.id, Run.state.not_in(FINAL))
    for run in list(db.session.scalars(unfinished)):
        runs.cancel_unless_ended(run, by=by)


def _check_name(name: str) -> None:
    if not NAME.match(name):
        proposal = slug(name)
        hint = f"; try “{proposal}”" if proposal else ""
        raise BadName(
            f"“{name}” can't be part of a URL: lower-case letters, digits, - and _ only{hint}"
        )


def _locked(workflow: Workflow) -> Workflow:
    """The row as it stands in this transaction, held until its end."""
    query = select(Workflow).where(Workflow.id == workflow.id)
    query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def _put_draft(workflow: Workflow, definition: Definition, by: str) -> None:
    workflow.draft = definition.to_json()
    workflow.revision += 1
    _touch(workflow, by)


def _touch(workflow: Workflow, by: str) -> None:
    workflow.updated_at, workflow.updated_by = clock.now(), by
