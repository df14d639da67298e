"""Turn the bytes that came back into a bounded, storable value."""

import base64
import email.message
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from core import clock
from core.engine import json_gate
from core.engine.http_messages import HttpFailed

STEP = 64 * 1024
LONGEST_RETRY_AFTER = 24 * 3600.0  # seconds
TEXT_TYPES = ("text/", "application/xml", "application/x-www-form-urlencoded", "image/svg")
TEXT_ENDINGS = ("+xml", "/javascript", "/ecmascript", "/yaml", "/x-yaml", "/graphql", "/csv")


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Header names in lower case; values of a repeated name are joined by commas."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key = name.decode("latin-1").lower()
        text = _decoded(value).replace("\0", "\ufffd")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _decoded(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def read(chunks: Iterable[bytes], encoding: str, max_bytes: int) -> bytes:
    """The whole decoded body; stops at the limit, on the wire and after decoding."""
    whole = bytearray()
    for chunk in _decode(_limited(chunks, max_bytes), encoding.strip().lower()):
        whole += chunk
        if len(whole) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(whole)


def _limited(chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    seen = 0
    for chunk in chunks:
        seen += len(chunk)
        if seen > max_bytes:
            raise _too_large(max_bytes)
        yield chunk


def _decode(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    match encoding:
        case "" | "identity":
            yield from chunks
        case "gzip" | "x-gzip":
            yield from _inflate(chunks, zlib.decompressobj(zlib.MAX_WBITS | 16))
        case "deflate":
            yield from _inflate_either(chunks)
        case _:
            raise HttpFailed("http", f"The answer's compression “{encoding[:40]}” can't be read")


def _inflate_either(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Deflate comes with or without zlib's header; the first byte tells."""
    rest = iter(chunks)
    first = next((chunk for chunk in rest if chunk), b"")
    has_header = bool(first) and first[0] & 0x0F == 8
    window = zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS

    def again() -> Iterator[bytes]:
        yield first
        yield from rest

    yield from _inflate(again(), zlib.decompressobj(window))


def _inflate(chunks: Iterable[bytes], inflater: Any) -> Iterator[bytes]:
    """In small steps: a few bytes may stand for gigabytes."""
    try:
        for chunk in chunks:
            while chunk and not inflater.eof:
                yield inflater.decompress(chunk, STEP)
                chunk = inflater.unconsumed_tail
    except zlib.error as error:
        raise HttpFailed("http", f"The answer's compression is damaged: {error}") from error


def _too_large(max_bytes: int) -> HttpFailed:
    size = f"{max_bytes / 1_000_000:g} MB" if max_bytes >= 100_000 else f"{max_bytes:,} bytes"
    return HttpFailed("http", f"The answer is larger than {size}, the limit for one answer")


def value_of(raw: bytes, content_type: str) -> tuple[Any, str | None]:
    """The body as JSON, text or, for anything else, base64; and what is odd about it."""
    if not raw:
        return None, None
    parsed = _content_type(content_type)
    media = parsed.get_content_type()
    note = None
    if media == "application/json" or media.endswith("+json"):
        try:
            return json_gate.parse(raw), None
        except json_gate.JsonRefused as error:
            note = f"The answer says it is JSON, but was kept as text: {error}"
    text = _text(raw, media, parsed.get_content_charset())
    if text is not None:
        return text.replace("\0", "\ufffd"), note
    encoded = base64.b64encode(raw).decode()
    return {"base64": encoded, "content_type": media, "size": len(raw)}, note


def _content_type(value: str) -> email.message.Message:
    message = email.message.Message()
    message["content-type"] = value or "application/octet-stream"
    return message


def _text(raw: bytes, media: str, charset: str | None) -> str | None:
    if charset is not None:
        try:
            # Some encodings have words for half a surrogate pair, which can't be stored.
            text = raw.decode(charset, errors="replace")
            return text.encode("utf-8", "replace").decode()
        except (LookupError, ValueError):
            pass
    if media.startswith(TEXT_TYPES) or media.endswith((*TEXT_ENDINGS, "json")):
        return raw.decode("utf-8", errors="replace")
    try:
        return None if b"\0" in raw else raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def retry_after(headers: dict[str, str]) -> float | None:
    """How many seconds the server asks to wait: it sends a number, or a date."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    else:
        moment = _date(text)
        if moment is None:
            return None
        # By the clock of whoever said it: ours may be another.
        said_at = _date(headers.get("date", "")) or clock.now()
        seconds = (moment - said_at).total_seconds()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
