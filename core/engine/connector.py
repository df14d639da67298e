"""The contract of the catalogue of connectors: what a kind of connection asks for and does."""

from collections.abc import Mapping
from typing import Any, ClassVar

from core.engine.fields import Field
from core.engine.http_messages import HttpFailed, OutgoingRequest

Fields = Mapping[str, Any]
Secrets = Mapping[str, str]


class Connector:
    """A kind of connection. Subclasses declare; `key` is the file's name.

    Fields of kind "secret" are write-only: encrypted when given, never read back by a page.
    """

    key: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]
    icon: ClassVar[str] = "plug"
    category: ClassVar[str] = "connect"  # the colour of its tile, as for steps
    keywords: ClassVar[tuple[str, ...]] = ()
    fields: ClassVar[tuple[Field, ...]] = ()

    @property
    def secret_fields(self) -> tuple[Field, ...]:
        """The fields that are write-only."""
        return tuple(field for field in self.fields if field.kind == "secret")

    @property
    def plain_fields(self) -> tuple[Field, ...]:
        """The fields that anybody who may see the connection can read."""
        return tuple(field for field in self.fields if field.kind != "secret")

    @property
    def defaults(self) -> dict[str, Any]:
        """The fields' default values, by key."""
        return {field.key: field.default for field in self.fields if field.default is not None}

    def addresses(self, fields: Fields) -> tuple[str, ...]:
        """The web addresses whose origins may be sent the secret; none: it signs no requests."""
        return ()

    def place(self, fields: Fields) -> str:
        """Where or what it is for, in a few words, for lists."""
        return ""

    def problems(self, fields: Fields) -> Mapping[str, str]:
        """What is wrong with these values beyond what the fields say, by field."""
        return {}

    def sign(self, request: OutgoingRequest, fields: Fields, secrets: Secrets) -> OutgoingRequest:
        """The request with the secret in its place; the caller has checked where it goes."""
        raise HttpFailed("http", f"A connection of the kind “{self.label}” can't sign web requests")
