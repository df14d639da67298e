"""Who is calling: looked up, checked by the endpoint's scheme, refused in the same words."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from core.auth_schemes import auth_schemes
from core.engine.auth_scheme import AuthScheme, Call, Caller, Forbidden, Key, NotAuthorized
from core.runtime import connections, tokens
from core.runtime.endpoints.addresses import Endpoint
from core.runtime.endpoints.refusals import Refused, not_found
from core.runtime.gateways.secrets import SecretsUnreadable

FindEditor = Callable[[int], Caller | None]


def know(endpoint: Endpoint, scheme: AuthScheme, call: Call, find_editor: FindEditor) -> Caller:
    """The caller, if the endpoint's scheme lets it in; raises Refused."""
    guard = scheme
    if endpoint.address.is_draft and endpoint.scheme == "open":
        editor = find_editor(endpoint.workspace.id)
        if editor is not None:
            return editor
        guard = auth_schemes()["api_key"]  # a draft is never open to everybody
    try:
        return guard.check(with_key(guard, endpoint, call), endpoint.auth, secrets(endpoint))
    except NotAuthorized as error:
        headers = {"WWW-Authenticate": guard.challenge}
        raise Refused(
            401, "NOT_AUTHORIZED", guard.refusal, reason=str(error), headers=headers
        ) from error
    except Forbidden as error:
        raise Refused(403, "PERMISSION_DENIED", str(error)) from error


def with_key(guard: AuthScheme, endpoint: Endpoint, call: Call) -> Call:
    """The call with its key looked up; a key of another workspace opens nothing here."""
    shown = call.bearer() if guard.reads_key else None
    key = find_key(shown, call.remote_address) if shown else None
    if key is not None and key.workspace_id != endpoint.workspace.id:
        raise not_found(endpoint.address.name, "the key belongs to another workspace")
    return replace(call, key=key)


def find_key(text: str, address: str) -> Key | None:
    """The valid key with this text."""
    token = tokens.find(text, address=address)
    if token is None:
        return None
    return Key(token.id, token.name, token.workspace_id, frozenset(token.scopes))


def secrets(endpoint: Endpoint) -> Mapping[str, str]:
    """The secrets of the connection that the scheme names; raises NotAuthorized."""
    name = endpoint.auth.get("connection")
    if name is None:
        return {}
    try:
        return connections.secrets_of(endpoint.workspace.id, name)
    except (LookupError, SecretsUnreadable) as error:
        raise NotAuthorized(f"the connection “{name}” is missing or unreadable") from error
