"""Workflows that are started by others: whether they are live and get what they ask for."""

from collections.abc import Container, Iterator, Mapping
from typing import Any

from core.engine.checking import shapes
from core.engine.checking.inference import Inference
from core.engine.checking.problem import Place, Problem
from core.engine.checking.shapes import ANY, ANY_KIND, Shape
from core.engine.checking.surroundings import Surroundings
from core.engine.errors import DefinitionError
from core.engine.expressions import is_computed
from core.engine.parameter_types import Unfit
from core.engine.parameters import Missing, Parameter, value_of
from core.engine.reading.shapes import did_you_mean

OF_FAILURES = frozenset({"run_id", "workflow", "title", "error", "url"})
ZONE = "UTC"  # a date is one in every zone
FITTING: Mapping[str, frozenset[str]] = {
    "text": frozenset({"text", "number", "yes_no"}),
    "number": frozenset({"number", "text"}),
    "yes_no": frozenset({"yes_no", "text"}),
    "date": frozenset({"text", "number"}),
    "object": frozenset({"object"}),
    "email": frozenset({"text"}),
    "url": frozenset({"text"}),
}
WANTED = {"date": "a date", "email": "an email address", "url": "an address"}


def callee_problems(
    name: str, values: Any, place: Place, around: Surroundings, look: Inference
) -> Iterator[Problem]:
    """Whether a started workflow is live and gets what it asks for."""
    known = around.workflows.get(name)
    if known is None or name == around.name:
        return
    if not known.is_live:
        yield not_live(name, place)
    elif known.parameters and isinstance(values, Mapping):
        here = Place(place.step_id, "inputs.parameters")
        asked = {parameter.key: parameter for parameter in known.parameters}
        yield from missing_parameters(name, asked, values, here)
        for key, value in values.items():
            yield from value_problems(name, key, value, asked, here.inner(key), look)


def value_problems(
    name: str,
    key: str,
    value: Any,
    asked: Mapping[str, Parameter],
    place: Place,
    look: Inference,
) -> Iterator[Problem]:
    """Whether the workflow has such a parameter and would take the value."""
    if key not in asked:
        message = f"“{name}” has no parameter “{key}”{did_you_mean(str(key), asked)}"
        yield place.warning("unknown_parameter", message)
    elif why := why_unfit(asked[key], value, look):
        message = f"“{name}” can't be started with this: “{key}” {why}"
        yield place.warning("unfit_parameter", message)


def why_unfit(parameter: Parameter, value: Any, look: Inference) -> str:
    """Why a parameter doesn't take a value, as far as that shows before a run; "" if it may."""
    if is_computed(value):
        return why_misshapen(parameter, look.of_value(value))
    try:
        value_of(parameter, value, False, ZONE)
    except Unfit as unfit:
        return str(unfit)
    except Missing:
        return "is needed"
    except (DefinitionError, KeyError, TypeError, ValueError):
        pass  # a problem of the other workflow's parameters
    return ""


def why_misshapen(parameter: Parameter, shape: Shape) -> str:
    """Why no value of that shape is one of the parameter's type; "" if it may be."""
    seen = ", as in the last run" if shape.is_sample else ""
    fitting, wanted = FITTING.get(parameter.type, frozenset(shapes.WORDS)), words(parameter)
    if parameter.is_list and shape.kind == "list":
        item = shape.item or ANY
        if item.kind in (*fitting, ANY_KIND):
            return ""
        return f"must be a list where each item is {wanted}, but here each is {item.words}{seen}"
    if parameter.is_list:
        fitting, wanted = frozenset({"list"}), "a list"
    is_right = shape.kind in (*fitting, ANY_KIND)
    return "" if is_right else f"must be {wanted}, but this is {shape.words}{seen}"


def words(parameter: Parameter) -> str:
    return WANTED.get(parameter.type) or shapes.WORDS.get(parameter.type, parameter.type)


def failure_problems(name: str, place: Place, around: Surroundings) -> Iterator[Problem]:
    """Whether the workflow for failures is live and can be started with what it gets."""
    known = around.workflows.get(name)
    if known is None or name == around.name:
        return
    if not known.is_live:
        yield not_live(name, place)
        return
    asked = {parameter.key: parameter for parameter in known.parameters}
    yield from missing_parameters(name, asked, OF_FAILURES, place)


def not_live(name: str, place: Place) -> Problem:
    message = f"“{name}” isn't live yet: until it is published, starting it fails"
    return place.warning("not_live", message)


def missing_parameters(
    name: str, asked: Mapping[str, Parameter], given: Container[str], place: Place
) -> Iterator[Problem]:
    for key, parameter in asked.items():
        if parameter.is_required and key not in given:
            message = f"“{name}” asks for “{key}”, which it doesn't get here"
            yield place.warning("missing_parameter", message)
