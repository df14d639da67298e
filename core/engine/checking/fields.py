"""Whether the value of a declared field is of its kind, as far as that shows before a run."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from core.engine import conditions, durations
from core.engine.checking.problem import Place, Problem
from core.engine.checking.surroundings import Surroundings
from core.engine.fields import Field
from core.engine.reading.shapes import did_you_mean
from core.engine.reading.shapes import kind as kind_of

MEANT_EMPTY: Mapping[str, tuple[Any, ...]] = {"json": ([], {}, ""), "list": ([],)}


def field_problems(
    fields: Iterable[Field],
    values: Mapping[str, Any],
    place: Place,
    surroundings: Surroundings,
) -> Iterator[Problem]:
    """What is wrong with the values of these fields, the place being that of all of them."""
    fields = tuple(fields)
    defaults = {field.key: field.default for field in fields}
    for field in fields:
        if not field.is_shown(values, defaults) or is_completed(field, values):
            continue
        value = values.get(field.key, field.default)
        here = place.inner(field.key)
        if is_empty(value):
            if field.required and value not in MEANT_EMPTY.get(field.kind, ()):
                yield here.error("required", f"“{field.label}” is empty; fill it in")
        elif not is_expression(value) or field.literal or field.kind in ("choice", "condition"):
            yield from CHECKS.get(field.kind, no_problem)(field, value, here, surroundings)


def is_empty(value: Any) -> bool:
    return value is None or value == "" or value == {} or value == []


def is_completed(field: Field, values: Mapping[str, Any]) -> bool:
    """Whether it is a bare path, to which the step's connection adds its address."""
    path = values.get(field.key)
    is_path = field.kind == "url" and isinstance(path, str) and path.startswith("/")
    return is_path and not is_empty(values.get("connection"))


def is_expression(value: Any) -> bool:
    return isinstance(value, str) and "{{" in value


def no_problem(field: Field, value: Any, here: Place, around: Surroundings) -> Iterator[Problem]:
    yield from ()


def check_text(field: Field, value: Any, here: Place, around: Surroundings) -> Iterator[Problem]:
    if isinstance(value, Mapping | list):
        message = f"“{field.label}” must be text, not {kind_of(value)}"
        yield here.error("wrong_kind", message)


def check_number(field: Field, value: Any, here: Place, around: Surroundings) -> Iterator[Problem]:
    number = as_number(value)
    if number is None or (field.is_whole and not isinstance(value, int)):
        kind = "a whole number" if field.is_whole else "a number"
        yield here.error("wrong_kind", f"“{field.label}” must be {kind}, not {say(value)}")
    elif field.minimum is not None and number < field.minimum:
        yield here.error("out_of_range", f"“{field.label}” must be at least {field.minimum:,}")
    elif field.maximum is not None and number > field.maximum:
        yield here.error("out_of_range", f"“{field.label}” must be at most {field.maximum:,}")


def as_number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def check_yes_no(field: Field, value: Any, here: Place, around: Surroundings) -> Iterator[Problem]:
    if not isinstance(value, bool):
        yield here.error("wrong_kind", f"“{field.label}” must be yes or no, not {say(value)}")


def check_choice(field: Field, value: Any, here: Place, around: Surroundings) -> Iterator[Problem]:
    allowed = [choice for choice, _ in field.choices]
    if value in allowed and not isinstance(value, bool):
        return
    listed = ", ".join(map(str, allowed))
    if is_expression(value):
        message = f"“{field.label}” is fixed before the run; choose one of {listed}"
    else:
        message = f"“{field.label}” must be one of {listed}, not {say(value)}"
    yield here.error("invalid_choice", message)


def check_mapping(field: Field, value: Any, here: Place, around: Surroundings) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        message = f"“{field.label}” must be names and values, not {say(value)}"
        yield here.error("wrong_kind", message)


def check_list(field: Field, value: Any, here: Place, around: Surroundings) -> Iterator[Problem]:
    if not isinstance(value, list):
        message = f"“{field.label}” must be a list, or a value that is one, not {say(value)}"
        yield here.error("wrong_kind", message)


def check_condition(
    field: Field, value: Any, here: Place, around: Surroundings
) -> Iterator[Problem]:
    yield from condition_problems(value, here)


def condition_problems(value: Any, here: Place) -> Iterator[Problem]:
    """What is wrong with the rows or the expression of a condition."""
    found = conditions.problems(value)
    for problem in found:
        place = here.inner(*problem.path) if problem.path else here
        yield place.error("condition", problem.message, problem.column)
    if not found and isinstance(value, Mapping) and not any(value.values()):
        yield here.error("empty_condition", "this condition has no rows yet; add one")


def check_duration(
    field: Field, value: Any, here: Place, around: Surroundings
) -> Iterator[Problem]:
    try:
        durations.parse(value)
    except (ValueError, TypeError, OverflowError) as error:
        yield here.error("wrong_kind", f"“{field.label}”: {error}")


def check_date(field: Field, value: Any, here: Place, around: Surroundings) -> Iterator[Problem]:
    try:
        datetime.fromisoformat(value)
    except (ValueError, TypeError):
        message = f"“{field.label}” must be a date such as 2026-12-24T09:00, not {say(value)}"
        yield here.error("wrong_kind", message)


def check_url(field: Field, value: Any, here: Place, around: Surroundings) -> Iterator[Problem]:
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        message = f"“{field.label}” must begin with http:// or https://, not {say(value)}"
        yield here.error("wrong_kind", message)


def check_workflow(
    field: Field, value: Any, here: Place, around: Surroundings
) -> Iterator[Problem]:
    yield from workflow_problems(value, here, around)


def workflow_problems(value: Any, here: Place, around: Surroundings) -> Iterator[Problem]:
    """Whether there is a workflow of that name."""
    if value not in around.workflows:
        near = did_you_mean(str(value), around.workflows)
        yield here.error("unknown_workflow", f"there is no workflow called {say(value)}{near}")


def check_connection(
    field: Field, value: Any, here: Place, around: Surroundings
) -> Iterator[Problem]:
    fitting = {choice: label for choice, label in field.choices}
    if value not in around.connections:
        near = did_you_mean(str(value), around.connections)
        hint = near or "; make it under Connections"
        yield here.error("unknown_connection", f"there is no connection called {say(value)}{hint}")
    elif fitting and around.connections[value] not in fitting:
        wanted = " or ".join(fitting.values())
        message = f"the connection {say(value)} does not fit here; it must be of the kind {wanted}"
        yield here.error("unfit_connection", message)


def check_mail_template(
    field: Field, value: Any, here: Place, around: Surroundings
) -> Iterator[Problem]:
    known = around.mail_templates
    if known is not None and value not in known:
        near = did_you_mean(str(value), known)
        message = f"there is no mail template called {say(value)}{near}"
        yield here.error("unknown_mail_template", message)


def say(value: Any) -> str:
    """A value as a sentence names it."""
    if isinstance(value, str):
        return f"“{value[:40]}{'…' if len(value) > 40 else ''}”"
    return kind_of(value) if isinstance(value, Mapping | list | None) else str(value).lower()


CHECKS: Mapping[str, Callable[[Field, Any, Place, Surroundings], Iterator[Problem]]] = {
    "text": check_text,
    "long_text": check_text,
    "code": check_text,
    "number": check_number,
    "yes_no": check_yes_no,
    "choice": check_choice,
    "mapping": check_mapping,
    "list": check_list,
    "condition": check_condition,
    "duration": check_duration,
    "date": check_date,
    "url": check_url,
    "workflow": check_workflow,
    "connection": check_connection,
    "mail_template": check_mail_template,
}
