"""The first screen: ways to begin, and the first call of the example."""

from datetime import timedelta

import pytest

from core.engine.definition import Definition
from core.runtime import runs, workflows
from core.runtime.runs import NewRun
from core.storage.db import transaction
from tests.people import HTMX

STEPS = [
    {"id": "greeting", "type": "compose", "label": "Write it", "inputs": {"value": "Hello Ana"}}
]


@pytest.fixture
def example(people):
    definition = Definition.from_json({"triggers": {"endpoint": {"exposed": True}}, "steps": STEPS})
    workflow = workflows.create(1, "welcome", "Welcome", by="Olga", definition=definition)
    workflows.publish(workflow, by="Olga")
    return workflow


@pytest.fixture
def olga(people, client_of):
    return client_of(people.olga)


def test_the_first_screen_offers_what_can_be_done(olga, example):
    page = olga.get("/").text

    for words in ("Hello Olga.", "When another app calls", "Start from a working example"):
        assert words in page


def test_without_the_example_there_is_nothing_to_try(olga):
    assert "Or try it now" not in olga.get("/").text


def test_who_has_no_key_makes_one_and_keeps_it_in_this_browser(people, client_of, olga, example):
    answer = olga.post("/welcome-key", headers=HTMX)

    assert "Bearer ob_" in answer.text and "tomorrow" in answer.text
    assert "Bearer ob_" in olga.get("/").text
    assert "Bearer ob_" not in client_of(people.ada).get("/").text


def test_only_who_manages_makes_keys(people, client_of, example):
    browser = client_of(people.max)

    assert browser.post("/welcome-key").status_code == 403
    assert "Make a key" not in browser.get("/").text


def test_it_listens_until_the_first_call_has_run(olga, example, work):
    waiting = olga.get("/", headers=HTMX).text
    runs.start(NewRun(example, example.published, "endpoint", {"name": "Ana"}))
    arriving = olga.get("/", headers=HTMX).text
    work()
    arrived = olga.get("/", headers=HTMX).text

    assert "Listening…" in waiting and "every 1s" in waiting
    assert "A call is here." in arriving and "every 1s" in arriving
    assert "Your first call has arrived." in arrived and "every 1s" not in arrived
    assert "Write it" in arrived and "Hello Ana" in arrived and "call--done" in arrived


def test_a_call_before_the_first_visit_has_arrived_too(people, client_of, example, work):
    runs.start(NewRun(example, example.published, "endpoint", {"name": "Ana"}))
    work()

    assert "Your first call has arrived." in client_of(people.olga).get("/").text


def test_at_a_later_visit_there_is_a_dashboard(people, client_of, example, work):
    runs.start(NewRun(example, example.published, "endpoint", {"name": "Ana"}))
    work()
    with transaction():
        people.olga.created_at -= timedelta(days=1)

    assert "Your first call has arrived." not in client_of(people.olga).get("/").text


def test_the_foot_tells_the_truth_about_the_processes(olga):
    page = olga.get("/").text

    assert "No worker is alive" in page and "No scheduler is alive" in page


def test_the_foot_says_where_mails_go(olga):
    assert "Mails are kept here until you connect a mailbox." in olga.get("/").text
