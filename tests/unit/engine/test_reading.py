import copy

import pytest

from core.auth_schemes import auth_schemes
from core.engine import reading
from core.engine.reading import BadFile
from core.steps import step_types

GOOD = {
    "openbuild": 1,
    "workflow": "order-intake",
    "label": "Order intake",
    "folder": "Sales",
    "color": "teal",
    "description": "Takes an order.",
    "triggers": {
        "endpoint": {
            "exposed": True,
            "method": "POST",
            "auth": {"scheme": "signature", "preset": "github", "connection": "github"},
            "reply": "wait",
            "wait_seconds": 30,
            "only_when": "{{ trigger.total > 0 }}",
            "not_run_status": 400,
            "parameters": [
                {"key": "email", "type": "text"},
                {"key": "items", "type": "object", "list": True},
                {"key": "note", "type": "text", "optional": True, "in": "body"},
            ],
            "duplicates": {"key": "{{ trigger.headers['x-delivery-id'] }}", "keep": "7d"},
        }
    },
    "settings": {"timeout": "5m", "max_steps": 1000, "run_title": "{{ trigger.email }}"},
    "steps": [
        {"id": "clean", "type": "compose", "label": "Tidy", "inputs": {"value": {"a": 1}}},
        {
            "id": "big",
            "type": "branch",
            "branches": [
                {
                    "key": "yes",
                    "label": "High value",
                    "only_when": {"all": [{"left": "{{ trigger.total }}", "is": "is_empty"}]},
                    "steps": [
                        {
                            "id": "note",
                            "type": "log_message",
                            "only_when": {
                                "any": [
                                    {"left": 1, "is": "equals", "right": 1, "ignore_case": False},
                                    {"all": [{"left": 1, "is": "is_empty"}]},
                                ]
                            },
                            "retry": {"attempts": 4, "wait": "1s", "backoff": 2, "max_wait": "60s"},
                            "timeout": "10s",
                            "on_error": "continue",
                            "after_crash": "run_again",
                            "inputs": {"message": "hi"},
                        }
                    ],
                },
                {"key": "otherwise", "steps": []},
            ],
        },
        {"id": "each", "type": "for_each", "branches": [{"key": "body", "steps": []}]},
        {"id": "safe", "type": "try", "branches": [{"key": "try", "steps": []}]},
    ],
}


def problems_of(value):
    with pytest.raises(BadFile) as refusal:
        reading.read(value, step_types=step_types(), auth_schemes=auth_schemes())
    return dict(refusal.value.problems)


def changed(path, value):
    """The good file with one value put somewhere else."""
    file = copy.deepcopy(GOOD)
    here = file
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = value
    return file


def test_a_good_file_becomes_a_workflow():
    file = reading.read(GOOD, step_types=step_types(), auth_schemes=auth_schemes())

    assert (file.name, file.label, file.folder) == ("order-intake", "Order intake", "Sales")
    assert file.definition.to_json()["steps"][1] == GOOD["steps"][1]
    assert file.definition.triggers == GOOD["triggers"]


def test_a_file_needs_little():
    file = reading.read({"openbuild": 1, "workflow": "say_hello-2", "steps": []})

    assert file.label == "Say hello 2"
    assert file.definition.steps == ()


def test_all_problems_are_listed_at_once():
    file = changed(("steps", 0, "type"), "find_things") | {"colour": "red", "workflow": "No Good"}

    problems = problems_of(file)

    assert set(problems) == {"colour", "workflow", "steps[0].type"}


