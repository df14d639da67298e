"""What a step asks of the outside world over HTTP, what comes back, and how it can fail."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

BodyType = Literal["json", "form", "multipart", "text", "none"]
FailureKind = Literal["connection", "timeout", "blocked_address", "http"]

DEFAULT_TIMEOUT = 30.0
DEFAULT_MAX_BYTES = 10_000_000

RETRYABLE_STATUSES = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """One request as its author means it; `timeout` is wall-clock seconds for all of it.

    `private_headers` are the names (lower case) of headers that carry a secret: they never follow
    a redirect to another origin.
    """

    method: str
    url: str
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    body_type: BodyType = "none"
    private_headers: frozenset[str] = frozenset()
    follow_redirects: bool = True
    timeout: float = DEFAULT_TIMEOUT
    max_bytes: int = DEFAULT_MAX_BYTES

    def with_header(self, name: str, value: str) -> Self:
        """The same request with a header, in place of any of that name."""
        kept = {key: text for key, text in self.headers.items() if key.lower() != name.lower()}
        return replace(self, headers={**kept, name: value})

    def with_private_header(self, name: str, value: str) -> Self:
        """The same request with a secret in a header, in place of any of that name."""
        private = self.private_headers | {name.lower()}
        return replace(self.with_header(name, value), private_headers=private)


@dataclass(frozen=True, slots=True)
class OutgoingAnswer:
    """What came back: header names in lower case, the body as JSON where it is JSON, else text.

    `note` says what had to be kept otherwise than announced, `url` where the answer came from,
    `retry_after` how many seconds the server asks to be left alone.
    """

    status: int
    headers: Mapping[str, str]
    body: Any
    url: str
    note: str | None = None
    retry_after: float | None = None


class HttpFailed(Exception):
    """A request got no usable answer; `message` is a sentence for the author."""

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        retryable: bool = False,
        retry_after: float | None = None,
        answer: OutgoingAnswer | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retryable = retryable
        self.retry_after = retry_after
        self.answer = answer


def is_retryable_status(status: int) -> bool:
    """Whether the same request may succeed later after this status."""
    return status in RETRYABLE_STATUSES or status >= 500
