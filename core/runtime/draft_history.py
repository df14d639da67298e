"""The changes of a draft in their line: what undo takes back and redo does again."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from core import clock
from core.storage.db import db
from core.storage.workflow import DraftChange, Workflow

KEPT = 200
TYPING = timedelta(seconds=5)  # changes of one field this close together are one change
TYPED = frozenset({"change_step", "change_branch", "change_triggers", "change_settings"})


def note(
    workflow: Workflow, operation: Mapping[str, Any], inverse: Mapping[str, Any], *, by: str
) -> None:
    """Put a change behind the last one; what was taken back before it is gone."""
    _forget(workflow, DraftChange.is_undone.is_(True))
    last = last_done(workflow)
    if last is not None and _is_typed_on(last, operation, by):
        last.operation, last.changed_at = dict(operation), clock.now()
        return
    position = last.position + 1 if last else 1
    _forget(workflow, DraftChange.position <= position - KEPT)
    change = DraftChange(
        workflow_id=workflow.id,
        position=position,
        operation=dict(operation),
        inverse=dict(inverse),
        changed_by=by,
        changed_at=clock.now(),
    )
    db.session.add(change)


def last_done(workflow: Workflow) -> DraftChange | None:
    """The change that undo takes back."""
    done = DraftChange.workflow_id == workflow.id, DraftChange.is_undone.is_(False)
    query = select(DraftChange).where(*done).order_by(DraftChange.position.desc()).limit(1)
    return db.session.scalar(query)


def first_undone(workflow: Workflow) -> DraftChange | None:
    """The change that redo does again."""
    undone = DraftChange.workflow_id == workflow.id, DraftChange.is_undone.is_(True)
    query = select(DraftChange).where(*undone).order_by(DraftChange.position).limit(1)
    return db.session.scalar(query)


def _is_typed_on(last: DraftChange, operation: Mapping[str, Any], by: str) -> bool:
    """Whether the same person goes on typing into the same field."""
    return (
        last.changed_by == by
        and clock.now() - last.changed_at < TYPING
        and operation["op"] in TYPED
        and _field(last.operation) == _field(operation)
    )


def _field(operation: Mapping[str, Any]) -> tuple[Any, ...]:
    keys = tuple(operation.get("changes") or ())
    return operation["op"], operation.get("id"), operation.get("key"), keys


def _forget(workflow: Workflow, which: Any) -> None:
    db.session.execute(delete(DraftChange).where(DraftChange.workflow_id == workflow.id, which))
