"""What the data picker may offer at a place: everything in scope there, nearest first."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.engine.definition import Definition, Step, live
from core.engine.parameters import Parameter, declared
from core.engine.step_type import StepType
from core.engine.visibility import Layout

SET_VARIABLES = "set_variables"
ECHOED = {"compose": "value", SET_VARIABLES: "values"}  # step type → the input that it returns
ANSWERS = "fields"  # where a result holds what people filled into a form
MOST_CHILDREN = 40
DEEPEST_CHILDREN = 4
WORD = re.compile(r"[A-Za-z_]\w*")

CALL = {
    "headers": {"content-type": "application/json"},
    "query": {},
    "body": {},
    "caller": {"kind": "key", "id": "ob_4f9a1c2e", "name": "Shop"},
}
RUN = {
    "id": "0193500b-4c1e-7a1d-9c3b-2f6d8f7a6b51",
    "title": "mara@example.org",
    "url": "https://flows.example.com/runs/0193500b-4c1e-7a1d-9c3b-2f6d8f7a6b51",
    "origin": "endpoint",
    "due_at": None,
    "started_at": "2026-11-22T08:00:00.000Z",
    "attempt": 1,
    "version": 3,
    "timezone": "Europe/Berlin",
}
WORKSPACE = {"name": "main", "label": "Main", "timezone": "Europe/Berlin"}
ERROR = {
    "kind": "http",
    "message": "The answer was 500 Internal Server Error",
    "step": "reserve",
    "path": "reserve",
    "attempts": 3,
    "retryable": True,
    "at": "2026-11-22T08:00:00.000Z",
}
EXAMPLES: Mapping[str, Any] = {
    "text": "Mara",
    "number": 42,
    "yes_no": True,
    "date": "2026-11-22T08:00:00.000Z",
    "object": {},
    "email": "mara@example.org",
    "url": "https://example.org",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A value that can be inserted here, with the values inside it.

    `kind` is text, number, yes_no, date, object, list or any; `group` is the heading it stands
    under: item, error, step, trigger, vars or run.
    """

    group: str
    label: str
    path: str
    kind: str
    example: Any = None
    may_be_empty: bool = False
    step_id: str | None = None
    children: tuple["Offer", ...] = ()


def scope_at(
    definition: Definition,
    step_id: str | None,
    step_types: Mapping[str, StepType],
    *,
    in_body: bool = False,
) -> tuple[Offer, ...]:
    """What can be read at a step, nearest first; None: by the workflow's starts and settings.

    `in_body` is for fields of a loop that are evaluated at the end of each turn.
    """
    layout = Layout(definition, step_types)
    offers: list[Offer] = []
    if step_id is not None:
        offers += of_turns(layout, step_id, in_body=in_body)
        if layout.is_in_catch(step_id):
            offers.append(offer("error", "The error", "error", ERROR))
        offers += of_steps(layout, step_id, in_body=in_body)
    offers += of_trigger(definition)
    if step_id is not None:
        offers += of_variables(definition)
    offers.append(offer("run", "This run", "run", RUN))
    offers.append(offer("run", "The workspace", "workspace", WORKSPACE))
    return tuple(offers)


def of_turns(layout: Layout, step_id: str, *, in_body: bool) -> Iterator[Offer]:
    for depth, loop in enumerate(layout.loops_around(step_id, in_body=in_body)):
        name = label_of(loop, layout.step_types)
        root = "" if depth == 0 else f"loops.{loop.id}."
        if layout.has_items(loop):
            yield offer("item", f"Item of {name}", f"{root}item", None, step_id=loop.id)
        yield offer("item", f"Number of the turn of {name}", f"{root}index", 0, step_id=loop.id)


def of_steps(layout: Layout, step_id: str, *, in_body: bool) -> Iterator[Offer]:
    for target, position in reversed(layout.positions.items()):
        step = position.step
        if step.type not in layout.step_types:
            continue
        if layout.why_hidden(step_id, target, in_body=in_body):
            continue
        example = example_of(step, layout.step_types[step.type])
        name = label_of(step, layout.step_types)
        may_be_empty = layout.may_be_empty(step_id, target)
        path = f"steps.{target}"
        yield offer("step", name, path, example, step_id=target, may_be_empty=may_be_empty)


