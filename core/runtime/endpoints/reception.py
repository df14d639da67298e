"""One call from the door to its response, in the order that costs a stranger's call least."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from core.auth_schemes import auth_schemes
from core.engine.auth_scheme import AuthScheme, Call, Caller
from core.engine.parameters import read as read_parameters
from core.runtime import idempotency
from core.runtime.endpoints import (
    addresses,
    backlog,
    bodies,
    browsers,
    callers,
    claims,
    conditions,
    disk,
    hops,
    limits,
    pause,
    replies,
)
from core.runtime.endpoints.addresses import Address, Endpoint
from core.runtime.endpoints.bodies import BodyTooLarge, Sent, Texts
from core.runtime.endpoints.callers import FindEditor
from core.runtime.endpoints.refusals import Refused, bad_call, bad_parameters, count
from core.runtime.endpoints.responses import Response
from core.runtime.endpoints.zones import zone_of
from core.runtime.runs import NewRun
from core.storage.db import db

UNREAD_METHODS = ("GET",)


@dataclass(frozen=True, slots=True)
class Doorway:
    """What only the web knows of a call: its body when asked for, and who sits at the browser."""

    read_body: Callable[[int], bytes]  # up to a limit; raises BodyTooLarge
    body_length: int | None
    find_editor: FindEditor


def receive(address: Address, call: Call, doorway: Doorway) -> Response:
    """The response to a call of an endpoint; raises Refused."""
    workspace, workflow = addresses.find(address)
    call = replace(call, workflow=workflow.name)
    try:
        endpoint = addresses.open_endpoint(address, workspace, workflow)
    except Refused as refused:
        count(workflow.id, address.mode, call, refused)
        raise
    try:
        response = Reception(endpoint, call, doorway).respond()
    except Refused as refused:
        if refused.status < 500:
            count(workflow.id, address.mode, call, refused)
        response = browsers.lead_on(endpoint, refused.response())
    return browsers.open_to_site(endpoint, call, response)


class Reception:
    """One call at one endpoint."""

    def __init__(self, endpoint: Endpoint, call: Call, doorway: Doorway) -> None:
        self.endpoint = endpoint
        self.call = call
        self.doorway = doorway
        self.scheme: AuthScheme = auth_schemes()[endpoint.scheme]

    def respond(self) -> Response:
        """Check, read, start, and wait or not; raises Refused."""
        if self.call.method == "OPTIONS":
            return browsers.options(self.endpoint, self.call)
        if self.call.method != self.endpoint.method:
            raise addresses.refused_method(self.endpoint)
        limits.check_length(self.endpoint, self.doorway.body_length)
        limits.check_address(self.endpoint, self.call)
        if self.scheme.needs_body:
            self._read_body()
        caller = callers.know(self.endpoint, self.scheme, self.call, self.doorway.find_editor)
        limits.check_rate(self.endpoint, self.call, caller)
        if greeting := self.scheme.greeting(self.call, self.endpoint.auth):
            return Response(200, greeting.body.encode(), greeting.content_type)
        return browsers.lead_on(self.endpoint, self._start(caller))

    def _start(self, caller: Caller) -> Response:
        pause.check()
        disk.check()
        backlog.check(self.endpoint)
        new = self._new_run(caller)
        scope = conditions.scope_of(new, self.endpoint)
        if not conditions.holds(self.endpoint, scope):
            return conditions.record_not_run(new, self.endpoint)
        keys = claims.of_call(self.call, self.endpoint, self.scheme, caller, scope)
        # Who stands in line to be written holds no connection: the writer needs one, too.
        db.session.remove()
        try:
            with replies.seat(self.endpoint, new.id) as seat:
                waits = seat is not None
                started = idempotency.start(new, self.endpoint.workspace, keys, waits=waits)
                return replies.reply(self.endpoint, started, seat)
        except idempotency.KeyReused as error:
            raise claims.reused() from error
        except idempotency.StillWaiting as error:
            raise claims.still_waiting() from error

    def _read_body(self) -> None:
        if self.call.method in UNREAD_METHODS:
            return
        try:
            body = self.doorway.read_body(limits.largest_body(self.endpoint))
        except BodyTooLarge as error:
            raise limits.too_large(self.endpoint) from error
        self.call = replace(self.call, body=body)

    def _new_run(self, caller: Caller) -> NewRun:
        """The run of this call; raises Refused naming everything that is wrong with it."""
        depth = hops.depth_of(self.call)
        query = bodies.read_query(self.call.query)
        sent = self._sent()
        timezone = zone_of(self.call, self.endpoint.workspace.timezone)
        values = self._values(query, sent, timezone)
        trigger = values | {
            "headers": headers_of(self.call, self.scheme.hidden_headers(self.endpoint.auth)),
            "query": bodies.flat(query),
            "body": sent.value,
            "caller": caller.to_json(),
        }
        bodies.checked(trigger["headers"], "headers")
        return replies.new_run(self.endpoint, trigger, caller, timezone, depth=depth)

    def _sent(self) -> Sent:
        if self.call.method in UNREAD_METHODS:
            return Sent()
        kind = bodies.check_type(self.call)
        if not self.scheme.needs_body:
            self._read_body()
        return bodies.read(self.call, kind, takes_text=not self.endpoint.parameters)

    def _values(self, query: Texts, sent: Sent, timezone: str) -> dict[str, Any]:
        parameters = self.endpoint.parameters
        if parameters and sent.form is None and not isinstance(sent.value, dict | None):
            raise bad_call("body", "The body must be a JSON object.")
        values, bad = read_parameters(
            parameters, sent.value, form=sent.form, query=query, timezone=timezone
        )
        if bad:
            raise bad_parameters(self.endpoint.address.workflow, bad)
        return values


def headers_of(call: Call, hidden: frozenset[str]) -> dict[str, str]:
    """The headers as expressions see them: nothing that proves who the caller is."""
    found: dict[str, str] = {}
    for name, value in call.headers:
        if name not in hidden:
            found[name] = f"{found[name]}, {value}" if name in found else value
    return found
