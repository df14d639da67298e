"""The steps' way out: signed by a connection, sent through the guard, cleaned of secrets."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import or_, select, update

from core import clock, config
from core.connectors import connectors
from core.engine.connector import Connector
from core.engine.http_messages import HttpFailed, OutgoingAnswer, OutgoingRequest
from core.runtime import connections
from core.runtime.gateways import http, urls
from core.runtime.gateways import secrets as vault
from core.runtime.gateways.addresses import AllowedHosts
from core.runtime.gateways.http import WayOut
from core.runtime.masking import forms, mask
from core.storage.connection import Connection
from core.storage.db import UNAVAILABLE, read_connection, write_connection

DEPTH_HEADER = "x-workflow-depth"
LAST_USED_EVERY = timedelta(minutes=1)
REFUSALS = frozenset({401, 403})
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Signer:
    """A connection in use: its connector, plain fields and opened secrets."""

    id: int
    name: str
    connector: Connector
    fields: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)


class Outgoing:
    """How the steps of one workspace reach the web."""

    def __init__(self, workspace_id: int, depth: int | None = None) -> None:
        self.workspace_id = workspace_id
        self.depth = depth  # of the run that sends: whoever is called knows how deep it stands

    def send(self, request: OutgoingRequest, *, connection: str | None = None) -> OutgoingAnswer:
        """Send it, signed by the named connection; raises HttpFailed."""
        if self.depth is not None:
            request = request.with_header(DEPTH_HEADER, str(self.depth + 1))
        settings = config.current()
        allowed = allowed_hosts(settings.allowed_hosts_out)
        way_out = WayOut(proxy=settings.proxy_out, ca_file=settings.ca_file)
        if connection is None:
            return http.send(request, allowed=allowed, way_out=way_out)
        signer = find_signer(self.workspace_id, connection)
        signed = sign(request, signer)
        try:
            answer = http.send(signed, allowed=allowed, way_out=way_out)
        except HttpFailed as failure:
            raise masked_failure(failure, signer) from None
        note_use(signer, answer)
        return masked_answer(answer, signer)


@lru_cache(maxsize=8)
def allowed_hosts(entries: tuple[str, ...]) -> AllowedHosts:
    """The operator's list, read once; raises HttpFailed for what is no entry."""
    try:
        return AllowedHosts.parse(entries)
    except ValueError as error:
        raise HttpFailed(
            "blocked_address", f"Nothing can be sent: OPENBUILD_ALLOWED_HOSTS_OUT: {error}"
        ) from error


def find_signer(workspace_id: int, name: str) -> Signer:
    """The connection with its secrets, read afresh for every request; raises HttpFailed."""
    columns = (Connection.id, Connection.type, Connection.fields, Connection.secret_ciphertext)
    query = select(*columns).where(Connection.workspace_id == workspace_id, Connection.name == name)
    with read_connection() as database:
        row = database.execute(query).one_or_none()
    if row is None:
        raise HttpFailed("http", f"There is no connection “{name}”; make it under Connections")
    connector = connectors().get(row.type)
    if connector is None:
        raise HttpFailed("http", f"The connection “{name}” is of the unknown kind “{row.type}”")
    try:
        secrets = vault.unseal(row.secret_ciphertext, connections.purpose(workspace_id, name))
    except vault.SecretsUnreadable as error:
        raise HttpFailed("http", f"The connection “{name}” can't be used: {error}") from None
    return Signer(row.id, name, connector, row.fields, secrets)


def sign(request: OutgoingRequest, signer: Signer) -> OutgoingRequest:
    """The signed request, if it goes to where the connection may be used; else HttpFailed."""
    addresses = signer.connector.addresses(signer.fields)
    if addresses and request.url.startswith("/"):
        request = replace(request, url=addresses[0].rstrip("/") + request.url)
    target = urls.origin_of(urls.parse(request.url))
    origins = [urls.origin_of(urls.parse(address)) for address in addresses]
    if origins and target not in origins:
        allowed = ", ".join(written(origin) for origin in origins)
        raise HttpFailed(
            "http",
            f"The connection “{signer.name}” is for {allowed} alone, and this request goes to "
            f"{written(target)}. Nothing was sent",
        )
    return signer.connector.sign(request, signer.fields, signer.secrets)


def written(origin: tuple[str, str, int]) -> str:
    """An origin as people write it."""
    scheme, host, port = origin
    return f"{scheme}://{host}" + ("" if port == urls.DEFAULT_PORTS[scheme] else f":{port}")


def masked_answer(answer: OutgoingAnswer, signer: Signer) -> OutgoingAnswer:
    """The answer as it may be stored: a server may echo what it was sent."""
    secrets = secret_forms(signer)
    return replace(
        answer,
        headers=mask(answer.headers, secrets),
        body=mask(answer.body, secrets),
        url=mask(answer.url, secrets),
        note=mask(answer.note, secrets),
    )


def masked_failure(failure: HttpFailed, signer: Signer) -> HttpFailed:
    """The failure as it may be stored."""
    return HttpFailed(
        failure.kind,
        mask(failure.message, secret_forms(signer)),
        retryable=failure.retryable,
        retry_after=failure.retry_after,
    )


def secret_forms(signer: Signer) -> tuple[str, ...]:
    logins = (
        [f"{signer.fields['username']}:{secret}" for secret in signer.secrets.values()]
        if (signer.fields.get("username"))
        else []
    )
    return forms([*signer.secrets.values(), *logins])


def note_use(signer: Signer, answer: OutgoingAnswer) -> None:
    """Remember when it was used and whether it works."""
    note_result(signer, "refused" if answer.status in REFUSALS else "works")


def note_result(signer: Signer, result: str) -> None:
    """Remember how its last use went, at most once a minute or on a change."""
    now = clock.now()
    stale = or_(
        Connection.last_used_at.is_(None),
        Connection.last_used_at < now - LAST_USED_EVERY,
        Connection.last_result != result,
    )
    with read_connection() as database:
        due = database.execute(select(Connection.id).where(Connection.id == signer.id, stale))
        if due.one_or_none() is None:
            return
    change = update(Connection).where(Connection.id == signer.id, stale)
    try:
        with write_connection() as database:
            database.execute(change.values(last_used_at=now, last_result=result))
    except UNAVAILABLE:
        log.warning("could not note the use of a connection", extra={"connection": signer.name})
