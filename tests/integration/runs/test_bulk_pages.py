"""Bulk actions as people begin and watch them: said before, followed, stopped, nobody else's."""

import html
import re

import pytest

from core.runtime import bulk_actions
from core.storage.bulk_action import BulkAction
from core.storage.db import db
from core.storage.run import Run
from tests.factories import make_workflow, start_run
from tests.integration.runs.steps import step

NAP = step("nap", "wait", **{"for": "1h"})
FAIL = step("check", "stop", outcome="fail", message="no stock")


@pytest.fixture
def olga(people, client_of):
    return client_of(people.olga)


@pytest.fixture
def runs(app, work):
    """Two sleeping runs and one that failed."""
    made = [start_run(NAP), start_run(NAP), start_run(FAIL)]
    work()
    return [run.id for run in made]


def text_of(answer):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def the_action():
    db.session.rollback()
    return db.session.scalars(db.select(BulkAction).order_by(BulkAction.id.desc())).first()


def state_of(run_id):
    db.session.rollback()
    return db.session.scalar(db.select(Run.state).where(Run.id == run_id))


def test_says_what_will_happen_does_it_and_shows_what_became_of_each(olga, runs):
    asked = olga.get("/bulk/new", query_string={"kind": "cancel", "run": runs})
    assert "Cancel 2 runs?" in text_of(asked)
    assert "1 run: already ended" in text_of(asked)
    assert [state_of(one) for one in runs] == ["waiting", "waiting", "failed"]

    begun = olga.post("/bulk", data={"kind": "cancel", "run": runs})

    page = olga.get(begun.location)
    assert [state_of(one) for one in runs] == ["cancelled", "cancelled", "failed"]
    assert "3 of 3 runs dealt with" in text_of(page)
    assert "1 run: already ended" in text_of(page)
    assert f"/runs/{runs[0]}" in page.text
    skipped = olga.get(begun.location, query_string={"show": "skipped"})
    assert f"/runs/{runs[2]}" in skipped.text
    assert "3 chosen runs" in text_of(olga.get("/bulk"))


def test_all_that_match_are_those_of_the_confirmation(olga, runs):
    asked = olga.get("/bulk/new", query_string={"kind": "cancel", "all": "yes", "state": "waiting"})
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    late = start_run(NAP)
    db.session.rollback()

    olga.post("/bulk", data=fields)

    assert "waiting runs until" in the_action().words
    assert [state_of(one) for one in runs] == ["cancelled", "cancelled", "failed"]
    assert state_of(late.id) == "queued"


def test_a_repeated_run_leads_to_the_one_it_repeats(olga, runs, work):
    begun = olga.post("/bulk", data={"kind": "rerun", "run": [runs[2]]})
    work()

    page = olga.get(begun.location)
    db.session.rollback()
    [new] = db.session.scalars(db.select(Run.id).where(Run.origin_key.is_not(None)))
    assert f"/runs/{new}" in page.text and f"/runs/{runs[2]}" in page.text
    assert "1 failed" in text_of(page)
    own = olga.get(f"/runs/{new}")
    assert f"/runs/{runs[2]}" in own.text and begun.location in own.text


def test_retry_offers_the_version_that_is_live_now(olga, runs):
    asked = text_of(olga.get("/bulk/new", query_string={"kind": "retry", "all": "yes"}))

    assert "Retry 1 run?" in asked
    assert "On what is published now 1 run" in asked
    assert "2 runs: not failed, so there is nothing to retry" in asked
    begun = olga.post("/bulk", data={"kind": "retry", "run": runs[2:], "on": "published"})
    assert "what is published now" in text_of(olga.get(begun.location))
    assert the_action().on_published


def test_it_can_be_stopped_and_the_list_of_runs_leads_to_it(olga, runs, monkeypatch):
    monkeypatch.setattr(bulk_actions, "go_on", lambda *_, **__: None)
    here = olga.post("/bulk", data={"kind": "rerun", "run": runs}).location
    assert "Run 3 runs again : 0 of 3 runs dealt with" in text_of(olga.get("/runs"))

    olga.post(f"{here}/stop")

    page = text_of(olga.get(here))
    assert "0 of 3 runs dealt with when Olga" in page and "Not done 3" in page
    assert here not in olga.get("/runs").text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "rerun"}, "Choose some runs first."),
        ({"kind": "burn", "all": "yes"}, "Say what to do"),
        ({"kind": "cancel", "all": "yes", "state": "odd"}, "“odd” is no state"),
        ({"kind": "cancel", "run": ["x"] * 2 + ["y"]}, "not there any more"),
        ({"kind": "cancel", "run": "a\0b"}, "Choose some runs first."),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(olga, runs, given, said):
    asked = olga.get, "/bulk/new", {"query_string": given}
    begun = olga.post, "/bulk", {"data": given}
    for send, address, more in (asked, begun):
        answer = send(address, **more)
        shown = olga.get(answer.location) if answer.location else answer
        assert said in text_of(shown)
    assert the_action() is None


def test_more_than_one_action_takes_is_refused_before(olga, runs, monkeypatch):
    for place in ("core.runtime.bulk_foresight.MOST", "blueprints.bulk.changes.MOST"):
        monkeypatch.setattr(place, 2)

    asked = text_of(olga.get("/bulk/new", query_string={"kind": "cancel", "all": "yes"}))
    answer = olga.post("/bulk", data={"kind": "cancel", "all": "yes"})

    assert "Too many runs at once" in asked and "at most 2 runs" in asked
    assert "narrow the filter" in text_of(olga.get(answer.location))
    assert the_action() is None


def test_the_count_of_all_that_match_is_told(olga, runs):
    assert "3" in text_of(olga.get("/bulk/count"))
    assert "2" in text_of(olga.get("/bulk/count?state=waiting"))
    assert olga.get("/bulk/count?text=a").status_code == 204
    assert olga.get("/bulk/count?state=odd").status_code == 204


def test_who_may_only_look_sees_no_boxes(people, client_of, runs):
    vera = client_of(people.vera)

    assert 'name="run"' not in vera.get("/runs").text
    assert vera.post("/bulk", data={"kind": "cancel", "run": runs}).status_code == 403
    assert state_of(runs[0]) == "waiting"


def test_a_stranger_can_do_nothing_to_runs_of_another_workspace(people, client_of, runs, olga):
    begun = olga.post("/bulk", data={"kind": "rerun", "run": runs}).location
    zoe = client_of(people.zoe)

    assert zoe.get("/bulk/new", query_string={"kind": "cancel", "run": runs}).status_code == 404
    assert zoe.post("/bulk", data={"kind": "cancel", "run": runs}).status_code == 404
    zoe.post("/bulk", data={"kind": "cancel", "all": "yes"})
    assert zoe.get(begun).status_code == 404
    assert zoe.post(f"{begun}/stop").status_code == 404
    assert state_of(runs[0]) == "waiting"


def test_the_boxes_send_the_filter_of_their_list(olga, runs):
    workflow = make_workflow(NAP, name="naps")
    for _ in range(51):
        start_run(workflow=workflow)

    page = olga.get("/runs?workflow=naps&state=running").text

    assert page.count('name="run"') == 50
    assert '<input type="hidden" name="workflow" value="naps">' in page
    assert "that match" in page
