"""Check a definition with what its workspace has: connections, workflows, results of past runs."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Row, select

from core import config
from core.auth_schemes import auth_schemes
from core.engine import checking
from core.engine.checking import KnownWorkflow, Problem, Surroundings
from core.engine.checking.circles import calls_of
from core.engine.definition import Definition
from core.engine.errors import DefinitionError
from core.engine.scope import parameters_of
from core.runtime import definitions, samples
from core.steps import step_types
from core.storage.connection import Connection
from core.storage.db import db
from core.storage.mail_template import MailTemplate
from core.storage.workflow import Workflow

__all__ = ["Problem", "problems"]

MOST_VERSIONS = 4096


def problems(workflow: Workflow, definition: Definition) -> tuple[Problem, ...]:
    """Everything that is wrong or doubtful, with the step and field to blame."""
    return checking.problems(
        definition,
        step_types=step_types(),
        auth_schemes=auth_schemes(),
        surroundings=surroundings(workflow, definition),
    )


def surroundings(workflow: Workflow, definition: Definition) -> Surroundings:
    """What the workspace has, as far as this definition may depend on it."""
    here = workflow.workspace_id
    connections = select(Connection.name, Connection.type).where(Connection.workspace_id == here)
    templates = select(MailTemplate.name).where(MailTemplate.workspace_id == here)
    base_url = config.current().base_url
    return Surroundings(
        connections={name: kind for name, kind in db.session.execute(connections)},
        workflows=known_workflows(here, calls_of(definition, step_types(), base_url), definition),
        mail_templates=frozenset(db.session.scalars(templates)),
        name=workflow.name,
        base_url=base_url,
        samples=samples.of_workflow(workflow, definition),
    )


def known_workflows(
    workspace_id: int, calls: dict[str, bool], definition: Definition
) -> dict[str, KnownWorkflow]:
    """All workflows by name; those that this definition leads to with what their versions say."""
    columns = Workflow.name, Workflow.published_id, Workflow.is_enabled
    query = select(*columns).where(
        Workflow.workspace_id == workspace_id, Workflow.deleted_at.is_(None)
    )
    rows: dict[str, Any] = {row.name: row for row in db.session.execute(query)}
    found = {name: KnownWorkflow(is_live=is_live(row)) for name, row in rows.items()}
    order = definition.settings.get("on_failure")
    waiting = [*calls, str(order.get("workflow")) if isinstance(order, dict) else ""]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        row = rows.get(name)
        if row is None or name in seen or not is_live(row):
            continue
        seen.add(name)
        found[name] = of_version(row.published_id, config.current().base_url)
        waiting += found[name].calls
    return found


def is_live(row: Row[Any]) -> bool:
    """Whether another workflow can start it."""
    return row.published_id is not None and bool(row.is_enabled)


@lru_cache(maxsize=MOST_VERSIONS)
def of_version(version_id: int, base_url: str) -> KnownWorkflow:
    """What a version says of itself; it never changes, so it is looked at once."""
    definition = definitions.of_version(version_id)
    try:
        parameters = tuple(parameters_of(definition))
    except (DefinitionError, KeyError, TypeError, ValueError):
        parameters = ()
    return KnownWorkflow(True, calls_of(definition, step_types(), base_url), parameters)
