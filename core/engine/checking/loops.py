"""Loops that nothing ends but their greatest number of turns."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.engine import expressions
from core.engine.checking.constants import texts
from core.engine.checking.flow import is_endless
from core.engine.checking.problem import Place, Problem
from core.engine.definition import Step, live
from core.engine.scope import SET_VARIABLES

UNBOUND = "nothing ends this loop: after “At most” turns it fails. Say until when it repeats"
SAME = "nothing in the loop changes what this reads, so it is the same at every turn"
CHANGING = frozenset({"index", "item", "loops"})


def loop_problems(step: Step) -> Iterator[Problem]:
    """What a repeat has to be asked about its end."""
    if step.type != "repeat" or any(inner.type == "stop" for inner in live_inside(step)):
        return
    if is_endless(step):
        field = "inputs.while" if step.inputs.get("while") else "inputs.until"
        yield Place(step.id, field).warning("endless_loop", UNBOUND)
        return
    for key in ("until", "while"):
        if key in step.inputs and is_unchanging(step.inputs[key], step):
            yield Place(step.id, f"inputs.{key}").warning("unchanging_loop", SAME)


def live_inside(step: Step) -> Iterator[Step]:
    for branch in step.branches:
        yield from live(branch.steps)


def is_unchanging(condition: Any, loop: Step) -> bool:
    """Whether it reads only what was there before the loop began."""
    if not any(True for _ in texts(condition)) or any("(" in text for text in texts(condition)):
        return False  # now() and the like are different each time
    body = list(live_inside(loop))
    ids = {inner.id for inner in body}
    set_here = [inner.inputs.get("values") for inner in body if inner.type == SET_VARIABLES]
    for reference in expressions.references(condition):
        root, name = str(reference.path[0]), str((*reference.path, "", "")[1])
        if root in CHANGING or (root == "steps" and name in ids):
            return False
        if root == "vars" and any(not isinstance(v, Mapping) or name in v for v in set_here):
            return False
    return True
