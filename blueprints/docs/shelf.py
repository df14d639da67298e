"""The pages there are: every Markdown file in `docs/`, in the order that their first lines say.

A file may begin with `<!-- order: 120 -->`; those without come last, by title. A folder is a
chapter and stands where its first page does.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "docs"
ORDER = re.compile(r"\A<!-- order: (\d+) -->\n")
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
FIRST_CHAPTER = "Start"
LAST = 10_000
MOST_PAGES = 500


@dataclass(frozen=True, slots=True)
class Page:
    """One file: `name` is its path without the ending, `text` its Markdown."""

    name: str
    title: str
    order: int
    text: str

    @property
    def folder(self) -> str:
        """The folder it is in; empty at the top."""
        return self.name.rpartition("/")[0]

    @property
    def chapter(self) -> str:
        """What its chapter is called."""
        return self.folder.capitalize() or FIRST_CHAPTER


@dataclass(frozen=True, slots=True)
class Chapter:
    """The pages of a folder, in order."""

    title: str
    pages: Sequence[Page]


def chapters() -> Sequence[Chapter]:
    """The whole table of contents."""
    found = [_read(file, file.stat().st_mtime_ns) for file in ROOT.rglob("*.md")]
    found.sort(key=lambda page: (page.folder, page.order, page.title))
    grouped = [list(pages) for _, pages in groupby(found, key=lambda page: page.folder)]
    grouped.sort(key=lambda pages: (pages[0].folder != "", pages[0].order, pages[0].folder))
    return [Chapter(pages[0].chapter, pages) for pages in grouped]


def pages() -> Sequence[Page]:
    """All pages, in the order in which one reads them."""
    return [page for chapter in chapters() for page in chapter.pages]


def find(name: str) -> Page | None:
    """The page of that name."""
    return next((page for page in pages() if page.name == name), None)


def neighbours(page: Page) -> tuple[Page | None, Page | None]:
    """The pages before and after it."""
    row = pages()
    place = row.index(page)
    before = row[place - 1] if place else None
    after = row[place + 1] if place + 1 < len(row) else None
    return before, after


@lru_cache(maxsize=MOST_PAGES)
def _read(file: Path, changed_at: int) -> Page:
    text = file.read_text(encoding="utf-8")
    order = ORDER.match(text)
    title = TITLE.search(text)
    name = file.relative_to(ROOT).with_suffix("").as_posix()
    return Page(
        name=name,
        title=title[1].strip() if title else name,
        order=int(order[1]) if order else LAST,
        text=text[order.end() :] if order else text,
    )
