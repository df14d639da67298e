"""From the address of a call to the endpoint behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.engine.definition import Definition
from core.engine.parameters import Parameter, all_in_query, declared
from core.runtime import definitions
from core.runtime.endpoints.refusals import Refused, not_found
from core.runtime.runs import draft_version
from core.storage.db import db
from core.storage.workflow import Version, Workflow
from core.storage.workspace import Workspace

FIRST_WORKSPACE = "main"
LONGEST_NAME = 100


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
    """The workflow at an address, exposed or not; raises Refused."""
    unknown = not_found(address.name)
    if max(len(address.name), len(address.workspace)) > LONGEST_NAME:
        raise unknown
    workspace = Workspace.named(address.workspace)
    workflow = Workflow.named(workspace.id, address.workflow) if workspace else None
    if workspace is None or workflow is None:
        raise unknown
    return workspace, workflow


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
    version: Version | None
    if "@" not in address.name:
        version = db.session.get(Version, workflow.published_id)
    elif address.version.isascii() and address.version.isdecimal() and len(address.version) < 10:
        version = Version.numbered(workflow.id, int(address.version))
    else:
        version = None
    if version is None:
        raise not_found(address.name, f"there is no version {address.version}")
    return version


def refused_method(endpoint: Endpoint) -> Refused:
    """The answer to another method than the endpoint's."""
    return Refused(
        405,
        "METHOD_NOT_ALLOWED",
        f"This URL is called with {endpoint.method}.",
        headers={"Allow": f"{endpoint.method}, OPTIONS"},
    )
