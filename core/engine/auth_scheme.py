"""The contract of the catalogue of auth schemes: what a call is, and how its caller is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from core.engine import scopes
from core.engine.errors import EngineError
from core.engine.fields import Field

ADMIN = "admin"
PROOFS = frozenset({"authorization", "cookie", "proxy-authorization"})


class NotAuthorized(EngineError):
    """The caller is not known; the reason is for the log, never for the caller."""


class Forbidden(EngineError):
    """The caller is known and may not do this."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that a caller showed and that was found valid."""

    id: str
    name: str
    workspace_id: int
    scopes: frozenset[str]

    @property
    def is_admin(self) -> bool:
        """Whether it may do everything in its workspace."""
        return scopes.permits(self.scopes, ADMIN)

    def may_run(self, workflow: str) -> bool:
        """Whether it may start this workflow."""
        return scopes.permits(self.scopes, f"run:{workflow}")


@dataclass(frozen=True, slots=True)
class Call:
    """One request to an endpoint: raw bytes and facts, nothing parsed, no framework."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()  # names in lower case; a doubled header stays two
    query: str = ""  # as it stands in the URL
    body: bytes = field(default=b"", repr=False)
    received_at: datetime = datetime.min
    remote_address: str = ""
    workflow: str = ""
    key: Key | None = None

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for known, value in self.headers if known == name]

    def header(self, name: str) -> str | None:
        """The value of a header, None if it did not come; doubled ones are joined by a comma."""
        values = self.all(name)
        return ", ".join(values) if values else None

    def the_only(self, name: str) -> str:
        """The value of a header that must come exactly once; raises NotAuthorized."""
        values = self.all(name)
        if len(values) != 1:
            raise NotAuthorized(f"the header {name} came {len(values)} times, not once")
        return values[0]

    def bearer(self) -> str | None:
        """The text after “Authorization: Bearer”; None when the caller shows none."""
        values = self.all("authorization")
        if len(values) > 1:
            raise NotAuthorized("the header authorization came twice")
        kind, _, text = (values[0] if values else "").strip().partition(" ")
        return text.strip() if kind.lower() == "bearer" else None

    def shown_key(self) -> Key:
        """The valid key that the caller showed; raises NotAuthorized."""
        if self.key is not None:
            return self.key
        if self.bearer() is None:
            raise NotAuthorized("no key was sent")
        raise NotAuthorized("the key is unknown, expired or revoked")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who started a run: anonymous, key, admin or sender, with an id and a name to show."""

    kind: str
    id: str | None = None
    name: str = ""

    def to_json(self) -> dict[str, Any]:
        """As expressions see it."""
        return {"kind": self.kind, "id": self.id, "name": self.name}


@dataclass(frozen=True, slots=True)
class Greeting:
    """An answer to a sender that only checks whether the URL is ours; nothing runs."""

    body: str
    content_type: str = "text/plain"


class AuthScheme:
    """A way to know a caller. Subclasses declare; `key` is the file's name."""

    key: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]
    keywords: ClassVar[tuple[str, ...]] = ()
    fields: ClassVar[tuple[Field, ...]] = ()
    reads_key: ClassVar[bool] = False  # whether Authorization: Bearer is looked up for it
    needs_body: ClassVar[bool] = False  # whether the raw body is part of the proof
    challenge: ClassVar[str] = 'Bearer realm="openBuild"'  # WWW-Authenticate of a refusal
    refusal: ClassVar[str] = (
        "This URL needs a key. Send it as `Authorization: Bearer …`. "
        "Keys are made under Settings → Keys."
    )

    def check(self, call: Call, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Caller:
        """Who is calling; raises NotAuthorized or Forbidden."""
        raise NotAuthorized(f"the scheme {self.key} lets nobody in")

    def problems(self, settings: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What keeps these settings from being published, as (field, sentence)."""
        known = {declared.key: declared for declared in self.fields}
        found = [(name, f"unknown key “{name}”") for name in settings if name not in known]
        for name, declared in known.items():
            found += field_problems(declared, settings.get(name))
        return found

    def greeting(self, call: Call, settings: Mapping[str, Any]) -> Greeting | None:
        """What a sender's own test of the URL is answered with, once `check` has passed."""
        return None

    def replay(self, call: Call, settings: Mapping[str, Any]) -> tuple[str, timedelta] | None:
        """What only a repetition of this very call shares with it, and how long it may come."""
        return None

    def hidden_headers(self, settings: Mapping[str, Any]) -> frozenset[str]:
        """The headers that prove who calls, which no workflow gets to see."""
        return PROOFS

    def proposals(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings of the endpoint that fit this sender."""
        return {}


def field_problems(declared: Field, given: Any) -> list[tuple[str, str]]:
    if given is None:
        return [(declared.key, "is needed")] if declared.required else []
    values = [value for value, _ in declared.choices]
    if declared.kind == "choice" and given not in values:
        return [(declared.key, f"must be one of {', '.join(values)}")]
    if not isinstance(given, str) or not given:
        return [(declared.key, "must be a text")]
    return []
