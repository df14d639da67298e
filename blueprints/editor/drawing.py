"""How to draw what the definition does not know: rows still blank, ways of showing a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Drawing:
    """`blank` names the list that gets an empty row; `modes` says by field how to show it."""

    blank: str = ""
    modes: Mapping[str, str] = field(default_factory=dict)
