"""Addresses of steps that wait to be called: they must be there, and somebody must be told."""

import pytest

from tests.drafts import block, compose, problems_of, the_only, where

WAITING = {"id": "answer", "type": "wait_for_call", "inputs": {"timeout": "1h"}}


def tells(url="{{ callback_url('answer') }}"):
    return compose("order", {"url": url})


def test_an_address_that_an_earlier_step_sends_is_sound():
    assert problems_of([tells(), WAITING]) == ()


@pytest.mark.parametrize(
    ("called", "message"),
    [
        ("anwser", "there is no step called “anwser”; did you mean “answer”?"),
        ("order", "“order” doesn't wait to be called"),
        ("off", "“off” is switched off, so it never waits"),
    ],
)
def test_an_address_of_no_waiting_step_is_named(called, message):
    steps = [
        compose("both", "{{ callback_url('answer') }}"),
        tells("{{ callback_url('" + called + "') }}"),
        WAITING,
        {**WAITING, "id": "off", "disabled": True},
    ]

    problem = the_only(problems_of(steps))

    assert where(problem) == ("order", "inputs.value.url", "no_callback", "error")
    assert (problem.column, problem.message[: len(message)]) == (4, message)


def test_an_address_in_a_loop_is_made_in_that_loop():
    outside = [tells(), block("each", "for_each", {"list": [1]}, body=[WAITING])]
    inside = [block("each", "for_each", {"list": [1]}, body=[tells(), WAITING])]

    problem = the_only(problems_of(outside))

    assert where(problem) == ("order", "inputs.value.url", "no_callback", "error")
    assert "each turn of “each” has its own address; make it inside that loop" in problem.message
    assert problems_of(inside) == ()


def test_before_a_run_there_are_no_addresses():
    settings = {"run_title": "{{ callback_url('answer') }}"}

    problem = the_only(problems_of([tells(), WAITING], settings=settings))

    assert where(problem) == (None, "settings.run_title", "no_callback", "error")


def test_a_step_whose_address_nobody_gets_is_a_doubt():
    problem = the_only(problems_of([WAITING]))

    assert where(problem) == ("answer", "", "untold_callback", "warning")
    assert "send “{{ callback_url('answer') }}”" in problem.message


def test_an_address_that_only_a_run_can_name_tells_nobody_knows_whom():
    name = compose("name", "answer")

    assert problems_of([name, tells("{{ callback_url(steps.name) }}"), WAITING]) == ()
