"""The contract of the catalogue of triggers: what one file in `core/triggers/` declares."""

from collections.abc import Mapping
from typing import Any, ClassVar

from core.engine.fields import Field


class TriggerType:
    """A way to start a workflow. Subclasses declare; `key` is the file's name.

    `section` is where its settings stand under `triggers` in the file; "" means that it needs
    none and is always there.
    """

    key: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]
    icon: ClassVar[str]  # a name of the icon sprite
    section: ClassVar[str] = ""
    keywords: ClassVar[tuple[str, ...]] = ()
    fields: ClassVar[tuple[Field, ...]] = ()
    example_input: ClassVar[Mapping[str, Any]] = {}  # what `trigger` holds beside the parameters

    @property
    def defaults(self) -> dict[str, Any]:
        """The settings' default values, by key."""
        return {field.key: field.default for field in self.fields if field.default is not None}

    @property
    def new_settings(self) -> dict[str, Any]:
        """What its section holds when an author adds it."""
        return {}

    def is_in(self, triggers: Mapping[str, Any]) -> bool:
        """Whether a definition with these triggers has this start."""
        return not self.section or self.section in triggers

    def settings(self, triggers: Mapping[str, Any]) -> dict[str, Any]:
        """Its settings in these triggers, defaults included."""
        return {**self.defaults, **(triggers.get(self.section) or {})}

    def summary(self, settings: Mapping[str, Any]) -> str:
        """One short line for its card."""
        return ""
