"""Runs started by a person with parameters as JSON, from the command line or a program."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.engine import parameters
from core.engine.definition import Definition
from core.engine.parameters import BadParameter
from core.runtime import runs
from core.runtime.runs import NothingPublished
from core.storage.db import db
from core.storage.run import Run
from core.storage.workflow import Workflow
from core.storage.workspace import Workspace


class BadInput(Exception):
    """The parameters are not what the workflow declares; names every one that is wrong."""

    def __init__(self, problems: Sequence[BadParameter]) -> None:
        super().__init__("\n".join(bad.message for bad in problems))
        self.problems = tuple(problems)


def start(workflow: Workflow, given: Mapping[str, Any], *, by: str, is_draft: bool = False) -> Run:
    """Run what is published, or the draft; raises BadInput or NothingPublished."""
    version = workflow.published
    if version is None and not is_draft:
        raise NothingPublished(
            f"“{workflow.name}” has not been published yet; run the draft, or publish it first"
        )
    definition = workflow.definition if is_draft or version is None else version.definition
    trigger = trigger_of(definition, given, by=by, timezone=zone_of(workflow))
    begin = runs.start_test if is_draft else runs.start_by_hand
    return begin(workflow, trigger, by=by)


def trigger_of(
    definition: Definition, given: Mapping[str, Any], *, by: str, timezone: str
) -> dict[str, Any]:
    """What the steps read as `trigger`: parameters as declared, or all that is given."""
    endpoint = definition.triggers.get("endpoint") or {}
    declared = parameters.declared(endpoint.get("parameters"))
    values: Mapping[str, Any] = given
    if declared:
        values, bad = parameters.read(declared, given, timezone=timezone)
        if bad:
            raise BadInput(bad)
    caller = {"kind": "user", "id": None, "name": by}
    return {**values, "headers": {}, "query": {}, "body": dict(given), "caller": caller}


def zone_of(workflow: Workflow) -> str:
    return db.session.get_one(Workspace, workflow.workspace_id).timezone
