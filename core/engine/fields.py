"""Field: one declared input of a step type, a trigger, an auth scheme or a connector."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KINDS = frozenset(
    {
        "text",  # one line, may hold values of earlier steps
        "long_text",
        "number",
        "yes_no",
        "choice",  # one of `choices`, never an expression
        "json",  # any JSON, text fields inside may hold values
        "mapping",  # rows of key and value
        "list",  # a list: one expression, or rows
        "condition",  # rows or one expression
        "duration",
        "date",
        "url",
        "workflow",  # the name of a workflow of this workspace
        "connection",  # the name of a connection; `choices` lists the fitting types
        "mail_template",  # the name of a mail template
        "secret",  # only in connectors: write-only
        "code",
    }
)


@dataclass(frozen=True, slots=True)
class Field:
    """A declared input: what the form shows, what the checker expects, what the file may hold.

    `choices` are (value, label) pairs. `per_turn` fields are evaluated inside the body's scope
    at each turn, not once at entry; a step without a body that `has_turns` gets a list of them,
    one for each item of its list. `shown_when` names another field and the values of it
    with which this one matters. `literal` fields never hold expressions. Numbers that are
    `is_whole` have no decimals, and text is none.
    """

    key: str
    label: str
    kind: str = "text"
    required: bool = True
    default: Any = None
    help: str = ""
    placeholder: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    per_turn: bool = False
    literal: bool = False
    advanced: bool = False
    shown_when: tuple[str, tuple[Any, ...]] | None = None
    minimum: float | None = None
    maximum: float | None = None
    is_whole: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"field “{self.key}”: there is no kind “{self.kind}”")

    def is_shown(self, inputs: Mapping[str, Any], defaults: Mapping[str, Any]) -> bool:
        """Whether this field matters beside the given inputs."""
        if self.shown_when is None:
            return True
        key, values = self.shown_when
        return inputs.get(key, defaults.get(key)) in values
