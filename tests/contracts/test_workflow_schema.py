import importlib.util
import json
from pathlib import Path

import jsonschema
import pytest

from core.auth_schemes import auth_schemes
from core.engine import reading
from core.runtime import yaml_reading, yaml_writing
from core.steps import step_types

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


def generated():
    spec = importlib.util.spec_from_file_location("generate", REFERENCE / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.workflow_schema()


@pytest.fixture(scope="module")
def validator():
    schema = json.loads((REFERENCE / "workflow.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_schema_is_what_the_catalogues_say_now():
    written = (REFERENCE / "workflow.schema.json").read_text()

    assert written == generated(), "run: python docs/reference/generate.py"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_fits_the_schema_and_reads(example, validator):
    value = yaml_reading.parse(example.read_text()).value

    validator.validate(value)
    file = reading.read(value, step_types=step_types(), auth_schemes=auth_schemes())

    assert file.name == example.stem


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_is_written_as_an_export_writes_it(example):
    text = example.read_text()

    assert yaml_writing.dump(yaml_reading.parse(text).value) == text


@pytest.mark.parametrize(
    "change",
    [
        {"openbuild": 2},
        {"workflow": "No good"},
        {"colour": "red"},
        {"steps": [{"id": "a", "type": "find_things"}]},
        {"steps": [{"id": "a", "type": "compose", "inputs": {"valu": 1}}]},
        {
            "steps": [
                {"id": "a", "type": "wait", "inputs": {}, "branches": [{"key": "b", "steps": []}]}
            ]
        },
        {"triggers": {"things": []}},
        {"triggers": {"schedules": [{"key": "a", "rrule": "FREQ=DAILY"}]}},
        {"triggers": {"endpoint": {"auth": {"scheme": "magic"}}}},
    ],
)
def test_what_cannot_be_read_does_not_fit_the_schema(change, validator):
    value = {"openbuild": 1, "workflow": "a", "steps": []} | change

    with pytest.raises(jsonschema.ValidationError):
        validator.validate(value)
    with pytest.raises(reading.BadFile):
        reading.read(value, step_types=step_types(), auth_schemes=auth_schemes())
