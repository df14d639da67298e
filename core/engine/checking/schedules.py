"""What is wrong with schedules beyond how they are written: what they give the workflow."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.engine import parameters
from core.engine.calendar import CalendarError, find_zone
from core.engine.checking.problem import Place, Problem
from core.engine.checking.secrets import secret_problems
from core.engine.errors import DefinitionError

NO_EXPRESSION = "is given as it stands; values from elsewhere can't be put in here"


def schedule_problems(triggers: Mapping[str, Any]) -> Iterator[Problem]:
    """Inputs that don't fit the parameters, or that hold expressions."""
    listed = triggers.get("schedules")
    for position, schedule in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(schedule, Mapping):
            place = Place(None, f"triggers.schedules[{position}].input")
            yield from input_problems(triggers, schedule, place)


def input_problems(
    triggers: Mapping[str, Any], schedule: Mapping[str, Any], place: Place
) -> Iterator[Problem]:
    given = schedule.get("input") or {}
    if not isinstance(given, Mapping):
        return  # said by its shape
    yield from secret_problems(given, place)
    for key, value in given.items():
        if has_expression(value):
            yield place.inner(key).error("no_expression_here", f"“{key}” {NO_EXPRESSION}")
    endpoint = triggers.get("endpoint")
    raw = endpoint.get("parameters") if isinstance(endpoint, Mapping) else None
    if not raw:
        return
    try:
        declared = parameters.declared(raw)
        zone = str(schedule.get("timezone") or "UTC")
        find_zone(zone)
        _, bad = parameters.read(declared, given, timezone=zone)
    except (CalendarError, DefinitionError, KeyError, TypeError, ValueError):
        return  # said by the shape of the parameters or the zone
    for problem in bad:
        said = f"the schedule “{schedule.get('key', '')}” gives no good value: {problem.message}"
        yield place.inner(problem.parameter).error("schedule_input", said)
    for key in given.keys() - {parameter.key for parameter in declared}:
        said = f"the schedule gives “{key}”, which is no parameter of this workflow"
        yield place.inner(key).warning("unknown_parameter", said)


def has_expression(value: Any) -> bool:
    """Whether text in it looks like an expression."""
    if isinstance(value, Mapping):
        return any(has_expression(inner) for inner in value.values())
    if isinstance(value, list):
        return any(has_expression(inner) for inner in value)
    return isinstance(value, str) and "{{" in value
