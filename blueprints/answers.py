"""Read the form that answers a question, wherever it is shown."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import request

from core.runtime import approvals
from core.runtime.approvals import Question

YES, NO = "approve", "decline"
TOO_LATE = "This was answered before, or its time is over; nothing was changed."


@dataclass(slots=True)
class Typed:
    """What somebody typed and pressed, and by field what is wrong with it."""

    values: dict[str, list[str]] = field(default_factory=dict)
    comment: str = ""
    problems: dict[str, str] = field(default_factory=dict)
    place: str = ""  # the question's path, where a page may show several

    def of(self, place: str) -> "Typed":
        """What was typed into the form of that question."""
        return self if self.place == place else Typed()


def take(question: Question, by: str) -> tuple[Typed, str]:
    """Answer with what the request holds; what was typed, and a sentence on how that went.

    The sentence is empty when something is wrong with the form.
    """
    texts = dict(request.form.lists())
    typed = Typed(texts, request.form.get("_comment", ""), place=request.form.get("_step", ""))
    decision = request.form.get("_decision")
    if decision not in (YES, NO):
        typed.problems["_decision"] = "Choose “Approve” or “Decline”."
        return typed, ""
    values, problems = approvals.read_fields(question, texts)
    if decision == YES and problems:
        typed.problems = problems
        return typed, ""
    is_taken = approvals.answer(
        question, approved=decision == YES, by=by, comment=typed.comment, fields=values
    )
    if not is_taken:
        return typed, TOO_LATE
    return typed, "Approved. The run goes on." if decision == YES else "Declined. The run goes on."


def say_value(value: Any, kind: str, timezone: str) -> str:
    """A value of a form as a person typed it, dates in that zone: “a, b”, “24 Dec 2026 18:30”."""
    match value:
        case bool():
            return "Yes" if value else "No"
        case Mapping():
            return json.dumps(value, ensure_ascii=False)
        case list() | tuple():
            return ", ".join(say_value(item, kind, timezone) for item in value)
        case str() if kind == "date":
            return say_date(datetime.fromisoformat(value).astimezone(ZoneInfo(timezone)))
        case _:
            return str(value)


def say_date(local: datetime) -> str:
    """The day, with the time unless it is the day's beginning, as when only a day was typed."""
    time = f"{local:%-H:%M:%S}" if local.second else f"{local:%-H:%M}"
    return f"{local:%-d %b %Y}" + ("" if time == "0:00" else f" {time}")
