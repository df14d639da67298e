"""How a failed run can go on, as its page offers it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from core.runtime import resuming
from core.runtime.resuming import NotResumable
from core.runtime.run_view import RunView
from core.storage.db import db
from core.storage.workflow import Version

LONGEST_INPUTS = 1_000_000  # characters


@dataclass(frozen=True, slots=True)
class Ways:
    """How a failed run can go on: as its page offers it."""

    step_label: str
    live_number: int | None  # the published version, if it is another one and the step is there
    why_not_live: str
    inputs: str  # what went in, to be changed; empty where nothing did
    problem: str = ""  # what is wrong with the inputs that somebody typed


def ways(view: RunView) -> Ways | None:
    """What a person can do about this run; nothing if it can't be taken up."""
    try:
        plan = resuming.plan(view.run)
    except NotResumable:
        return None
    step = view.step(plan.path) if plan.path else None
    number, why_not = _live(view) if plan.path else (None, "")
    has_inputs = step is not None and not step.is_block and isinstance(step.inputs, Mapping)
    inputs = json.dumps(step.inputs, ensure_ascii=False, indent=1) if step and has_inputs else ""
    shown = inputs if len(inputs) <= LONGEST_INPUTS else ""
    return Ways(step.label if step else "", number, why_not, shown)


def _live(view: RunView) -> tuple[int | None, str]:
    """The published version that it could go on with, or why it can't."""
    published = view.workflow.published_id
    if view.run.mode != "live" or published in (None, view.run.version_id):
        return None, ""
    number = db.session.get_one(Version, published).number
    try:
        resuming.plan(view.run, is_published=True)
    except NotResumable as refused:
        return None, f"Version {number} is live, but it can’t go on there: {refused}."
    return number, ""
