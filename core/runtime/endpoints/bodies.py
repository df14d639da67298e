"""Read a call's body and query: raw bytes to JSON, form or text, or a refusal that says why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final
from urllib.parse import parse_qsl

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser
from werkzeug.http import parse_options_header

from core.engine import json_gate
from core.engine.auth_scheme import Call
from core.engine.json_gate import JsonRefused
from core.engine.parameters import BadParameter
from core.runtime.endpoints.refusals import Refused, bad_call

FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
ACCEPTED: Final = f"application/json, {FORM}, {MULTIPART}, text/plain"
MOST_FIELDS: Final = 1000

Texts = dict[str, list[str]]
MediaType = tuple[str, Mapping[str, str]]  # and its options


class BodyTooLarge(Exception):
    """The body is longer than allowed; it was not read to its end."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came in a body: a value, and for forms also every text under its name."""

    value: Any = None
    form: Texts | None = None


def check_type(call: Call) -> MediaType:
    """What the body is said to be, and options of that; raises Refused for what is never read."""
    encoding = (call.header("content-encoding") or "identity").strip().lower()
    if encoding != "identity":
        raise unsupported(f"Send the body as it is, without Content-Encoding: {encoding[:40]}.")
    media_type, options = parse_options_header(call.header("content-type") or "")
    charset = options.get("charset", "utf-8").strip("'\"").lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise unsupported(f"Send the body in UTF-8, not in {charset[:40]}.")
    return media_type.lower(), options


def unsupported(message: str) -> Refused:
    """A body in a form that nobody here reads."""
    return Refused(415, "UNSUPPORTED_MEDIA_TYPE", message, headers={"Accept-Post": ACCEPTED})


def read(call: Call, kind: MediaType, *, takes_text: bool) -> Sent:
    """The body's content; raises Refused."""
    media_type, options = kind
    if not call.body:
        return Sent()
    if media_type == "application/json" or media_type.endswith("+json"):
        return Sent(read_json(call.body))
    if media_type == FORM:
        return of_form(read_form(call.body))
    if media_type == MULTIPART:
        return of_form(read_multipart(call.body, options.get("boundary", "")))
    if media_type.startswith("text/") and takes_text:
        return Sent(checked(decoded(call.body)))
    raise unsupported(f"A body of the type “{media_type[:60]}” can't be read here. Send JSON.")


def read_json(body: bytes) -> Any:
    try:
        return json_gate.parse(body)
    except JsonRefused as refusal:
        message = f"The body is not valid JSON: {refusal}."
        wrong = BadParameter("body", refusal.code.upper(), str(refusal))
        raise Refused(400, "INVALID_JSON", message, errors=[wrong]) from refusal


def read_form(body: bytes) -> Texts:
    return pairs_of(decoded(body), "body")


def read_query(raw: str) -> Texts:
    """Every text of a query under its name; raises Refused."""
    return pairs_of(raw, "query")


def pairs_of(text: str, place: str) -> Texts:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except UnicodeDecodeError as error:
        raise bad_call(place, f"The {place} is not UTF-8.") from error
    except ValueError as error:
        raise bad_call(place, f"The {place} has more than {MOST_FIELDS} fields.") from error
    found: Texts = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    checked(found, place)
    return found


def read_multipart(body: bytes, boundary: str) -> Texts:
    if not boundary.isascii() or not 0 < len(boundary) <= 200:
        raise bad_call("body", "The form's boundary is missing or wrong.")
    parser = MultiPartParser(
        # Files are refused below; until then they stay in memory, which holds the body anyway.
        stream_factory=lambda *_, **__: BytesIO(),
        max_form_memory_size=len(body),
        max_form_parts=MOST_FIELDS,
    )
    try:
        form, files = parser.parse(BytesIO(body), boundary.encode(), len(body))
    except RequestEntityTooLarge as error:
        raise bad_call("body", f"The form has more than {MOST_FIELDS} fields.") from error
    except (ValueError, KeyError, LookupError) as error:
        raise bad_call("body", "The form can't be read; its parts are damaged.") from error
    if files:
        name = next(iter(files))
        raise bad_call(name[:100], f"“{name[:100]}” is a file, and files are not taken here.")
    found = {name: form.getlist(name) for name in form}
    checked(found)
    return found


def of_form(form: Texts) -> Sent:
    return Sent(flat(form), form)


def flat(texts: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """One text as it is, several as a list."""
    return {name: given[0] if len(given) == 1 else list(given) for name, given in texts.items()}


def decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise bad_call("body", f"The body is not UTF-8 at byte {error.start}.") from error


def checked(value: Any, place: str = "body") -> Any:
    """Only what the JSON gate would have let in can be kept."""
    try:
        return json_gate.check(value)
    except JsonRefused as refusal:
        raise bad_call(place, f"The {place} can't be kept: {refusal}.") from refusal
