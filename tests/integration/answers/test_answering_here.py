"""Answering on the run's page, and what the lists of runs say meanwhile."""

import re
from html import unescape

import pytest

from core.runtime import approvals
from core.storage.db import db
from core.storage.mail import Mail
from tests.factories import fresh, start_run
from tests.unit.engine.machines import step

ASK = step("ask", "ask_approval", who="ana@example.org", message="May <b>Ben</b>?", fields=["Why"])

HTMX = {"HX-Request": "true"}


@pytest.fixture
def asking(people, work):
    run = start_run(ASK, step("after", "return_data", body="{{ steps.ask }}"))
    work()
    return run


def test_the_page_of_the_run_takes_the_answer(client_of, people, asking, work):
    olga = client_of(people.olga)
    page = olga.get(f"/runs/{asking.id}").text
    assert "May &lt;b&gt;Ben&lt;/b&gt;?" in page
    assert '<div class="runpage__ask" id="run-ask">' in page
    assert "waits for the answer of ana@example.org, for as long as it takes." in page

    empty = {"_step": "ask", "_decision": "approve"}
    olga.post(f"/runs/{asking.id}/answers", data=empty)
    assert fresh(asking).state == "waiting"
    olga.post(f"/runs/{asking.id}/answers", data={**empty, "why": "It is cheap", "_comment": "ok"})
    work()

    said = fresh(asking).response["body"]
    assert (said["approved"], said["by"]) == (True, people.olga.email)
    assert said["fields"] == {"why": "It is cheap"}
    assert "Waits for a person" not in olga.get(f"/runs/{asking.id}").text


def test_a_refused_answer_keeps_what_was_typed_in_its_own_form(client_of, people, work):
    paths = {"a": [{**ASK, "id": "first"}], "b": [{**ASK, "id": "second"}]}
    run = start_run(step("both", "parallel", branches=paths))
    work()
    [first, _] = approvals.of_run(run.id)
    given = {"_step": first.place.path, "_decision": "approve", "_comment": "kept words"}

    refused = client_of(people.olga).post(f"/runs/{run.id}/answers", data=given)

    assert refused.status_code == 422
    assert refused.text.count("kept words") == 1
    assert refused.text.count("“Why” is missing") == 1
    assert fresh(run).state == "waiting"


def test_a_form_is_drawn_anew_only_when_something_else_is_asked(client_of, people, asking, work):
    olga = client_of(people.olga)
    page = olga.get(f"/runs/{asking.id}").text
    looked_at = unescape(re.search(r'id="run-story" hx-get="([^"]+)"', page)[1])

    same = olga.get(looked_at, headers=HTMX).text
    assert 'id="run-story"' in same
    assert 'id="run-ask"' not in same

    elsewhere = re.sub(r"panel=\w+", "panel=other", looked_at)
    assert 'id="run-step"' in olga.get(elsewhere, headers=HTMX).text
    assert 'id="run-ask"' not in olga.get(elsewhere, headers=HTMX).text

    given = {"_step": "ask", "_decision": "approve", "why": "It is cheap"}
    olga.post(f"/runs/{asking.id}/answers", data=given)
    assert 'hidden id="run-ask"' in olga.get(looked_at, headers=HTMX).text


def test_who_may_only_look_sees_no_buttons_and_is_refused(client_of, people, asking):
    vera = client_of(people.vera)

    assert 'name="_decision"' not in vera.get(f"/runs/{asking.id}").text
    refused = vera.post(f"/runs/{asking.id}/answers", data={"_step": "ask", "_decision": "approve"})

    assert refused.status_code == 403
    assert fresh(asking).state == "waiting"


def test_the_dashboard_and_the_waiting_page_show_it(client_of, people, asking):
    olga = client_of(people.olga)

    assert "<span>A person</span>" in olga.get("/schedules/waiting").text
    assert db.session.query(Mail).count() == 1
