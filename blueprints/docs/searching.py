"""Find words in the documentation: every word must be there, headings count most.

Where they are nowhere as they were typed, other forms of them count, and what we call the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from blueprints.docs.other_words import forms
from blueprints.docs.rendering import Section, render_page
from blueprints.docs.shelf import Page, pages

MOST_WORDS = 8
MOST_FOUND = 20
Forms = tuple[str, ...]  # that stand for one word
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
    as_typed, widened = [(word,) for word in words], [forms(word) for word in words]
    return _sections(as_typed) or _sections(widened) if words else []


def _sections(words: Sequence[Forms]) -> Sequence[Found]:
    sections = ((page, section) for page in pages() for section in render_page(page).sections)
    found = [Found(*both, _excerpt(both[1], words), _weight(*both, words)) for both in sections]
    found = [one for one in found if one.weight]
    return sorted(found, key=lambda one: -one.weight)[:MOST_FOUND]


def _weight(page: Page, section: Section, words: Sequence[Forms]) -> int:
    """How much it is about these words; 0 when one of them is missing."""
    places = ((page.title, 4), (section.title, 6), (section.text, 1))
    each = [sum(worth for text, worth in places if _is_in(text, word)) for word in words]
    in_own_words = any(_is_in(f"{section.title} {section.text}", word) for word in words)
    return sum(each) if all(each) and in_own_words else 0


def _is_in(text: str, word: Forms) -> bool:
    return any(form in text.lower() for form in word)


def _excerpt(section: Section, words: Sequence[Forms]) -> Markup:
    """What stands around the first word, with all of them marked."""
    longest_first = sorted({form for word in words for form in word}, key=len, reverse=True)
    anywhere = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
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
