"""A key for a web service: sent to that service's address, and nowhere else."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from core.engine.connector import Connector, Fields, Secrets
from core.engine.fields import Field
from core.engine.http_messages import OutgoingRequest

STYLES = (
    ("bearer", "As a token: Authorization: Bearer …"),
    ("header", "In a header of its own"),
    ("basic", "With a user name and password"),
    ("query", "In the address, behind the question mark"),
)


class HttpApi(Connector):
    """A token, key or password for the requests of “Call an API”."""

    label = "Key for a web service"
    help = "A token, key or password that is added to requests to one address."
    icon = "key-round"
    keywords = ("api", "key", "token", "bearer", "basic", "http", "rest", "credential", "oauth")
    fields = (
        Field(
            "base_url",
            "Address of the service",
            kind="url",
            literal=True,
            placeholder="https://api.example.com",
            help="The key is sent to this host alone, also when a request is led elsewhere. "
            "Steps may then write “/orders” instead of the whole address.",
        ),
        Field(
            "style",
            "How the service wants it",
            kind="choice",
            default="bearer",
            choices=STYLES,
            literal=True,
        ),
        Field(
            "header_name",
            "Name of the header",
            default="X-Api-Key",
            literal=True,
            shown_when=("style", ("header",)),
        ),
        Field(
            "query_name",
            "Name of the parameter",
            default="api_key",
            literal=True,
            shown_when=("style", ("query",)),
        ),
        Field("username", "User name", literal=True, shown_when=("style", ("basic",))),
        Field("key", "Key, token or password", kind="secret"),
    )

    def addresses(self, fields: Fields) -> tuple[str, ...]:
        """The service's own address."""
        return (str(fields["base_url"]),)

    def place(self, fields: Fields) -> str:
        """The service's host."""
        return urlsplit(str(fields.get("base_url", ""))).netloc

    def problems(self, fields: Fields) -> Mapping[str, str]:
        """The address has to be one, without anything behind its path."""
        try:
            parts = urlsplit(str(fields.get("base_url", "")))
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            is_address = False
        if not is_address:
            return {"base_url": "Write the whole address, such as https://api.example.com."}
        if parts.query or parts.fragment or "@" in parts.netloc:
            return {"base_url": "Leave out everything but host and path."}
        return {}

    def sign(self, request: OutgoingRequest, fields: Fields, secrets: Secrets) -> OutgoingRequest:
        """Add the key in the service's style."""
        key = secrets["key"]
        match fields["style"]:
            case "header":
                return request.with_private_header(str(fields["header_name"]), key)
            case "query":
                return replace(request, query={**request.query, str(fields["query_name"]): key})
            case "basic":
                login = base64.b64encode(f"{fields['username']}:{key}".encode()).decode()
                return request.with_private_header("Authorization", f"Basic {login}")
        return request.with_private_header("Authorization", f"Bearer {key}")
