"""What keeps a definition from being published, and what its author should look at."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.engine.auth_scheme import AuthScheme
from core.engine.checking import callees, circles, kinds
from core.engine.checking.code import code_problems
from core.engine.checking.fields import condition_problems, field_problems, workflow_problems
from core.engine.checking.flow import Flow
from core.engine.checking.known_shapes import known_shapes
from core.engine.checking.loops import loop_problems
from core.engine.checking.problem import ERROR, WARNING, Place, Problem
from core.engine.checking.reach import answer_problems, reach_problems, untold_problems
from core.engine.checking.references import (
    BEFORE_A_RUN,
    Known,
    Reader,
    expression_problems,
    what_is_missing,
)
from core.engine.checking.schedules import schedule_problems
from core.engine.checking.secrets import secret_problems
from core.engine.checking.surroundings import KnownWorkflow, Surroundings
from core.engine.definition import Definition, Step, live
from core.engine.errors import DefinitionError
from core.engine.fields import Field
from core.engine.reading import SETTINGS
from core.engine.reading.shapes import Report, Shape, did_you_mean
from core.engine.reading.steps import check_inputs, check_paths
from core.engine.reading.triggers import triggers as triggers_shape
from core.engine.scope import SET_VARIABLES, parameters_of, variables_of
from core.engine.step_type import ASK, BlockType, StepType
from core.engine.visibility import Layout

__all__ = ["ERROR", "WARNING", "KnownWorkflow", "Problem", "Surroundings", "problems"]

UNDECIDED = (
    "if openBuild is stopped in the middle, nobody knows whether it happened, and the run waits "
    "for a person; choose under “If it fails” what is right here"
)
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
    surroundings: Surroundings,
) -> tuple[Problem, ...]:
    """Everything to mend: starts and settings first, then steps in reading order."""
    known = known_in(definition, step_types, surroundings)
    check = Check(definition, step_types, auth_schemes, surroundings, known)
    found = [*trigger_problems(check), *settings_problems(check)]
    if not definition.steps:
        found.append(Problem("no_steps", WARNING, "this workflow has no steps yet; add one"))
    places = {step_id: place for place, step_id in enumerate(known.layout.positions)}
    of_steps = [
        problem for step in live(definition.steps) for problem in step_problems(check, step)
    ]
    of_steps += whole_problems(check)
    found += sorted(of_steps, key=lambda problem: places.get(problem.step_id or "", 0))
    return each_once(found)


def each_once(found: Iterable[Problem]) -> tuple[Problem, ...]:
    """What is the same problem twice is one: the worse of the two, at the first one's place."""
    kept: dict[str, Problem] = {}
    for problem in found:
        before = kept.setdefault(problem.key, problem)
        if problem.is_error and not before.is_error:
            kept[problem.key] = problem
    return tuple(kept.values())


def whole_problems(check: Check) -> Iterator[Problem]:
    """What shows only when the steps are looked at together."""
    flow = Flow(check.step_types)
    yield from reach_problems(check.definition.steps, flow)
    yield from answer_problems(check.definition, flow)
    yield from untold_problems(tuple(live(check.definition.steps)), check.known)
    yield from circles.circle_problems(check.definition, check.step_types, check.surroundings)


def known_in(
    definition: Definition, step_types: Mapping[str, StepType], around: Surroundings
) -> Known:
    setters = [step for step in live(definition.steps) if step.type == SET_VARIABLES]
    is_open = any(not isinstance(step.inputs.get("values"), Mapping) for step in setters)
    remembered = frozenset(variables_of(definition))
    try:
        parameters = tuple(parameters_of(definition))
    except (KeyError, TypeError, ValueError, DefinitionError):  # a problem of the parameters
        parameters = ()
    layout = Layout(definition, step_types)
    shapes = known_shapes(
        definition, layout, around.samples, parameters, has_open_variables=is_open
    )
    return Known(
        layout,
        shapes,
        frozenset(parameter.key for parameter in parameters),
        remembered,
        frozenset(written_names(definition.walk())) - remembered,
        is_open,
        bool(parameters),
    )


def written_names(steps: Iterable[Step]) -> Iterator[str]:
    """The names under which these steps would remember values."""
    for step in steps:
        values = step.inputs.get("values")
        if step.type == SET_VARIABLES and isinstance(values, Mapping):
            yield from map(str, values)


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
    if scheme == "open" and check.definition.triggers["endpoint"].get("exposed") is True:
        yield place.warning("open_endpoint", OPEN_ENDPOINT)
    named = [field for field in kind.fields if field.kind == "connection" and field.key in auth]
    yield from field_problems(named, auth, place, check.surroundings)


