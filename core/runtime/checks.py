"""Check a definition with what its workspace has: connections, workflows, catalogues."""

from sqlalchemy import select

from core.auth_schemes import auth_schemes
from core.engine import checking
from core.engine.checking import Problem
from core.engine.definition import Definition
from core.steps import step_types
from core.storage.connection import Connection
from core.storage.db import db
from core.storage.workflow import Workflow

__all__ = ["Problem", "problems"]


def problems(workspace_id: int, definition: Definition) -> tuple[Problem, ...]:
    """Everything that is wrong or doubtful, with the step and field to blame."""
    query = select(Connection.name, Connection.type).where(Connection.workspace_id == workspace_id)
    connections = {name: kind for name, kind in db.session.execute(query)}
    names = select(Workflow.name).where(
        Workflow.workspace_id == workspace_id, Workflow.deleted_at.is_(None)
    )
    return checking.problems(
        definition,
        step_types=step_types(),
        auth_schemes=auth_schemes(),
        connections=connections,
        workflows=frozenset(db.session.scalars(names)),
    )