def of_trigger(definition: Definition) -> Iterator[Offer]:
    parameters = parameters_of(definition)
    for parameter in parameters:
        example = example_of_parameter(parameter)
        path = member("trigger", parameter.key)
        is_optional = parameter.optional and parameter.default is None
        yield offer("trigger", parameter.key, path, example, may_be_empty=is_optional)
    names = {"body": "Everything that was sent", "headers": "Headers", "query": "Query"}
    for key, label in {**names, "caller": "Who called"}.items():
        yield offer("trigger", label, f"trigger.{key}", CALL[key], may_be_empty=True)


def of_variables(definition: Definition) -> Iterator[Offer]:
    for name, example in variables_of(definition).items():
        yield offer("vars", name, member("vars", name), example, may_be_empty=True)


def parameters_of(definition: Definition) -> list[Parameter]:
    """The workflow's declared parameters."""
    endpoint = definition.triggers.get("endpoint") or {}
    return declared(endpoint.get("parameters"))


def variables_of(definition: Definition) -> dict[str, Any]:
    """The names under which steps that are not switched off remember values."""
    found: dict[str, Any] = {}
    for step in live(definition.steps):
        values = step.inputs.get("values")
        if step.type == SET_VARIABLES and isinstance(values, Mapping):
            found |= known_part(values)
    return found


def label_of(step: Step, step_types: Mapping[str, StepType]) -> str:
    """What a person calls the step."""
    if step.label:
        return step.label
    return step_types[step.type].label if step.type in step_types else step.id


def example_of(step: Step, step_type: StepType) -> Any:
    """What the step's result looks like, as far as it is known before the first run."""
    given = step.inputs.get(ECHOED.get(step.type, ""))
    if isinstance(given, Mapping | list):
        return known_part(given)
    if form := step_type.form(step.inputs):
        answers = {asked.key: example_of_parameter(asked) for asked in form}
        return {**step_type.example_output, ANSWERS: answers}
    return step_type.example_output


def known_part(value: Any) -> Any:
    """A written value without its expressions, whose outcome nobody knows yet."""
    match value:
        case str():
            return None if "{{" in value else value
        case Mapping():
            return {key: known_part(inner) for key, inner in value.items()}
        case list() | tuple():
            return [known_part(inner) for inner in value]
    return value


def example_of_parameter(parameter: Parameter) -> Any:
    example = parameter.default
    if example is None:
        example = parameter.choices[0] if parameter.choices else EXAMPLES[parameter.type]
        return [example] if parameter.is_list else example
    return example


def offer(
    group: str,
    label: str,
    path: str,
    example: Any,
    *,
    step_id: str | None = None,
    may_be_empty: bool = False,
    depth: int = 0,
) -> Offer:
    children: list[Offer] = []
    if isinstance(example, Mapping) and depth < DEEPEST_CHILDREN:
        for key in list(example)[:MOST_CHILDREN]:
            child = offer(
                group,
                str(key),
                member(path, str(key)),
                example[key],
                step_id=step_id,
                may_be_empty=may_be_empty,
                depth=depth + 1,
            )
            children.append(child)
    kind = kind_of(example)
    return Offer(group, label, path, kind, example, may_be_empty, step_id, tuple(children))


def kind_of(example: Any) -> str:
    match example:
        case bool():
            return "yes_no"
        case int() | float():
            return "number"
        case str():
            return "text"
        case Mapping():
            return "object"
        case list() | tuple():
            return "list"
    return "any"


def member(path: str, key: str) -> str:
    """The path of a key, in brackets where a point can't be followed by it."""
    return f"{path}.{key}" if WORD.fullmatch(key) else f"{path}[{quoted(key)}]"


def quoted(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
