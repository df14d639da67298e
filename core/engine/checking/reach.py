"""Steps and paths that no run can come to, and ways on which a caller gets no answer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.engine.checking.constants import constant
from core.engine.checking.flow import FAILING, Flow, is_endless, takeable
from core.engine.checking.problem import Place, Problem
from core.engine.checking.references import Known
from core.engine.definition import Branch, Definition, Step
from core.engine.step_type import BlockType

MOST_BLAMED = 5
GOING_ON = ("on_error", "inputs.on_item_error", "inputs.on_branch_error")
NO_ANSWER = "whoever calls gets an empty answer then; answer there too, or accept it"


def reach_problems(steps: tuple[Step, ...], flow: Flow) -> Iterator[Problem]:
    """Steps behind one that always ends the run, paths and steps that are never chosen."""
    end: Step | None = None
    for step in steps:
        if step.disabled:
            continue
        if end is not None:
            yield unreachable(step, end)
            return
        if constant(step.only_when) is False:
            message = "this never holds, so the step never runs"
            yield Place(step.id, "only_when").warning("never_runs", message)
            continue
        yield from path_problems(step, flow)
        if not flow.goes_on(step):
            end = step


def unreachable(step: Step, end: Step) -> Problem:
    ending = "never ends well" if is_endless(end) else "always ends the run, or its part of it"
    message = f"no run comes to this step: “{end.id}” before it {ending}"
    return Place(step.id, "").warning("unreachable", message)


def path_problems(step: Step, flow: Flow) -> Iterator[Problem]:
    """The same for the paths inside a step."""
    step_type = flow.step_types.get(step.type)
    is_choosing = isinstance(step_type, BlockType) and step_type.branches_have_conditions
    taken = {branch.key for branch in takeable(step)} if is_choosing else None
    for branch in step.branches:
        if taken is not None and branch.key not in taken:
            if branch.steps:
                yield never_taken(step, branch)
        else:
            yield from reach_problems(branch.steps, flow)


def never_taken(step: Step, branch: Branch) -> Problem:
    place = Place(step.id, f"branches.{branch.key}")
    if branch.only_when is None:
        others = [each for each in step.branches if each.only_when is None]
        if others[0].key != branch.key:
            message = "a second path without a condition is never taken; give it a condition"
            return place.warning("never_taken", message)
    if constant(branch.only_when) is False:
        return place.warning("never_taken", "this path is never taken: its condition never holds")
    message = "this path is never taken: one before it always is"
    return place.warning("never_taken", message)


def answer_problems(definition: Definition, flow: Flow) -> Iterator[Problem]:
    """Ways on which a caller who waits gets nothing, although others give an answer."""
    if not is_awaited(definition.triggers.get("endpoint")):
        return
    ways = flow.through(definition.steps, answered=False)
    if not any(answered for _, answered in ways):
        return
    blamed = {
        who for (end, answered), who in ways.items() if who and not answered and end not in FAILING
    }
    for step_id, field in sorted(blamed)[:MOST_BLAMED]:
        words = passing(definition.find(step_id), field)
        yield Place(step_id, field).warning("no_answer", f"{words}: {NO_ANSWER}")


def untold_problems(steps: Sequence[Step], known: Known) -> Iterator[Problem]:
    """Steps that wait to be called, although nobody is sent their address."""
    step_types = known.layout.step_types
    waiting = [s for s in steps if s.type in step_types and step_types[s.type].is_called_back]
    told: set[Any] = set()
    for step in steps if waiting else ():
        look = known.shapes.inference_at(step.id)
        look.of_value([step.inputs, step.only_when])
        told.update(step_id for step_id, _ in look.called_back)
    for step in waiting:
        if not told & {step.id, None}:
            address = "{{ callback_url('" + step.id + "') }}"
            message = f"nobody knows this step's address; in an earlier step, send “{address}”"
            yield Place(step.id, "").warning("untold_callback", message)


def is_awaited(endpoint: Any) -> bool:
    """Whether callers wait for the answer of a run."""
    if not isinstance(endpoint, Mapping) or endpoint.get("exposed") is not True:
        return False
    return bool(endpoint.get("reply", "wait") == "wait")


def passing(step: Step, field: str) -> str:
    """How a run comes by without an answer."""
    if not field:
        return "the run ends here without an answer"
    if field in GOING_ON:
        return "when something in it fails and the run goes on, no answer is given"
    if field == "only_when":
        return "when this step doesn't run, no answer is given"
    if field.startswith("branches."):
        branch = step.branch(field.removeprefix("branches."))
        return f"the path “{branch.label or branch.key}” gives no answer"
    if field == "branches":
        return "when no path is taken, no answer is given"
    return "when there is no turn, no answer is given"
