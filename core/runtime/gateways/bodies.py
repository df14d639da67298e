"""Turn what an author wants to send into bytes and headers."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from core.engine.http_messages import BodyType, HttpFailed
from core.runtime.gateways.urls import as_text, pairs

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
# These say how the message is framed and routed; a wrong one would let two requests pass as one.
OURS = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def encode(body: Any, body_type: BodyType) -> tuple[bytes, str | None]:
    """The body's bytes and content type; none of both when there is nothing to send."""
    if body_type == "none" or body is None:
        return b"", None
    try:
        return _encode(body, body_type)
    except UnicodeEncodeError as error:
        raise _unsendable("it holds half of a surrogate pair") from error
    except (TypeError, ValueError) as error:
        raise _unsendable(str(error)) from error


def _encode(body: Any, body_type: BodyType) -> tuple[bytes, str]:
    match body_type:
        case "json":
            text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            return text.encode(), "application/json"
        case "form":
            return urlencode(list(pairs(_fields(body)))).encode(), (
                "application/x-www-form-urlencoded"
            )
        case "multipart":
            return _multipart(_fields(body))
    if isinstance(body, bytes):
        return body, "application/octet-stream"
    return as_text(body).encode(), "text/plain; charset=utf-8"


def _fields(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        raise _unsendable("a form needs an object with one value for each field")
    return body


def _multipart(fields: Mapping[str, Any]) -> tuple[bytes, str]:
    parts = list(_parts(fields))
    # Made from the content, so that a second attempt sends the very same bytes.
    boundary = hashlib.sha256(b"".join(head + body for head, body in parts)).hexdigest()[:32]
    marker = f"--{boundary}\r\n".encode()
    sections = [marker + head + b"\r\n\r\n" + body + b"\r\n" for head, body in parts]
    whole = b"".join(sections) + f"--{boundary}--\r\n".encode()
    return whole, f"multipart/form-data; boundary={boundary}"


def _parts(fields: Mapping[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    for name, value in fields.items():
        for single in value if isinstance(value, list) else (value,):
            if isinstance(single, Mapping) and "base64" in single:
                yield _file(name, single)
            elif single is not None:
                head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
                yield head.encode(), as_text(single).encode()


def _file(name: str, file: Mapping[str, Any]) -> tuple[bytes, bytes]:
    try:
        content = base64.b64decode(str(file["base64"]), validate=True)
    except binascii.Error as error:
        raise _unsendable(f"the file “{name}” is not valid base64") from error
    filename = _quoted(str(file.get("filename", name)))
    content_type = str(file.get("content_type", "application/octet-stream"))
    check_header("content_type", content_type)
    head = (
        f'Content-Disposition: form-data; name="{_quoted(name)}"; filename="{filename}"\r\n'
        f"Content-Type: {content_type}"
    )
    return head.encode(), content


def _quoted(text: str) -> str:
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _unsendable(reason: str) -> HttpFailed:
    return HttpFailed("http", f"The body can't be sent: {reason}")


def headers(given: Mapping[str, Any]) -> dict[str, str]:
    """The author's headers, checked; empty ones are left out, of two alike the last one counts."""
    checked: dict[str, str] = {}
    for name, value in given.items():
        if value is None or value == "":
            continue
        text = as_text(value).strip()
        check_header(name, text)
        checked[name.lower()] = text
    return checked


def check_header(name: str, value: str) -> None:
    """Refuse names and values that would end the header or contradict the message."""
    if not HEADER_NAME.fullmatch(name):
        raise HttpFailed("http", f"“{name[:60]!r}” can't be the name of a header")
    if not HEADER_VALUE.fullmatch(value):
        raise HttpFailed("http", f"The header {name} holds a line break or control character")
    if name.lower() in OURS:
        raise HttpFailed("http", f"The header {name} is set by openBuild; leave it out")
