"""From the address of a call to the endpoint behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Select, bindparam, select

from core.engine.definition import Definition
from core.engine.parameters import Parameter, all_in_query, declared
from core.runtime import definitions
from core.runtime.endpoints.refusals import Refused, not_found
from core.runtime.runs import draft_version
from core.storage.db import read_connection
from core.storage.lookups import Lookup
from core.storage.workflow import Version, Workflow
from core.storage.workspace import Workspace

FIRST_WORKSPACE = "main"
LONGEST_NAME = 100
LONGEST_NUMBER = 10  # digits of a version
WORKSPACE, WORKFLOW, VERSION = Workspace.__table__, Workflow.__table__, Version.__table__
COLUMNS = (
    WORKFLOW.c.id,
    WORKFLOW.c.workspace_id,
    WORKFLOW.c.name,
    WORKFLOW.c.label,
    WORKFLOW.c.is_enabled,
    WORKFLOW.c.published_id,
)
COLUMNS_OF_DRAFTS = (*COLUMNS, WORKFLOW.c.draft)


def query_of(columns: Sequence[Column[Any]]) -> Select[Any]:
    """Workspace and workflow at an address; made once, because every call asks it."""
    room = WORKSPACE.c.name.label("room"), WORKSPACE.c.label.label("called")
    return (
        select(*room, WORKSPACE.c.timezone, *columns)
        .join_from(WORKSPACE, WORKFLOW, WORKFLOW.c.workspace_id == WORKSPACE.c.id)
        .where(WORKSPACE.c.name == bindparam("workspace_name"))
        .where(WORKFLOW.c.name == bindparam("workflow_name"), WORKFLOW.c.deleted_at.is_(None))
    )


LIVE, DRAFTS = Lookup(query_of(COLUMNS)), Lookup(query_of(COLUMNS_OF_DRAFTS))


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an endpoint's URL."""

    name: str
    workspace: str = FIRST_WORKSPACE
    is_draft: bool = False

    @property
    def workflow(self) -> str:
        """The name without the version."""
        return self.name.partition("@")[0]

    @property
    def version(self) -> str:
        """The version asked for, as text; empty for the published one."""
        return self.name.partition("@")[2]

    @property
    def mode(self) -> str:
        """What its runs are."""
        return "draft" if self.is_draft else "live"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A workflow's start when called: who may call is the published version's, always."""

    address: Address
    workspace: Workspace
    workflow: Workflow
    settings: Mapping[str, Any]  # of the published version, or of the draft
    version: Version | None  # whose parameters and steps run; None: the draft, not yet frozen
    definition: Definition

    @property
    def method(self) -> str:
        """The one method it is called with."""
        return str(self.settings.get("method", "POST"))

    @property
    def scheme(self) -> str:
        """The key of its auth scheme."""
        return str((self.settings.get("auth") or {}).get("scheme", "api_key"))

    @property
    def auth(self) -> dict[str, Any]:
        """The scheme's own settings."""
        given = self.settings.get("auth") or {}
        return {key: value for key, value in given.items() if key != "scheme"}

    @property
    def parameters(self) -> list[Parameter]:
        """What its callers send."""
        start = self.definition.triggers.get("endpoint") or {}
        parameters = declared(start.get("parameters"))
        return all_in_query(parameters) if self.method == "GET" else parameters

    def frozen_version(self) -> Version:
        """The version to run; a draft is frozen now."""
        return self.version or draft_version(self.workflow)


def find(address: Address) -> tuple[Workspace, Workflow]:
    """The workflow at an address, exposed or not; raises Refused.

    Both are copies outside the session, from one query: this is asked for every call.
    """
    unknown = not_found(address.name)
    if max(len(address.name), len(address.workspace)) > LONGEST_NAME or "\0" in address.name:
        raise unknown
    lookup = DRAFTS if address.is_draft else LIVE
    row = lookup.find(workspace_name=address.workspace, workflow_name=address.workflow)
    if row is None:
        raise unknown
    return copies_of(row, COLUMNS_OF_DRAFTS) if address.is_draft else live_copies_of(row, COLUMNS)


def copies_of(row: Any, columns: Sequence[Column[Any]]) -> tuple[Workspace, Workflow]:
    workspace = Workspace(
        id=row.workspace_id, name=row.room, label=row.called, timezone=row.timezone
    )
    return workspace, Workflow(**{column.name: getattr(row, column.name) for column in columns})


live_copies_of = lru_cache(1024)(copies_of)  # nobody changes them, and rows seldom differ


def open_endpoint(address: Address, workspace: Workspace, workflow: Workflow) -> Endpoint:
    """The endpoint, if it is switched on; raises Refused, for the caller all the same."""
    if address.is_draft:
        return open_draft(address, workspace, workflow)
    if not workflow.is_enabled:
        raise not_found(address.name, "the workflow is switched off")
    if workflow.published_id is None:
        raise not_found(address.name, "the workflow has not been published")
    live = definitions.of_version(workflow.published_id)
    settings = exposed_settings(address, live)
    version = published(address, workflow)
    return Endpoint(
        address, workspace, workflow, settings, version, definitions.of_version(version.id)
    )


def open_draft(address: Address, workspace: Workspace, workflow: Workflow) -> Endpoint:
    if "@" in address.name:
        raise not_found(address.name, "a draft has no versions")
    draft = workflow.definition
    settings = exposed_settings(address, draft)
    return Endpoint(address, workspace, workflow, settings, None, draft)


def exposed_settings(address: Address, definition: Definition) -> Mapping[str, Any]:
    settings: Mapping[str, Any] = definition.triggers.get("endpoint") or {}
    if not settings.get("exposed", False):
        raise not_found(address.name, "this URL is switched off")
    return settings


def published(address: Address, workflow: Workflow) -> Version:
    """The version that the address names, else the live one; its content is read elsewhere."""
    if "@" not in address.name:
        return version_of(workflow.published_id, workflow.id)
    number = address.version
    if number.isascii() and number.isdecimal() and len(number) < LONGEST_NUMBER:
        same = VERSION.c.workflow_id == workflow.id, VERSION.c.number == int(number)
        with read_connection() as connection:
            found = connection.execute(select(VERSION.c.id).where(*same)).scalar_one_or_none()
        if found is not None:
            return version_of(found, workflow.id)
    raise not_found(address.name, f"there is no version {number[:LONGEST_NUMBER]}")


@lru_cache(1024)
def version_of(version_id: int, workflow_id: int) -> Version:
    """A version by its id, without its content."""
    return Version(id=version_id, workflow_id=workflow_id)


def refused_method(endpoint: Endpoint) -> Refused:
    """The answer to another method than the endpoint's."""
    return Refused(
        405,
        "METHOD_NOT_ALLOWED",
        f"This URL is called with {endpoint.method}.",
        headers={"Allow": f"{endpoint.method}, OPTIONS"},
    )
