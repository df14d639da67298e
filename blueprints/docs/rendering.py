"""A page of the documentation as HTML: anchors, links inside the product, code that copies."""

import html
import re
from dataclasses import dataclass
from functools import lru_cache
from posixpath import join, normpath
from textwrap import dedent

import nh3
from flask import current_app, url_for
from markdown import Markdown
from markupsafe import Markup

from blueprints.docs.shelf import MOST_PAGES, ROOT, Page, find

EXTENSIONS = ("tables", "fenced_code", "sane_lists", "toc")
TEXT_TAGS = {"a", "br", "code", "del", "em", "img", "kbd", "strong"}
BLOCK_TAGS = {"blockquote", "h1", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "ul"}
TABLE_TAGS = {"table", "tbody", "td", "th", "thead", "tr"}
TAGS = TEXT_TAGS | BLOCK_TAGS | TABLE_TAGS
ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}} | {f"h{level}": {"id"} for level in "1234"}
FILE_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".json": "application/json"}
ELSEWHERE = re.compile(r"(?:[a-z]+:|/|#)")

HREF = re.compile(r'<a href="([^"]*)"')
IMAGE = re.compile(r"<p>\s*<img ([^>]*)>\s*</p>")
SETTING = re.compile(r'(\w+)="([^"]*)"')
CODE = re.compile(r"<pre><code>(.*?)</code></pre>", re.DOTALL)
TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)
HEADING = re.compile(r'<h([23]) id="([^"]*)">(.*?)</h\1>', re.DOTALL)
FIRST_HEADING = re.compile(r"<h1[^>]*>.*?</h1>", re.DOTALL)
BETWEEN = re.compile(r"</?(?:p|li|ul|ol|t[dhr]|table|h\d|pre|br|blockquote)\b[^>]*>")
ANY_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it, as plain text; the page's own has no anchor."""

    anchor: str
    title: str
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a page shows: without its first heading, which the frame draws."""

    html: Markup
    sections: tuple[Section, ...]


@lru_cache(maxsize=MOST_PAGES)
def render_page(page: Page) -> Rendered:
    """The page as HTML, its links leading to addresses of this product."""
    written = Markdown(extensions=list(EXTENSIONS)).convert(page.text)
    clean = nh3.clean(written, tags=TAGS, attributes=ATTRIBUTES, link_rel=None)
    clean = FIRST_HEADING.sub("", clean, count=1)
    sections = _sections(page, clean)
    for pattern, draw in ((HREF, _link), (IMAGE, _picture)):
        clean = pattern.sub(lambda match, draw=draw: draw(page, match), clean)
    for pattern, frame in ((CODE, _code), (TABLE, _table), (HEADING, _heading)):
        clean = pattern.sub(frame, clean)
    return Rendered(Markup(clean), sections)


def address(page: Page, target: str) -> str | None:
    """Where a link of that page leads: another page, a file of the documentation, or None."""
    path, _, anchor = target.partition("#")
    place = normpath(join(page.folder, path))
    if path.endswith(".md"):
        other = find(place.removesuffix(".md"))
        return url_for("docs.page", page=other.name, _anchor=anchor or None) if other else None
    is_file = (
        place.endswith(tuple(FILE_TYPES))
        and not place.startswith("..")
        and (ROOT / place).is_file()
    )
    return url_for("docs.file", file=place) if is_file else None


def _sections(page: Page, clean: str) -> tuple[Section, ...]:
    """The text cut at its headings."""
    pieces = HEADING.split(clean)
    found = [Section("", page.title, 1, plain(pieces[0]))]
    for level, anchor, title, text in zip(*(pieces[n::4] for n in range(1, 5)), strict=True):
        found.append(Section(anchor, plain(title), int(level), plain(text)))
    return tuple(found)


def plain(markup: str) -> str:
    """Text without tags, on one line."""
    return " ".join(html.unescape(ANY_TAG.sub("", BETWEEN.sub(" ", markup))).split())


def _link(page: Page, match: re.Match[str]) -> str:
    target = html.unescape(match[1])
    if ELSEWHERE.match(target):
        more = ' rel="noopener" target="_blank"' if "://" in target else ""
        return f'<a class="link" href="{match[1]}"{more}'
    found = address(page, target)
    return f'<a class="link" href="{html.escape(found)}"' if found else "<a"


def _picture(page: Page, match: re.Match[str]) -> str:
    given = dict(SETTING.findall(match[1]))
    found = html.escape(address(page, html.unescape(given["src"])) or "")
    picture = f'<img src="{found}" alt="{given.get("alt", "")}">'
    return f'<figure class="docs__picture" tabindex="0">{picture}</figure>'


def _code(match: re.Match[str]) -> str:
    text = dedent(html.unescape(match[1])).strip("\n")
    drawing = current_app.jinja_env.get_template("components/code.html").module
    return str(drawing.code_block(text) if "\n" in text else drawing.code_line(text))


def _table(match: re.Match[str]) -> str:
    return f'<div class="docs__table" tabindex="0">{match[0]}</div>'


def _heading(match: re.Match[str]) -> str:
    level, anchor, title = match.groups()
    about = f"Link to “{html.escape(plain(title))}”"
    link = f'<a class="docs__anchor" href="#{anchor}" aria-label="{about}">#</a>'
    return f'<h{level} id="{anchor}">{title} {link}</h{level}>'
