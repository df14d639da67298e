"""Workspaces, workflows and runs for tests: say only what the test is about."""

from contextlib import closing
from itertools import count

from sqlalchemy import inspect

from core.engine.definition import Definition
from core.runtime import runs, schedules, workspaces
from core.runtime.runs import NewRun
from core.storage.db import db, read_connection, transaction
from core.storage.workflow import Version, Workflow

numbers = count(1)


def workspace():
    """The first workspace."""
    with transaction():
        return workspaces.first()


def make_workflow(*steps, name=None, settings=None, triggers=None, is_published=True):
    """A workflow with these steps, published without asking the checker."""
    from core.runtime import workflows

    name = name or f"workflow-{next(numbers)}"
    content = {"steps": list(steps), "settings": settings or {}, "triggers": triggers or {}}
    definition = Definition.from_json(content)
    workflow = workflows.create(workspace().id, name, name, by="Olga", definition=definition)
    if is_published:
        publish(workflow)
    return workflow


def publish(workflow):
    """Make the draft live as the next version, whatever the checker says."""
    with transaction() as session:
        number = len(Version.of_workflow(workflow.id)) + 1
        version = Version(
            workflow_id=workflow.id,
            number=number,
            revision=workflow.revision,
            content=workflow.draft,
            created_at=workflow.updated_at,
            created_by="Olga",
        )
        session.add(version)
        session.flush()
        workflow = session.get_one(Workflow, workflow.id)
        workflow.published_id = version.id
        workflow.published_revision = workflow.revision
        schedules.follow(workflow, version)
    return version


def start_run(*steps, input=None, workflow=None, **more):
    """A started run of a new workflow with these steps, or of the given one."""
    workflow = workflow or make_workflow(
        *steps, **{k: more.pop(k) for k in ("settings",) if k in more}
    )
    given = {"headers": {}, "query": {}, "body": {}, "caller": None, **(input or {})}
    return runs.start(NewRun(workflow, workflow.published, "manual", given, **more))


def fresh(run):
    """The run as the database has it now."""
    db.session.rollback()
    db.session.refresh(run)
    return run


def everything_stored():
    """All rows of all tables as text, for tests of what must never be among them."""
    if db.engine.dialect.name == "sqlite":
        with closing(db.engine.raw_connection()) as raw:
            return "\n".join(raw.iterdump())
    rows = []
    for name in inspect(db.engine).get_table_names():
        with read_connection() as connection:
            rows += connection.scalars(db.text(f'SELECT t::text FROM "{name}" t'))
    return "\n".join(rows)


def forget_versions():
    """Versions never change, so processes keep them; another database has others by those ids."""
    from core.runtime import definitions, scope

    definitions.of_version.cache_clear()
    scope._version_number.cache_clear()
    scope._workspace.cache_clear()
