"""Large values of a journal: each is written once, and entries name it where it stands.

An entry with large values is written as `["lightened", places, entry]`; a place is `[path, seq,
number]`, and the path is a position in the entry and the keys from there to where it has null.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from operator import getitem
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, insert, select

from core.engine.entries import Entry
from core.storage.run import Payload

LARGE = 32 * 1024  # bytes of JSON; for texts, characters
MOST_KEYS = 100  # of an object whose values are looked at one by one,
DEEPEST = 3  # and how deep
LIGHTENED = "lightened"
PAYLOAD = Payload.__table__
READ = select(PAYLOAD.c.content).where(
    PAYLOAD.c.run_id == bindparam("run"),
    PAYLOAD.c.seq == bindparam("seq"),
    PAYLOAD.c.number == bindparam("number"),
)
Name = tuple[int, int]  # seq of the segment it was written with, number in it


class LargeValues:
    """The large values of one run as its holder knows them: by identity, for values never change.

    `lighten` names them, `write` stores the new ones, and `settle` is for when that is committed.
    """

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self._names: dict[int, Name] = {}
        self._values: dict[Name, Any] = {}  # held, so that no other value gets their identities
        self._new: list[tuple[Any, Name, bytes]] = []

    def lighten(self, entries: Iterable[Entry], seq: int) -> list[Entry]:
        """The entries as they are written with that segment."""
        self._new = []
        return [self._lightened(entry, seq) for entry in entries]

    def write(self, connection: Connection) -> None:
        """Write the values that the last `lighten` has met first."""
        rows = [
            {"run_id": self.run_id, "seq": seq, "number": number, "content": content}
            for _, (seq, number), content in self._new
        ]
        if rows:
            connection.execute(insert(PAYLOAD), rows)

    def settle(self) -> None:
        """What was written is committed: from now on it is known."""
        for value, name, _ in self._new:
            self._know(value, name)
        self._new = []

    def read(self, connection: Connection, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Entries as they were before they were lightened; the same value is the same object."""

        def value_of(name: Name) -> Any:
            if name not in self._values:
                self._know(_content(connection, self.run_id, name), name)
            return self._values[name]

        return filled(entries, value_of)

    def _know(self, value: Any, name: Name) -> None:
        self._names[id(value)] = name
        self._values[name] = value

    def _lightened(self, entry: Entry, seq: int) -> Entry:
        places: list[Any] = []
        light = [*entry[:2]]
        for position, value in enumerate(entry[2:], start=2):
            light.append(self._light(value, seq, [position], places))
        return [LIGHTENED, places, light] if places else entry

    def _light(self, value: Any, seq: int, path: list[Any], places: list[Any]) -> Any:
        """The value, with null for its large parts or for itself; their places are added."""
        if not isinstance(value, str | list | dict):
            return value
        name = self._name(value)
        if name is None and isinstance(value, dict) and len(value) <= MOST_KEYS:
            before = len(places)
            if len(path) <= DEEPEST:
                parts = value.items()
                light = {key: self._light(part, seq, [*path, key], places) for key, part in parts}
                if len(places) > before:
                    return light
        name = name or self._new_name(value, seq)
        if name is None:
            return value
        places.append([path, *name])
        return None

    def _name(self, value: Any) -> Name | None:
        known = self._names.get(id(value))
        return known or next((name for other, name, _ in self._new if other is value), None)

    def _new_name(self, value: Any, seq: int) -> Name | None:
        """A name, if the value is large."""
        if isinstance(value, str) and len(value) < LARGE:
            return None
        content = orjson.dumps(value)
        if len(content) < LARGE:
            return None
        name = seq, len(self._new)
        self._new.append((value, name, content))
        return name


def filled(entries: Iterable[Entry], value_of: Callable[[Name], Any]) -> Iterator[Entry]:
    """Entries with their large values back where they stand."""
    for entry in entries:
        if entry[0] != LIGHTENED:
            yield entry
            continue
        _, places, light = entry
        for (*before, last), seq, number in places:
            reduce(getitem, before, light)[last] = value_of((seq, number))
        yield light


def without(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Entries with null where a large value stands."""
    return (entry if entry[0] != LIGHTENED else entry[2] for entry in entries)


def _content(connection: Connection, run_id: str, name: Sequence[int]) -> Any:
    given = {"run": run_id, "seq": name[0], "number": name[1]}
    return connection.execute(READ, given).scalar_one()