def settings_problems(check: Check) -> Iterator[Problem]:
    settings = check.definition.settings
    yield from shape_problems(SETTINGS, settings, "settings")
    reader = Reader(check.known, roots=BEFORE_A_RUN)
    title = settings.get("run_title")
    yield from expression_problems(title, Place(None, "settings.run_title"), reader)
    limit = settings.get("concurrency")
    if isinstance(limit, Mapping):
        here = Place(None, "settings.concurrency.per")
        yield from expression_problems(limit.get("per"), here, reader)
    order = settings.get("on_failure")
    if isinstance(order, Mapping) and isinstance(order.get("workflow"), str):
        here = Place(None, "settings.on_failure.workflow")
        yield from workflow_problems(order["workflow"], here, check.surroundings)
        yield from callees.failure_problems(order["workflow"], here, check.surroundings)


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
    for key, message in step_type.problems(step.inputs):
        yield place.inner(key).error("wrong_inputs", message)
    yield from code_problems(step_type.fields, step.inputs, place, check.surroundings)
    yield from secret_problems(step.inputs, place)
    yield from input_problems(check, step, step_type)
    reader = Reader(check.known, step.id)
    if step.only_when is not None:
        yield from secret_problems(step.only_when, Place(step.id, "only_when"))
        yield from rows_problems(step.only_when, Place(step.id, "only_when"), reader)
    yield from path_problems(step, step_type, reader)
    yield from memory_problems(check, step)
    yield from loop_problems(step)
    yield from started_problems(check, step)
    yield from crash_problems(step, step_type)


def started_problems(check: Check, step: Step) -> Iterator[Problem]:
    """Whether the workflows that it names are live and get what they ask for."""
    step_type = check.step_types[step.type]
    look = check.known.shapes.inference_at(step.id, in_body=step_type.has_turns)
    for field in step_type.fields:
        name = step.inputs.get(field.key) if field.kind == "workflow" else None
        if isinstance(name, str):
            here = Place(step.id, f"inputs.{field.key}")
            given = given_to(step, field, step_type)
            yield from callees.callee_problems(name, given, here, check.surroundings, look)


def given_to(step: Step, field: Field, step_type: StepType) -> Any:
    """What the step gives to the workflow it starts; None where that shows only in a run."""
    if field.key != "workflow":
        return None
    has_items = any(each.kind == "list" for each in step_type.fields)
    return step.inputs.get("parameters", None if has_items else {})


def crash_problems(step: Step, step_type: StepType) -> Iterator[Problem]:
    """Whether somebody has thought of a crash in a step that must not happen twice."""
    if step.after_crash is None and step_type.after_crash(step.inputs) == ASK:
        yield Place(step.id, "after_crash").warning("unknown_outcome", UNDECIDED)


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
        found = list(find(step.inputs[field.key], here, reader))
        yield from found
        if not found:
            yield from misfits(field, step.inputs[field.key], here, reader)


def misfits(field: Field, value: Any, here: Place, reader: Reader) -> Iterator[Problem]:
    """Whether what is computed for a field is of its kind."""
    look = reader.known.shapes.inference_at(reader.step_id, in_body=reader.in_body)
    if field.kind == "condition":
        yield from kinds.row_problems(value, here, look)
    else:
        yield from kinds.fit_problems(field, value, here, look)


def rows_problems(condition: Any, place: Place, reader: Reader) -> Iterator[Problem]:
    found = [*condition_problems(condition, place), *what_is_missing(condition, place, reader)]
    yield from found
    if not found:
        look = reader.known.shapes.inference_at(reader.step_id, in_body=reader.in_body)
        yield from kinds.row_problems(condition, place, look)


def path_problems(step: Step, step_type: StepType, reader: Reader) -> Iterator[Problem]:
    if not isinstance(step_type, BlockType):
        return
    for branch in step.branches:
        place = Place(step.id, f"branches.{branch.key}")
        if branch.only_when is not None:
            yield from secret_problems(branch.only_when, place.inner("only_when"))
            yield from rows_problems(branch.only_when, place.inner("only_when"), reader)
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
