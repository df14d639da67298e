"""Change values deep inside a mapping by dotted path, each change with what takes it back."""

from collections.abc import Mapping
from typing import Any

from core.engine.errors import DefinitionError

Changes = Mapping[str, Any]  # dotted path → new value, or None to remove what is there


def apply(mapping: Mapping[str, Any], changes: Changes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The mapping with the changes made, and the changes that take them back."""
    changed = dict(mapping)
    inverse: dict[str, Any] = {}
    for path, value in changes.items():
        keys = split(path)
        undo_path, undo_value = take_back(changed, keys)
        inverse.setdefault(join(undo_path), undo_value)
        changed = put(changed, keys, value)
    return changed, dict(reversed(inverse.items()))


def split(path: str) -> list[str]:
    """The keys of a dotted path; a backslash keeps a dot inside its key."""
    keys = path.replace("\\.", "\0").split(".")
    if not path or not all(keys):
        raise DefinitionError(f"“{path}” is not the path of a field")
    return [key.replace("\0", ".") for key in keys]


def join(keys: list[str]) -> str:
    """The dotted path of these keys."""
    return ".".join(key.replace(".", "\\.") for key in keys)


def take_back(mapping: Mapping[str, Any], keys: list[str]) -> tuple[list[str], Any]:
    """The path and the value there that undo a change at `keys`."""
    here: Any = mapping
    for depth, key in enumerate(keys):
        if not isinstance(here, Mapping):
            return keys[:depth], here
        if key not in here:
            return keys[: depth + 1], None
        # Only the whole mapping tells a null from nothing, and puts a key back where it was.
        is_last = key == next(reversed(here))
        if depth and (here[key] is None or (depth == len(keys) - 1 and not is_last)):
            return keys[:depth], dict(here)
        here = here[key]
    return keys, here


def put(container: Any, keys: list[str], value: Any) -> Any:
    key, *rest = keys
    if isinstance(container, list):
        return put_into_list(container, keys, value)
    if container is not None and not isinstance(container, Mapping):
        raise DefinitionError(f"there is nothing called “{key}” inside a plain value")
    changed = dict(container or {})
    if value is None and key not in changed:
        return changed
    if rest:
        changed[key] = put(changed.get(key), rest, value)
    elif value is None:
        changed.pop(key, None)
    else:
        changed[key] = value
    return changed


def put_into_list(items: list[Any], keys: list[str], value: Any) -> list[Any]:
    key, *rest = keys
    if not key.isdecimal() or int(key) >= len(items):
        raise DefinitionError(f"the list has no place “{key}”")
    position = int(key)
    if not rest and value is None:
        return [*items[:position], *items[position + 1 :]]
    new = put(items[position], rest, value) if rest else value
    return [*items[:position], new, *items[position + 1 :]]
