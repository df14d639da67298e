"""What the rail and the settings list show: each room says so itself in its `__init__.py`.

RAIL = Entry("Runs", icon="history", endpoint="runs.index", order=30)
SETTINGS = (Entry("Keys", icon="key-round", endpoint="keys.index", order=20),)
PART_OF, TAB = "connections", Entry("Outbox", icon="inbox", endpoint="outbox.index", order=20)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from flask import Flask, request

import blueprints


def install(app: Flask) -> None:
    """Give templates what there is to navigate to."""
    app.jinja_env.globals.update(rail=rail, settings_groups=settings_groups, tabs=tabs)


@dataclass(frozen=True)
class Entry:
    """A link of the rail; in SETTINGS, of the list beside the settings pages."""

    label: str
    icon: str
    endpoint: str
    order: int
    group: str = "Workspace"
    at_the_end: bool = False

    def is_here(self) -> bool:
        """Whether the page being shown belongs to this entry."""
        if self in rail():
            room = self.endpoint.partition(".")[0]
            rooms_of_settings = {entry.endpoint for entry in _settings()}
            in_settings = request.endpoint in rooms_of_settings
            return self.at_the_end if in_settings else room_of_page() == room
        return request.endpoint == self.endpoint


def room_of_page() -> str:
    """The room of the rail that the page belongs to; a room may say PART_OF another."""
    name = request.blueprint or ""
    for room in blueprints.rooms():
        if room.bp.name == name:
            return str(getattr(room, "PART_OF", name))
    return name


def tabs() -> list[tuple[Entry, bool]]:
    """The rooms beside each other under one entry of the rail, and which one this is."""
    here = room_of_page()
    parts = [room for room in blueprints.rooms() if here in (room.bp.name, _part_of(room))]
    found = [room for room in parts if hasattr(room, "TAB")]
    found.sort(key=lambda room: room.TAB.order)
    return [(room.TAB, room.bp.name == request.blueprint) for room in found]


def _part_of(room: ModuleType) -> str:
    return str(getattr(room, "PART_OF", ""))


@cache
def rail() -> tuple[Entry, ...]:
    """The links of the rail, in order."""
    entries = [room.RAIL for room in blueprints.rooms() if hasattr(room, "RAIL")]
    return tuple(sorted(entries, key=lambda entry: entry.order))


@cache
def settings_groups() -> dict[str, list[Entry]]:
    """The links beside the settings pages, by group."""
    groups: dict[str, list[Entry]] = {"You": [], "Workspace": [], "openBuild": []}
    for entry in sorted(_settings(), key=lambda entry: entry.order):
        groups[entry.group].append(entry)
    return {name: entries for name, entries in groups.items() if entries}


def _settings() -> Iterator[Entry]:
    for room in blueprints.rooms():
        yield from getattr(room, "SETTINGS", ())
