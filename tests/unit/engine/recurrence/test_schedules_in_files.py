"""Schedules of a workflow file: what is refused while reading, and what keeps it a draft."""

import pytest

from core.auth_schemes import auth_schemes
from core.engine import checking, reading
from core.engine.definition import Definition
from core.engine.reading import BadFile
from core.steps import step_types
from core.triggers import trigger_types

GOOD = {"key": "morning", "cron": "0 9 * * 1-5", "timezone": "Europe/Berlin"}
TOTAL = {"parameters": [{"key": "total", "type": "number"}]}


def refused(*schedules):
    value = {
        "openbuild": 1,
        "workflow": "a",
        "steps": [],
        "triggers": {"schedules": list(schedules)},
    }
    try:
        reading.read(value)
    except BadFile as error:
        return dict(error.problems)
    return {}


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({"cron": "0 0 30 2 *"}, ".cron", "it never comes"),
        ({"cron": 5}, ".cron", "must be text"),
        ({"every": "5m"}, "", "needs either “cron” or “every”"),
        ({"timezone": "Europe/Berln"}, ".timezone", "no time zone called"),
        ({"missed": "often"}, ".missed", "must be one of skip, run_once, run_all"),
        ({"overlap": "both"}, ".overlap", "must be one of skip, queue, replace, allow"),
        ({"key": "No"}, ".key", "small letters"),
        ({"input": [1]}, ".input", "must be a group"),
        ({"rrule": "FREQ=DAILY"}, ".rrule", "unknown key “rrule”"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_with_its_place(changes, place, said):
    problems = refused(GOOD | changes)

    assert said in problems[f"triggers.schedules[0]{place}"]


def test_two_of_the_same_key_are_refused():
    assert "already a schedule" in refused(GOOD, GOOD)["triggers.schedules[1].key"]


def test_what_is_written_well_is_taken():
    assert refused(GOOD, {"key": "often", "every": "15m", "input": {"a": 1}}) == {}


def problems_of(endpoint, **given):
    definition = Definition({"endpoint": endpoint, "schedules": [GOOD | given]})
    found = checking.problems(
        definition,
        step_types=step_types(),
        auth_schemes=auth_schemes(),
        surroundings=checking.Surroundings(),
    )
    return {problem.code for problem in found if problem.field and "schedules" in problem.field}


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({"total": 3}, set()),
        ({"total": "many"}, {"schedule_input"}),
        ({}, {"schedule_input"}),
        ({"total": 3, "colour": "red"}, {"unknown_parameter"}),
        ({"total": "{{ 1 + 2 }}"}, {"no_expression_here", "schedule_input"}),
        ({"total": 3, "list": [{"a": "{{ x }}"}]}, {"no_expression_here", "unknown_parameter"}),
    ],
)
def test_what_a_schedule_gives_must_fit_the_parameters(given, codes):
    assert problems_of(TOTAL, input=given) == codes


def test_the_catalogue_says_when_a_workflow_starts():
    trigger = trigger_types()["schedule"]

    settings = trigger.settings({"schedules": [GOOD, {"key": "b", "every": "15m"}]})

    assert trigger.summary(settings) == "every weekday at 9:00 · every 15 minutes"
    assert settings["schedules"][0]["missed"] == "run_once"