@pytest.mark.parametrize(
    ("path", "value", "place", "message"),
    [
        (("openbuild",), 2, "openbuild", "must be one of 1"),
        (("openbuild",), True, "openbuild", "must be one of 1"),
        (("workflow",), "-x", "workflow", "begins with a letter or digit"),
        (("workflow",), 7, "workflow", "must be text, not a number"),
        (("colr",), "teal", "colr", "unknown key “colr”; did you mean “color”?"),
        (("color",), "red", "color", "must be one of blue, teal"),
        (("steps",), {}, "steps", "must be a list, not a group"),
        (("steps",), None, "steps", "must be a list, not nothing"),
        (("steps", 0), "x", "steps[0]", "must be a group of keys and values, not text"),
        (("steps", 0, "id"), "big", "steps[1].id", "there are two steps called “big”"),
        (("steps", 0, "id"), "Clean", "steps[0].id", "begins with a letter"),
        (("steps", 0, "type"), "find_things", "steps[0].type", "unknown step type find_things"),
        (("steps", 0, "type"), "composed", "steps[0].type", "did you mean “compose”?"),
        (("steps", 0, "inputs"), {"valu": 1}, "steps[0].inputs.valu", "did you mean “value”?"),
        (("steps", 0, "inputs"), [], "steps[0].inputs", "must be a group of names and values"),
        (("steps", 0, "branches"), [{"key": "a", "steps": []}], "steps[0].branches", "no block"),
        (("steps", 0, "disabled"), "yes", "steps[0].disabled", "must be true or false, not text"),
        (("steps", 0, "timeout"), "soon", "steps[0].timeout", "is not a length of time"),
        (("steps", 0, "on_error"), "skip", "steps[0].on_error", "must be one of stop, continue"),
        (("steps", 0, "after_crash"), "guess", "steps[0].after_crash", "must be one of run_again"),
        (("steps", 0, "retry"), {"attempts": 0}, "steps[0].retry.attempts", "at least 1"),
        (("steps", 0, "retry"), {"attempts": 1.5}, "steps[0].retry.attempts", "whole number"),
        (("steps", 1, "retry"), {"attempts": 2}, "steps[1].retry", "goes on steps, not on blocks"),
        (("steps", 1, "branches"), [], "steps[1].branches", "needs at least one path"),
        (("steps", 1, "branches", 1, "key"), "yes", "steps[1].branches[1].key", "two paths called"),
        (("steps", 1, "branches", 1, "steps"), 3, "steps[1].branches[1].steps", "must be a list"),
        (("steps", 2, "branches"), [], "steps[2].branches", "the path “body” is missing"),
        (
            ("steps", 2, "branches", 0, "key"),
            "boddy",
            "steps[2].branches[0].key",
            "for_each has no path “boddy”; did you mean “body”?",
        ),
        (
            ("steps", 2, "branches", 0, "only_when"),
            "{{ item }}",
            "steps[2].branches[0].only_when",
            "the paths of for_each have no conditions",
        ),
        (
            ("steps", 1, "branches", 0, "only_when"),
            {"all": [{"left": 1, "is": "equal"}]},
            "steps[1].branches[0].only_when.all[0].is",
            "did you mean “equals”?",
        ),
        (
            ("steps", 1, "branches", 0, "only_when"),
            {"all": [], "any": []},
            "steps[1].branches[0].only_when.any",
            "“any” is not known beside “all”",
        ),
        (
            ("steps", 1, "branches", 0, "only_when"),
            {"all": [{"any": [{"all": []}]}]},
            "steps[1].branches[0].only_when.all[0].any[0]",
            "nest only one level",
        ),
        (("triggers", "webhook"), {}, "triggers.webhook", "unknown start “webhook”"),
        (("triggers", "things"), [], "triggers.things", "not built yet in this version"),
        (
            ("triggers", "endpoint", "run_as"),
            "1/minute",
            "triggers.endpoint.run_as",
            "not built yet in this version",
        ),
        (
            ("triggers", "endpoint", "auth"),
            {"scheme": "jwt", "issuer": "x"},
            "triggers.endpoint.auth.scheme",
            "unknown auth scheme jwt",
        ),
        (
            ("triggers", "endpoint", "auth"),
            {"scheme": "signature", "preset": "gitlab"},
            "triggers.endpoint.auth.preset",
            "must be one of github",
        ),
        (
            ("triggers", "endpoint", "auth"),
            {"scheme": "api_key", "header": "x"},
            "triggers.endpoint.auth.header",
            "unknown key “header”",
        ),
        (("triggers", "endpoint", "auth"), "open", "triggers.endpoint.auth", "a “scheme”"),
        (("triggers", "endpoint", "method"), "HEAD", "triggers.endpoint.method", "GET, POST"),
        (
            ("triggers", "endpoint", "parameters", 0, "key"),
            "headers",
            "triggers.endpoint.parameters[0].key",
            "reserved",
        ),
        (
            ("triggers", "endpoint", "parameters", 0, "type"),
            "thing:order",
            "triggers.endpoint.parameters[0].type",
            "unknown type thing:order",
        ),
        (("settings", "concurrency"), {}, "settings.concurrency", "“limit” is missing"),
        (("settings", "concurrency"), {"limit": 0}, "settings.concurrency.limit", "at least 1"),
        (
            ("settings", "concurrency"),
            {"limit": 1, "when_full": "wait"},
            "settings.concurrency.when_full",
            "must be one of queue, skip, replace",
        ),
        (("settings", "max_steps"), 0, "settings.max_steps", "must be at least 1"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(path, value, place, message):
    problems = problems_of(changed(path, value))

    assert message in problems[place]


def test_a_file_that_is_no_group_is_refused():
    assert "must be a group" in problems_of([])[""]


def test_steps_too_deep_are_refused_rather_than_walked():
    steps = []
    for number in range(200):
        steps = [{"id": f"s{number}", "type": "try", "branches": [{"key": "try", "steps": steps}]}]

    problems = problems_of(GOOD | {"steps": steps})

    assert list(problems.values()) == ["steps stand at most 30 blocks deep"]


def test_without_catalogues_only_the_frame_is_checked():
    step = reading.read_step({"id": "a", "type": "whatever", "inputs": {"x": 1}})

    assert (step.type, step.inputs) == ("whatever", {"x": 1})
