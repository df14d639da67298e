"""Texts in other clothes: addresses, base64, hashes, HTML."""

import base64
import binascii
import hashlib
import html
import re
import uuid as uuids
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlencode

from core.engine.expressions import markdown, patterns
from core.engine.expressions.casts import Object
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.function import function
from core.engine.expressions.values import check_text, is_list, to_text, utf8

UNSEEN = r"(?is)<!--.*?-->|<(?:script|style)\b.*?</(?:script|style)\s*>"
LINE_ENDS = r"(?i)<br\s*/?>|</(?:p|div|li|tr|h[1-6])\s*>"
TAGS = r"<[a-zA-Z/!?][^>]*>"


@function("encode for an address", "{{ 'a b&c' | encode_url }}", "a%20b%26c", "text")
def encode_url(evaluation: Evaluation, text: str) -> str:
    """Safe as a part of a URL."""
    return check_text(quote(utf8(text), safe=""))


@function("decode from an address", "{{ 'a%20b%26c' | decode_url }}", "a b&c", "text")
def decode_url(evaluation: Evaluation, text: str) -> str:
    """Plain text again of a part of a URL."""
    return check_text(unquote_to_bytes(utf8(text)).decode("utf-8", "replace"))


@function("encode as base64", "{{ 'Ada' | encode_base64 }}", "QWRh", "text")
def encode_base64(evaluation: Evaluation, text: str) -> str:
    """The UTF-8 text in base64."""
    return check_text(base64.b64encode(utf8(text)).decode())


@function("decode base64", "{{ 'QWRh' | decode_base64 }}", "Ada", "text")
def decode_base64(evaluation: Evaluation, text: str) -> str:
    """The UTF-8 text that base64 holds, also in its spelling for addresses."""
    clean = re.sub(r"\s+", "", text).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(utf8(clean + "=" * (-len(clean) % 4)), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ExpressionError("this is no base64 of a text") from error


@function("MD5", "{{ 'Ada' | md5 }}", "1a382809b7c03f686e12dd15677c5497", "text")
def md5(evaluation: Evaluation, text: str) -> str:
    """The MD5 fingerprint in hexadecimal; good for comparing, not for secrets."""
    return hashlib.md5(utf8(text), usedforsecurity=False).hexdigest()


@function("SHA-256", "{{ 'Ada' | sha256 | slice(0, 8) }}", "99a563ab", "text")
def sha256(evaluation: Evaluation, text: str) -> str:
    """The SHA-256 fingerprint in hexadecimal."""
    return hashlib.sha256(utf8(text)).hexdigest()


@function("new random id", "{{ uuid() | length }}", 36)
def uuid(evaluation: Evaluation) -> str:
    """A new random id."""
    return str(uuids.uuid4())


@function(
    "Markdown to HTML",
    "{{ 'Hello **Ada**' | markdown_to_html }}",
    "<p>Hello <strong>Ada</strong></p>",
    "text",
)
def markdown_to_html(evaluation: Evaluation, text: str) -> str:
    """Markdown as HTML; HTML inside it stays visible text, so it is safe in mails and pages."""
    return check_text(markdown.to_html(text, evaluation.meter))


@function("without HTML", "{{ '<p>Hello <b>Ada</b></p>' | strip_html }}", "Hello Ada", "text")
def strip_html(evaluation: Evaluation, text: str) -> str:
    """The text of an HTML page, without its tags."""
    for pattern, by in ((UNSEEN, ""), (LINE_ENDS, "\n"), (TAGS, "")):
        text = _without(evaluation, pattern, text, by)
    return html.unescape(text).strip()


@function("escape for HTML", "{{ '<Ada & Co>' | escape_html }}", "&lt;Ada &amp; Co&gt;", "text")
def escape_html(evaluation: Evaluation, text: str) -> str:
    """Safe to stand in HTML."""
    return check_text(html.escape(text))


@function(
    "as a query string",
    "{{ query_string({'q': 'a b', 'tag': ['x', 'y']}) }}",
    "q=a+b&tag=x&tag=y",
    "object",
)
def query_string(evaluation: Evaluation, object_: Object) -> str:
    """Keys and values as the part of a URL behind the question mark; null is left out."""
    pairs = []
    for key, value in object_.items():
        values: Any = value if is_list(value) else [value]
        evaluation.meter.spend(len(values))
        pairs += [
            (utf8(key), utf8(to_text(one, evaluation.meter))) for one in values if one is not None
        ]
    return check_text(urlencode(pairs))


def _without(evaluation: Evaluation, pattern: str, text: str, by: str) -> str:
    parts, position = [], 0
    text = patterns.whole_characters(text)
    for match in patterns.places(evaluation, patterns.compiled(pattern), text):
        parts += [text[position : match.start()], by]
        position = match.end()
    return "".join(parts) + text[position:]
