"""Whether expressions can be read, and whether what they read is there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.engine import expressions
from core.engine.checking.known_shapes import KnownShapes
from core.engine.checking.problem import Place, Problem
from core.engine.expressions import Reference
from core.engine.parameters import RESERVED
from core.engine.reading.shapes import did_you_mean
from core.engine.scope import RUN, WORKSPACE
from core.engine.visibility import Layout

BEFORE_A_RUN = frozenset({"trigger", "run", "workspace", "env", "options"})
EVERYWHERE = BEFORE_A_RUN | {"steps", "vars", "loops"}
NOT_BUILT = frozenset({"this_thing", "before_thing", "now_thing", "changed_fields"})
KNOWN_KEYS = {"run": frozenset(RUN), "workspace": frozenset(WORKSPACE)}
LOOP_KEYS = ("item", "index")


@dataclass(frozen=True, slots=True)
class Known:
    """What expressions of this definition may read, wherever they stand."""

    layout: Layout
    shapes: KnownShapes
    parameters: frozenset[str]
    variables: frozenset[str]
    forgotten: frozenset[str] = frozenset()  # what only steps that are switched off remember
    has_open_variables: bool = False  # some step remembers names that are only known at run time
    declares_parameters: bool = False


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: a step's field, or one of the starts or settings when there is no step."""

    known: Known
    step_id: str | None = None
    in_body: bool = False
    roots: frozenset[str] = field(default=EVERYWHERE)


def expression_problems(value: Any, place: Place, reader: Reader) -> Iterator[Problem]:
    """Everything wrong with the expressions in a value."""
    for text, here in texts(value, place):
        for problem in expressions.problems(text):
            yield here.error("expression", problem.message, problem.column)
    yield from what_is_missing(value, place, reader)


def what_is_missing(value: Any, place: Place, reader: Reader) -> Iterator[Problem]:
    """What the readable expressions in a value read although it isn't there, or doesn't fit."""
    for text, here in texts(value, place):
        missing = [
            problem
            for reference in expressions.references(text)
            for problem in reference_problems(reference, here, reader)
        ]
        yield from missing or shape_problems(text, here, reader)


def shape_problems(text: str, here: Place, reader: Reader) -> Iterator[Problem]:
    """What can't be computed from values of the shapes that are known."""
    look = reader.known.shapes.inference_at(reader.step_id, in_body=reader.in_body)
    look.of_text(text)
    for note in look.notes:
        make = here.warning if note.is_guess else here.error
        yield make(note.code, note.message, note.column)
    for step_id, column in look.called_back:
        if step_id is not None and (why := why_no_callback(str(step_id), reader)):
            yield here.error("no_callback", why, column)


def why_no_callback(step_id: str, reader: Reader) -> str:
    """Why a step has no address to be called at from here; "" if it has."""
    if reader.step_id is None:
        return "before a run there is no address that it could be called at"
    layout = reader.known.layout
    found = layout.positions.get(step_id)
    if found is None:
        near = did_you_mean(step_id, layout.positions)
        return f"there is no step called “{step_id}”{near}"
    step_type = layout.step_types.get(found.step.type)
    if step_type is None or not step_type.is_called_back:
        return f"“{step_id}” doesn't wait to be called; name a step that does"
    if layout.switched_off(step_id) is not None:
        return f"“{step_id}” is switched off, so it never waits"
    around = {loop.id for loop in loops_around(reader)}
    for loop in layout.loops_around(step_id):
        if loop.id not in around:
            return f"each turn of “{loop.id}” has its own address; make it inside that loop"
    return ""


def texts(value: Any, place: Place) -> Iterator[tuple[str, Place]]:
    """Every text with an expression in a value, with its place."""
    if isinstance(value, str):
        if "{{" in value:
            yield value, place
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from texts(inner, place.inner(key))
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            yield from texts(inner, place.inner(position))


def reference_problems(reference: Reference, here: Place, reader: Reader) -> Iterator[Problem]:
    root, *keys = reference.path
    check = CHECKS.get(str(root), check_root)
    for code, message in check(str(root), keys, reader):
        is_doubt = code in WARNINGS
        make = here.warning if is_doubt else here.error
        yield make(code, message, reference.column)


