"""The workflow file as JSON Schema, for editors that complete and check while one types."""

from collections.abc import Mapping
from typing import Any

from core.engine.fields import Field
from core.engine.reading import NAME, workflow_file
from core.engine.reading.conditions import condition_schema
from core.engine.reading.shapes import Group
from core.engine.reading.steps import BRANCH_OPTIONS, OneStep, Steps
from core.engine.reading.triggers import AuthSchemes
from core.engine.step_type import BlockType, StepType

DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXPRESSION = {"type": "string", "pattern": r"\{\{"}
KINDS: Mapping[str, dict[str, Any]] = {
    "text": {"type": ["string", "number", "boolean", "null"]},
    "long_text": {"type": ["string", "number", "boolean", "null"]},
    "code": {"type": "string"},
    "number": {"anyOf": [{"type": "number"}, EXPRESSION]},
    "yes_no": {"anyOf": [{"type": "boolean"}, EXPRESSION]},
    "mapping": {"anyOf": [{"type": "object"}, EXPRESSION]},
    "list": {"anyOf": [{"type": "array"}, EXPRESSION]},
    "duration": {"type": ["string", "number"]},
    "date": {"type": "string"},
    "url": {"type": "string"},
    "workflow": {"type": "string"},
    "connection": {"type": "string"},
    "mail_template": {"type": "string"},
    "condition": {"$ref": "#/$defs/condition"},
}


def schema(step_types: Mapping[str, StepType], auth_schemes: AuthSchemes) -> dict[str, Any]:
    """The JSON Schema of a workflow file, made from the catalogues."""
    file = workflow_file(step_types, auth_schemes).schema()
    definitions = {"step": step_schema(step_types), "condition": condition_schema()}
    names = {
        "workflow": NAME.schema() | {"description": "The part of the URL, and the file's identity."}
    }
    return {
        "$schema": DIALECT,
        "title": "openBuild workflow",
        **file,
        "properties": file["properties"] | names,
        "$defs": definitions,
    }


def step_schema(step_types: Mapping[str, StepType]) -> dict[str, Any]:
    """Any step: the keys that all have, and by type what it is given."""
    branch = Group({**BRANCH_OPTIONS, "steps": Steps()}, ("key", "steps"))
    step = OneStep(None, branch).schema()
    step["properties"]["type"] = {"enum": list(step_types)}
    step["allOf"] = [
        {
            "if": {"properties": {"type": {"const": key}}},
            "then": {"properties": type_schema(step_type)},
        }
        for key, step_type in step_types.items()
    ]
    return step


def type_schema(step_type: StepType) -> dict[str, Any]:
    """What steps of one type may hold beyond what all steps may."""
    fields = {field.key: field_schema(field) for field in step_type.fields}
    inputs = {"type": "object", "properties": fields, "additionalProperties": False}
    properties: dict[str, Any] = {
        "type": {"description": f"{step_type.label}. {step_type.help}"},
        "inputs": inputs,
    }
    if not isinstance(step_type, BlockType):
        return properties | {"branches": {"maxItems": 0}}
    if not step_type.free_branches:
        keys = [branch.key for branch in step_type.fixed_branches]
        properties["branches"] = {"items": {"properties": {"key": {"enum": keys}}}}
    return properties | {"retry": False, "after_crash": False}


def field_schema(field: Field) -> dict[str, Any]:
    """What one input may be."""
    shape = dict(KINDS.get(field.kind, {}))
    if field.kind == "choice":
        shape = {"enum": [value for value, _ in field.choices]}
    if field.default is not None:
        shape["default"] = field.default
    words = [field.label.rstrip("."), field.help]
    return shape | {"description": ". ".join(word for word in words if word)}
