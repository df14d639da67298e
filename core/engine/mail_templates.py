"""Mail templates: subject, text and HTML with placeholders such as {{name}} or {{var1}}.

This syntax is theirs alone: a placeholder is a name, never an expression, and what is filled in
is never read again.
"""

import html as markup
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.engine.mail_messages import MailFailed

NAME = r"[A-Za-z_][A-Za-z0-9_]{0,39}"
PLACEHOLDER = re.compile(
    r"\{\{\{[ \t]*(?P<raw>" + NAME + r")[ \t]*\}\}\}|\{\{[ \t]*(?P<safe>" + NAME + r")[ \t]*\}\}"
)
STRAY = re.compile(r"\{\{.{0,40}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MailContent:
    """Subject, text and HTML: of a template with its placeholders, or filled in."""

    subject: str
    text: str = ""
    html: str = ""

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Their names, in the order in which they come first."""
        whole = (self.subject, self.text, self.html)
        return tuple(dict.fromkeys(name for part in whole for name in _names(part)))

    @property
    def problems(self) -> dict[str, str]:
        """What is no placeholder though it begins like one, by part."""
        parts = {"subject": self.subject, "text": self.text, "html": self.html}
        stray = {key: STRAY.search(PLACEHOLDER.sub("", part)) for key, part in parts.items()}
        return {
            key: f"“{' '.join(found[0].split())}” is no placeholder; write {{{{name}}}}: "
            "letters, digits and _"
            for key, found in stray.items()
            if found
        }

    def fill(self, values: Mapping[str, Any]) -> "MailContent":
        """The same with every value in its place; raises MailFailed when one is missing."""
        missing = [name for name in self.placeholders if name not in values]
        if missing:
            named = ", ".join(f"“{name}”" for name in missing)
            raise MailFailed(f"the template needs a value for {named}; nothing was sent")
        return MailContent(
            _filled(self.subject, values),
            _filled(self.text, values),
            _filled(self.html, values, is_html=True),
        )


def _names(part: str) -> Iterator[str]:
    for match in PLACEHOLDER.finditer(part):
        yield match["raw"] or match["safe"]


def _filled(part: str, values: Mapping[str, Any], *, is_html: bool = False) -> str:
    def value_of(match: re.Match[str]) -> str:
        said = _say(values[match["raw"] or match["safe"]])
        return markup.escape(said) if is_html and match["safe"] else said

    return PLACEHOLDER.sub(value_of, part)


def _say(value: Any) -> str:
    """A value as it stands in a mail: null is nothing, objects are JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
