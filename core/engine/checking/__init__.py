"""What keeps a definition from being published, and what its author should look at."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.engine.auth_scheme import AuthScheme
from core.engine.checking.fields import (
    Surroundings,
    condition_problems,
    field_problems,
    workflow_problems,
)
from core.engine.checking.problem import ERROR, WARNING, Place, Problem
from core.engine.checking.references import (
    BEFORE_A_RUN,
    Known,
    Reader,
    expression_problems,
    what_is_missing,
)
from core.engine.checking.schedules import schedule_problems
from core.engine.checking.secrets import secret_problems
from core.engine.definition import Definition, Step
from core.engine.reading import SETTINGS
from core.engine.reading.shapes import Report, Shape, did_you_mean
from core.engine.reading.steps import check_inputs, check_paths
from core.engine.reading.triggers import triggers as triggers_shape
from core.engine.scope import SET_VARIABLES, parameters_of, variables_of
from core.engine.step_type import BlockType, StepType
from core.engine.visibility import Layout

__all__ = ["ERROR", "WARNING", "Problem", "problems"]

OPEN_ENDPOINT = (
    "anyone who knows the URL can start this workflow; if that is not meant, ask for a key"
)


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one definition."""

    definition: Definition
    step_types: Mapping[str, StepType]
    auth_schemes: Mapping[str, AuthScheme]
    surroundings: Surroundings
    known: Known


def problems(
    definition: Definition,
    *,
    step_types: Mapping[str, StepType],
    auth_schemes: Mapping[str, AuthScheme],
    connections: Mapping[str, str],
    workflows: frozenset[str],
) -> tuple[Problem, ...]:
    """Everything to mend: starts and settings first, then steps in reading order.

    `connections` are the workspace's, name → type; `workflows` are its workflows' names.
    """
    check = Check(
        definition,
        step_types,
        auth_schemes,
        Surroundings(connections, workflows),
        known_in(definition, step_types),
    )
    found = [*trigger_problems(check), *settings_problems(check)]
    if not definition.steps:
        found.append(Problem("no_steps", WARNING, "this workflow has no steps yet; add one"))
    for step in live_steps(definition.steps):
        found += step_problems(check, step)
    return tuple(found)


def known_in(definition: Definition, step_types: Mapping[str, StepType]) -> Known:
    setters = [step for step in definition.walk() if step.type == SET_VARIABLES]
    try:
        parameters = frozenset(parameter.key for parameter in parameters_of(definition))
    except (KeyError, TypeError, ValueError):  # reported as a problem of the parameters
        parameters = frozenset()
    return Known(
        Layout(definition, step_types),
        parameters,
        frozenset(variables_of(definition)),
        any(not isinstance(step.inputs.get("values"), Mapping) for step in setters),
        bool(parameters),
    )


