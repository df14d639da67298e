"""Find words in the documentation: every word must be there, headings count most."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from blueprints.docs.rendering import Section, render_page
from blueprints.docs.shelf import Page, pages

MOST_WORDS = 8
MOST_FOUND = 20
BEFORE, AFTER = 60, 140  # characters shown around the first word found


@dataclass(frozen=True, slots=True)
class Found:
    """A section in which the words are."""

    page: Page
    section: Section
    excerpt: Markup
    weight: int


def search(needle: str) -> Sequence[Found]:
    """The sections that hold all words, best first."""
    words = needle.lower().split()[:MOST_WORDS]
    if not words:
        return []
    sections = ((page, section) for page in pages() for section in render_page(page).sections)
    found = [Found(*both, _excerpt(both[1], words), _weight(*both, words)) for both in sections]
    found = [one for one in found if one.weight]
    return sorted(found, key=lambda one: -one.weight)[:MOST_FOUND]


def _weight(page: Page, section: Section, words: Sequence[str]) -> int:
    """How much it is about these words; 0 when one of them is missing."""
    places = ((page.title, 4), (section.title, 6), (section.text, 1))
    each = [sum(worth for text, worth in places if word in text.lower()) for word in words]
    in_own_words = any(word in f"{section.title} {section.text}".lower() for word in words)
    return sum(each) if all(each) and in_own_words else 0


def _excerpt(section: Section, words: Sequence[str]) -> Markup:
    """What stands around the first word, with all of them marked."""
    anywhere = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    first = anywhere.search(section.text)
    start = max(first.start() - BEFORE, 0) if first else 0
    shown = section.text[start : start + BEFORE + AFTER]
    cut = "…" if start else ""
    rest = "…" if start + BEFORE + AFTER < len(section.text) else ""
    parts, place = [], 0
    for match in anywhere.finditer(shown):
        parts += [escape(shown[place : match.start()]), Markup("<mark>{}</mark>").format(match[0])]
        place = match.end()
    return Markup("").join([cut, *parts, escape(shown[place:]), rest])