Found = Iterator[tuple[str, str]]
WARNINGS = frozenset({"unknown_variable", "undeclared_parameter", "disabled_step"})


def check_root(root: str, keys: list[str | int], reader: Reader) -> Found:
    if root in NOT_BUILT:
        yield "unknown_value", f"“{root}” belongs to data triggers, which are not built yet"
    elif root in expressions.ROOTS - reader.roots:
        yield "not_visible", f"“{root}” can't be read here, before the first step"
    elif root in KNOWN_KEYS and keys and keys[0] not in KNOWN_KEYS[root]:
        near = did_you_mean(str(keys[0]), KNOWN_KEYS[root])
        yield "unknown_key", f"“{root}” has no “{keys[0]}”{near}"


def check_steps(root: str, keys: list[str | int], reader: Reader) -> Found:
    yield from check_root(root, keys, reader)
    if not keys or reader.step_id is None:
        return
    target, layout = str(keys[0]), reader.known.layout
    if target not in layout.positions:
        near = did_you_mean(target, layout.positions)
        yield "unknown_step", f"there is no step called “{target}”{near}"
        return
    if why := layout.why_hidden(reader.step_id, target, in_body=reader.in_body):
        yield "not_visible", why
    elif (off := layout.switched_off(target)) is not None:
        inside = "" if off.id == target else f"stands inside “{off.id}”, which "
        yield "disabled_step", f"“{target}” {inside}is switched off, so its result is always empty"


def check_turn(root: str, keys: list[str | int], reader: Reader) -> Found:
    loops, layout = loops_around(reader), reader.known.layout
    if not loops or reader.step_id is None:
        yield "not_visible", f"“{root}” is there only inside a loop"
    elif root == "item" and not layout.giver_of_item(reader.step_id, in_body=reader.in_body):
        hint = f"; its turns have only an index ({loops[0].id} repeats without a list)"
        yield "not_visible", f"“item” is not there in “{loops[0].id}”{hint}"


def check_loops(root: str, keys: list[str | int], reader: Reader) -> Found:
    yield from check_root(root, keys, reader)
    if not keys or reader.step_id is None:
        return
    loop = str(keys[0])
    if loop not in {step.id for step in loops_around(reader)}:
        yield "not_visible", f"this is not inside a loop called “{loop}”"
    elif len(keys) > 1 and keys[1] not in LOOP_KEYS:
        yield "unknown_key", f"a loop has “item” and “index”, no “{keys[1]}”"


def loops_around(reader: Reader) -> list[Any]:
    if reader.step_id is None:
        return []
    return reader.known.layout.loops_around(reader.step_id, in_body=reader.in_body)


def check_error(root: str, keys: list[str | int], reader: Reader) -> Found:
    if reader.step_id is None or not reader.known.layout.is_in_catch(reader.step_id):
        yield "not_visible", "“error” is there only under “If one fails”"


def check_variables(root: str, keys: list[str | int], reader: Reader) -> Found:
    if root not in reader.roots:
        yield from check_root(root, keys, reader)
        return
    known = reader.known
    if keys and keys[0] not in known.variables and not known.has_open_variables:
        hint = did_you_mean(str(keys[0]), known.variables)
        if keys[0] in known.forgotten:
            hint = "; the one that does is switched off"
        yield "unknown_variable", f"no step remembers a value called “{keys[0]}”{hint}"


def check_trigger(root: str, keys: list[str | int], reader: Reader) -> Found:
    known = reader.known
    if not keys or keys[0] in RESERVED or keys[0] in known.parameters:
        return
    near = did_you_mean(str(keys[0]), known.parameters)
    if known.declares_parameters:
        hint = near or "; add it under “What the caller sends”"
        yield "unknown_parameter", f"the caller sends no “{keys[0]}”{hint}"
    else:
        hint = f"add it under “What the caller sends”, or read trigger.body.{keys[0]}"
        yield "undeclared_parameter", f"“{keys[0]}” is not declared: {hint}"


CHECKS = {
    "steps": check_steps,
    "item": check_turn,
    "index": check_turn,
    "loops": check_loops,
    "error": check_error,
    "vars": check_variables,
    "trigger": check_trigger,
}