def live_steps(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Steps that can run: what is switched off may be unfinished."""
    for step in steps:
        if step.disabled:
            continue
        yield step
        for branch in step.branches:
            yield from live_steps(branch.steps)


def trigger_problems(check: Check) -> Iterator[Problem]:
    triggers = check.definition.triggers
    yield from shape_problems(triggers_shape(check.auth_schemes), triggers, "triggers")
    yield from schedule_problems(triggers)
    endpoint = triggers.get("endpoint")
    if not isinstance(endpoint, Mapping):
        return
    place = Place(None, "triggers.endpoint")
    reader = Reader(check.known, roots=BEFORE_A_RUN)
    yield from secret_problems(endpoint, place)
    yield from auth_problems(check, endpoint.get("auth"), place.inner("auth"))
    if "only_when" in endpoint:
        yield from rows_problems(endpoint["only_when"], place.inner("only_when"), reader)
    duplicates = endpoint.get("duplicates")
    yield from expression_problems(duplicates, place.inner("duplicates"), reader)


def auth_problems(check: Check, auth: Any, place: Place) -> Iterator[Problem]:
    scheme = auth.get("scheme") if isinstance(auth, Mapping) else None
    kind = check.auth_schemes.get(scheme) if isinstance(scheme, str) else None
    if kind is None:
        return
    if scheme == "open":
        yield place.warning("open_endpoint", OPEN_ENDPOINT)
    named = [field for field in kind.fields if field.kind == "connection" and field.key in auth]
    yield from field_problems(named, auth, place, check.surroundings)


def settings_problems(check: Check) -> Iterator[Problem]:
    settings = check.definition.settings
    yield from shape_problems(SETTINGS, settings, "settings")
    reader = Reader(check.known, roots=BEFORE_A_RUN)
    title = settings.get("run_title")
    yield from expression_problems(title, Place(None, "settings.run_title"), reader)
    order = settings.get("on_failure")
    if isinstance(order, Mapping) and isinstance(order.get("workflow"), str):
        here = Place(None, "settings.on_failure.workflow")
        yield from workflow_problems(order["workflow"], here, check.surroundings)


def shape_problems(shape: Shape, value: Any, root: str) -> Iterator[Problem]:
    report = Report()
    shape.check(value, (root,), report)
    for path, message in report.problems:
        yield Place(None, path).error("wrong_value", f"“{path.rpartition('.')[2]}” {message}")


def step_problems(check: Check, step: Step) -> Iterator[Problem]:
    """What is wrong with one step, without the steps inside it."""
    step_type = check.step_types.get(step.type)
    if step_type is None:
        near = did_you_mean(step.type, check.step_types)
        message = f"unknown step type {step.type}{near}"
        yield Place(step.id, "type").error("unknown_step_type", message)
        return
    place = Place(step.id, "inputs")
    yield from frame_problems(step, step_type)
    yield from field_problems(step_type.fields, step.inputs, place, check.surroundings)
    yield from secret_problems(step.inputs, place)
    yield from input_problems(check, step, step_type)
    reader = Reader(check.known, step.id)
    if step.only_when is not None:
        yield from rows_problems(step.only_when, Place(step.id, "only_when"), reader)
    yield from path_problems(step, step_type, reader)
    yield from memory_problems(check, step)


def frame_problems(step: Step, step_type: StepType) -> Iterator[Problem]:
    """Inputs and paths that the type doesn't have, options that are not for it."""
    raw: dict[str, Any] = {"inputs": step.inputs}
    raw["branches"] = [
        {"key": branch.key, **({"only_when": 1} if branch.only_when is not None else {})}
        for branch in step.branches
    ]
    given = {"retry": step.retry, "after_crash": step.after_crash}
    raw |= {name: value for name, value in given.items() if value is not None}
    report = Report()
    check_inputs(raw, step_type, (), report)
    check_paths(raw, step_type, (), report)
    for path, message in report.problems:
        yield Place(step.id, path).error("wrong_frame", message)


def input_problems(check: Check, step: Step, step_type: StepType) -> Iterator[Problem]:
    for field in step_type.fields:
        if field.key not in step.inputs or field.literal:
            continue
        reader = Reader(check.known, step.id, in_body=field.per_turn)
        here = Place(step.id, f"inputs.{field.key}")
        find = what_is_missing if field.kind == "condition" else expression_problems
        yield from find(step.inputs[field.key], here, reader)


def rows_problems(condition: Any, place: Place, reader: Reader) -> Iterator[Problem]:
    yield from condition_problems(condition, place)
    yield from what_is_missing(condition, place, reader)


def path_problems(step: Step, step_type: StepType, reader: Reader) -> Iterator[Problem]:
    if not isinstance(step_type, BlockType):
        return
    otherwise = 0
    for branch in step.branches:
        place = Place(step.id, f"branches.{branch.key}")
        if branch.only_when is not None:
            yield from rows_problems(branch.only_when, place.inner("only_when"), reader)
        elif step_type.branches_have_conditions:
            otherwise += 1
        if otherwise > 1 and branch.only_when is None:
            message = "a second path without a condition is never taken; give it a condition"
            yield place.warning("never_taken", message)
        if is_missing_steps(branch.key, branch.steps, branch.only_when, step_type):
            name = branch.label or branch.key
            yield place.warning("empty_path", f"the path “{name}” has no steps yet")


def is_missing_steps(
    key: str, steps: tuple[Step, ...], only_when: Any, step_type: BlockType
) -> bool:
    """An empty path is a doubt, unless it says that nothing is to be done otherwise."""
    is_otherwise = step_type.branches_have_conditions and only_when is None
    return not steps and not is_otherwise and key not in step_type.optional_branches


def memory_problems(check: Check, step: Step) -> Iterator[Problem]:
    if step.type != SET_VARIABLES:
        return
    block = check.known.layout.runs_side_by_side(step.id)
    if block is not None:
        message = f"what is remembered here is forgotten at the end of “{block.id}”"
        yield Place(step.id, "inputs.values").warning("memory_lost", message)
