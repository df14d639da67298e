"""Markdown to HTML: the common part of it, in linear time, with all foreign HTML escaped."""

import html
import re
from collections.abc import Iterator

from core.engine.expressions.meter import Meter

DEEPEST = 6  # quotes and lists inside each other

FENCE = re.compile(r" {0,3}(```|~~~)\s*([\w+-]*)\s*")
HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*")
RULE = re.compile(r" {0,3}(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})")
QUOTE = re.compile(r" {0,3}>\s?(.*)")
BULLET = re.compile(r"( {0,3})([-*+]|[0-9]{1,9}[.)])\s+(.*)")
LINK = re.compile(r"(?:https?://|mailto:|tel:|/|#)[^\s<>\"']*", re.IGNORECASE)
INLINE = re.compile(
    r"""
    \\(?P<escaped>[\\`*_{}\[\]()#+.!>~|-])
    | `(?P<code>[^`\n]+)`
    | !\[(?P<alt>[^\[\]\n]*)\]\((?P<image>[^()\s]+)\)
    | \[(?P<words>[^\[\]\n]*)\]\((?P<link>[^()\s]+)\)
    | \*\*(?P<strong>[^*\n]+)\*\* | (?<!\w)__(?P<strong_>[^_\n]+)__(?!\w)
    | \*(?P<em>[^*\s][^*\n]*)\* | (?<!\w)_(?P<em_>[^_\s][^_\n]*)_(?!\w)
    | ~~(?P<del>[^~\n]+)~~
    | <(?P<auto>https?://[^\s<>]+)>
    | (?P<hard>[ ]{2,}\n)
    """,
    re.VERBOSE,
)


def to_html(text: str, meter: Meter) -> str:
    """The HTML of a Markdown text."""
    return "\n".join(_blocks(text.replace("\r\n", "\n").split("\n"), meter, 0))


def _blocks(lines: list[str], meter: Meter, depth: int) -> Iterator[str]:
    meter.spend(len(lines))
    position = 0
    while position < len(lines):
        line = lines[position]
        if not line.strip():
            position += 1
            continue
        for pattern, block in BLOCKS:
            match = pattern.fullmatch(line)
            if match and (depth < DEEPEST or pattern not in (QUOTE, BULLET)):
                written, position = block(lines, position, match, meter, depth)
                break
        else:
            written, position = _paragraph(lines, position, meter)
        yield written


def _fence(
    lines: list[str], start: int, match: re.Match[str], meter: Meter, depth: int
) -> tuple[str, int]:
    end = start + 1
    while end < len(lines) and not lines[end].strip().startswith(match[1]):
        end += 1
    language = f' class="language-{match[2]}"' if match[2] else ""
    code = html.escape("\n".join(lines[start + 1 : end]))
    return f"<pre><code{language}>{code}\n</code></pre>", end + 1


def _heading(
    lines: list[str], start: int, match: re.Match[str], meter: Meter, depth: int
) -> tuple[str, int]:
    level = len(match[1])
    return f"<h{level}>{_inline(match[2], meter)}</h{level}>", start + 1


def _rule(
    lines: list[str], start: int, match: re.Match[str], meter: Meter, depth: int
) -> tuple[str, int]:
    return "<hr>", start + 1


def _quote(
    lines: list[str], start: int, match: re.Match[str], meter: Meter, depth: int
) -> tuple[str, int]:
    inner = []
    end = start
    while end < len(lines) and (quoted := QUOTE.fullmatch(lines[end])):
        inner.append(quoted[1])
        end += 1
    written = "\n".join(_blocks(inner, meter, depth + 1))
    return f"<blockquote>\n{written}\n</blockquote>", end


def _list(
    lines: list[str], start: int, match: re.Match[str], meter: Meter, depth: int
) -> tuple[str, int]:
    is_ordered = match[2][0].isdigit()
    items: list[list[str]] = []
    end = start
    while end < len(lines):
        bullet = BULLET.fullmatch(lines[end])
        if bullet and bullet[2][0].isdigit() == is_ordered and len(bullet[1]) < 2:
            items.append([bullet[3]])
        elif not items or not lines[end].startswith("  "):
            break
        else:
            items[-1].append(lines[end].lstrip(" ") if len(items[-1]) == 0 else lines[end][2:])
        end += 1
    tag = "ol" if is_ordered else "ul"
    written = "\n".join(f"<li>{_item(item, meter, depth)}</li>" for item in items)
    return f"<{tag}>\n{written}\n</{tag}>", end


def _item(lines: list[str], meter: Meter, depth: int) -> str:
    first = _inline(lines[0], meter)
    inner = "\n".join(_blocks(lines[1:], meter, depth + 1))
    return f"{first}\n{inner}" if inner else first


def _paragraph(lines: list[str], start: int, meter: Meter) -> tuple[str, int]:
    end = start + 1
    while end < len(lines) and lines[end].strip() and not _starts_block(lines[end]):
        end += 1
    text = "\n".join(line.lstrip() for line in lines[start:end]).rstrip()
    return f"<p>{_inline(text, meter)}</p>", end


def _starts_block(line: str) -> bool:
    return any(pattern.fullmatch(line) for pattern, _ in BLOCKS)


BLOCKS = ((FENCE, _fence), (HEADING, _heading), (RULE, _rule), (QUOTE, _quote), (BULLET, _list))


def _inline(text: str, meter: Meter, depth: int = 0) -> str:
    meter.spend_text(8 * len(text))
    parts, position = [], 0
    for match in INLINE.finditer(text):
        meter.spend(1)
        parts.append(html.escape(text[position : match.start()]))
        parts.append(_marked(match, meter, depth))
        position = match.end()
    return "".join(parts) + html.escape(text[position:])


def _marked(match: re.Match[str], meter: Meter, depth: int) -> str:
    mark = match.lastgroup or ""
    inner = match[mark]
    if mark in ("image", "link", "auto"):
        return _linked(match, mark, meter, depth)
    match mark:
        case "escaped":
            return html.escape(inner)
        case "code":
            return f"<code>{html.escape(inner)}</code>"
        case "hard":
            return "<br>\n"
    tag = mark.rstrip("_")
    written = _inline(inner, meter, depth + 1) if depth < DEEPEST else html.escape(inner)
    return f"<{tag}>{written}</{tag}>"


def _linked(match: re.Match[str], mark: str, meter: Meter, depth: int) -> str:
    if not LINK.fullmatch(match[mark]):
        return html.escape(match[0])
    address = html.escape(match[mark])
    match mark:
        case "image":
            return f'<img src="{address}" alt="{html.escape(match["alt"])}">'
        case "auto":
            return f'<a href="{address}">{address}</a>'
    words = _inline(match["words"], meter, depth + 1) if depth < DEEPEST else match["words"]
    return f'<a href="{address}">{words}</a>'
