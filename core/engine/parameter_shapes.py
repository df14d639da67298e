"""Parameters and the shapes of values: read from an example, written as JSON Schema."""

from collections.abc import Iterable
from typing import Any, Final

from core.engine.parameter_types import ISO_DATE, Unfit, cast_date
from core.engine.parameters import RESERVED, Parameter

SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "yes_no": {"type": "boolean"},
    "date": {"type": "string", "format": "date-time"},
    "object": {"type": "object"},
    "email": {"type": "string", "format": "email"},
    "url": {"type": "string", "format": "uri"},
}


def infer(example: Any) -> list[Parameter]:
    """The parameters of an example body; several examples in a list are merged."""
    examples = example if isinstance(example, list) else [example]
    bodies = [body for body in examples if isinstance(body, dict)]
    keys = dict.fromkeys(key for body in bodies for key in body if key and key not in RESERVED)
    return [infer_one(key, bodies) for key in keys]


def infer_one(key: str, bodies: list[dict[str, Any]]) -> Parameter:
    values = [body[key] for body in bodies if key in body]
    known = [value for value in values if value is not None]
    optional = len(known) < len(bodies)
    if known and all(isinstance(value, list) for value in known):
        items = [item for value in known for item in value if item is not None]
        return Parameter(key, merged_type(items), is_list=True, optional=optional)
    return Parameter(key, merged_type(known), optional=optional)


def merged_type(values: list[Any]) -> str:
    types = {type_of(value) for value in values}
    return types.pop() if len(types) == 1 else "text"


def type_of(value: Any) -> str:
    match value:
        case bool():
            return "yes_no"
        case int() | float():
            return "number"
        case str():
            return "date" if is_date(value) else "text"
        case dict() | list():
            return "object"
    return "text"


def is_date(text: str) -> bool:
    if not ISO_DATE.fullmatch(text):
        return False
    try:
        cast_date(text, as_text=False, zone="UTC")
    except Unfit:
        return False
    return True


def json_schema(parameters: Iterable[Parameter]) -> dict[str, Any]:
    """What a body must look like, as JSON Schema 2020-12."""
    listed = list(parameters)
    return {
        "type": "object",
        "properties": {parameter.key: property_schema(parameter) for parameter in listed},
        "required": [parameter.key for parameter in listed if parameter.is_required],
    }


def property_schema(parameter: Parameter) -> dict[str, Any]:
    """The schema of one parameter's value."""
    schema = SCHEMAS[parameter.type] | limits(parameter)
    if parameter.pattern is not None:
        schema["pattern"] = f"^(?:{parameter.pattern})$"
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.is_list:
        schema = {"type": "array", "items": schema}
    if parameter.default is not None:
        schema["default"] = parameter.default
    return schema


def limits(parameter: Parameter) -> dict[str, Any]:
    names = {"number": ("minimum", "maximum"), "date": (None, None), "object": (None, None)}
    low, high = names.get(parameter.type, ("minLength", "maxLength"))
    found = {low: parameter.minimum, high: parameter.maximum}
    return {name: value for name, value in found.items() if name and value is not None}
