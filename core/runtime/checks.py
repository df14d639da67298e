"""Check a definition with what its workspace has: connections, workflows, results of past runs."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import CompoundSelect, Double, Integer, case, cast, literal, null, select, union_all

from core import config
from core.auth_schemes import auth_schemes
from core.engine import checking
from core.engine.checking import KnownWorkflow, Problem, Surroundings
from core.engine.checking.circles import calls_of
from core.engine.definition import Definition
from core.engine.errors import DefinitionError
from core.engine.scope import parameters_of
from core.runtime import samples, sandbox
from core.steps import step_types
from core.storage.connection import Connection
from core.storage.db import db
from core.storage.mail_template import MailTemplate
from core.storage.workflow import Version, Workflow

__all__ = ["Problem", "problems"]

MOST_VERSIONS = 4096
CONNECTION, MAIL_TEMPLATE, WORKFLOW = "connection", "mail template", "workflow"
LIVE_VERSION = case((Workflow.is_enabled, Workflow.published_id), else_=None)


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
    base_url = config.current().base_url
    rows = list(db.session.execute(all_of(workflow.workspace_id)))
    called = calls_of(definition, step_types(), base_url)
    order = definition.settings.get("on_failure")
    if isinstance(order, dict):
        called[str(order.get("workflow"))] = False
    return Surroundings(
        connections={row.name: row.type for row in rows if row.what == CONNECTION},
        workflows=known_workflows({row.name: row for row in rows if row.what == WORKFLOW}, called),
        mail_templates=frozenset(row.name for row in rows if row.what == MAIL_TEMPLATE),
        name=workflow.name,
        base_url=base_url,
        samples=samples.of_workflow(workflow, definition),
        read_code=sandbox.problems,
    )


def all_of(workspace_id: int) -> CompoundSelect[Any]:
    """The names of connections, mail templates and workflows, in one question."""
    no_type, no_version, no_time = literal(""), cast(null(), Integer), cast(null(), Double)
    return union_all(
        select(
            literal(CONNECTION).label("what"),
            Connection.name.label("name"),
            Connection.type.label("type"),
            no_version.label("version_id"),
            no_time.label("published_at"),
        ).where(Connection.workspace_id == workspace_id),
        select(literal(MAIL_TEMPLATE), MailTemplate.name, no_type, no_version, no_time).where(
            MailTemplate.workspace_id == workspace_id
        ),
        select(literal(WORKFLOW), Workflow.name, no_type, LIVE_VERSION, Version.created_at)
        .outerjoin(Version, Version.id == Workflow.published_id)
        .where(Workflow.workspace_id == workspace_id, Workflow.deleted_at.is_(None)),
    )


def known_workflows(rows: Mapping[str, Any], called: Iterable[str]) -> dict[str, KnownWorkflow]:
    """All workflows by name; those that are called, however far, with what their versions say."""
    found = {name: KnownWorkflow(is_live=row.version_id is not None) for name, row in rows.items()}
    waiting, seen = [*called], set()
    while waiting:
        name = waiting.pop()
        row = rows.get(name)
        if row is None or name in seen or row.version_id is None:
            continue
        seen.add(name)
        found[name] = of_version(row.version_id, row.published_at, config.current().base_url)
        waiting += found[name].calls
    return found


@lru_cache(maxsize=MOST_VERSIONS)
def of_version(version_id: int, published_at: float, base_url: str) -> KnownWorkflow:
    """What a version says of itself; it never changes, so it is looked at once.

    One that is taken back before anybody saw it leaves its number to another, of another time.
    """
    definition = db.session.get_one(Version, version_id).definition
    try:
        parameters = tuple(parameters_of(definition))
    except (DefinitionError, KeyError, TypeError, ValueError):
        parameters = ()
    return KnownWorkflow(True, calls_of(definition, step_types(), base_url), parameters)
