"""The pages of runs, as a browser with and without htmx gets them."""

import json
import re

import pytest

from blueprints.runs import excerpt
from core.runtime import workflows
from core.storage.db import db
from core.storage.run import Run
from tests.factories import fresh, make_workflow, start_run
from tests.integration.runs.steps import branch, step
from tests.people import HTMX

NAP = step("nap", "wait", **{"for": "2h"}, label="Let it rest")


@pytest.fixture
def olga(people, client_of):
    return client_of(people.olga)


def titles(page):
    return re.findall(r"table__link[^>]*>([^<]+)<", page.text)


def titled(title, *steps, **more):
    return start_run(*(steps or [step("a", value=1)]), settings={"run_title": title}, **more)


def test_before_anything_has_run_the_list_says_what_will_show_here(olga):
    page = olga.get("/runs")

    assert "Nothing has run yet" in page.text
    assert "every step, what went in and what came out" in page.text


def test_the_list_shows_runs_newest_first_with_their_state(olga, work):
    titled("one")
    titled("two", step("s", "stop", outcome="fail", message="no stock", label="Check"))
    titled("three", step("s", "stop", outcome="fail", on_error="continue"))
    work()

    page = olga.get("/runs")

    assert titles(page) == ["three", "two", "one"]
    assert "Check: no stock" in page.text
    assert "1 error handled" in page.text
    assert page.text.count("Succeeded</span>") == 2
    assert 'aria-label="1 step: 1 failed"' in page.text


def test_a_long_log_shows_its_newest_lines_and_leads_to_those_before(olga, work):
    note = step("note", "log_message", message="line {{ item }}.")
    each = step("each", "for_each", list="{{ range(0, 240) }}") | {
        "branches": [branch("body", note)]
    }
    run = start_run(each)
    work()

    newest = olga.get(f"/runs/{run.id}").text
    assert "240 lines" in newest and "141 to 240 of 240" in newest
    assert "line 139." not in newest and "line 140." in newest and "line 239." in newest

    (before,) = re.findall(r'hx-get="([^"]*log=40)"', newest)
    earlier = olga.get(before.replace("&amp;", "&"), headers=HTMX).text
    assert "41 to 140 of 240" in earlier and "line 39." not in earlier and "line 139." in earlier
    assert "log=140" in earlier and "log=0" in earlier


def test_a_run_that_slept_often_shows_what_happened_lately(olga, work, monkeypatch):
    monkeypatch.setattr(excerpt, "SHOWN", 2)
    run = titled("nap", NAP)
    work()

    latest = olga.get(f"/runs/{run.id}?items=each:0").text

    assert "2 to 3 of 3" in latest and "took it" in latest
    assert f"/runs/{run.id}?items=each:0&amp;events=0#run-events" in latest


def test_the_runs_of_one_workflow_are_its_own(olga):
    titled("one")
    mine = titled("mine")

    page = olga.get(f"/workflows/{mine.workflow_id}/runs")

    assert titles(page) == ["mine"]
    assert f"/workflows/{mine.workflow_id}/runs?state=failed" in page.text


def test_older_runs_are_on_the_next_page(olga, monkeypatch):
    monkeypatch.setattr("blueprints.runs.views.PAGE", 2)
    for number in range(3):
        titled(f"run {number}")

    first = olga.get("/runs")
    older = re.search(r'href="(/runs\?before=[^"]+)"', first.text)[1]
    second = olga.get(older)

    assert titles(first) == ["run 2", "run 1"]
    assert titles(second) == ["run 0"]
    assert "hx-trigger" not in second.text.partition('id="run-list"')[2].partition(">")[0]


def test_a_list_that_has_not_changed_is_not_sent_again(olga, work):
    run = titled("one")
    poll = re.search(r'id="run-list" hx-get="([^"]+)"', olga.get("/runs").text)[1]

    same = olga.get(poll, headers=HTMX)
    work()
    changed = olga.get(poll, headers=HTMX)

    assert fresh(run).state == "succeeded"
    assert (same.status_code, changed.status_code) == (204, 200)
    assert "Succeeded" in changed.text


def test_a_run_is_polled_until_it_has_ended(olga, work):
    run = titled("one")
    waiting = olga.get(f"/runs/{run.id}")

    work()
    ended = olga.get(f"/runs/{run.id}")

    assert 'hx-trigger="every 1s"' in waiting.text
    assert 'hx-trigger="every 1s"' not in ended.text


def test_a_poll_leaves_the_panel_alone_while_it_would_show_the_same(olga, work):
    run = titled("one", NAP)
    work()
    page = olga.get(f"/runs/{run.id}").text
    poll = re.search(r'id="run-story" hx-get="([^"]+)"', page)[1].replace("&amp;", "&")

    same = olga.get(poll, headers=HTMX).text
    other = olga.get(f"{poll}&step=", headers=HTMX).text

    assert 'id="run-story"' in same
    assert 'id="run-step"' not in same
    assert '<hx-partial hx-target="#run-step"' in other


def test_the_panel_shows_what_went_in_and_came_out(olga, work):
    run = titled(
        "one", step("clean", value={"greeting": "hello {{ trigger.name }}"}), input={"name": "Ana"}
    )
    work()

    out = olga.get(f"/runs/{run.id}?step=clean").text
    into = olga.get(f"/runs/{run.id}?step=clean&tab=in").text

    assert "Came out" in out
    assert "&#34;hello Ana&#34;" in out
    assert 'data-root="steps.clean"' in out
    assert '<span class="json__key">value</span>' in into


def test_a_waiting_run_says_why_and_can_be_cancelled(olga, work):
    run = titled("one", NAP)
    work()

    page = olga.get(f"/runs/{run.id}").text
    answer = olga.post(f"/runs/{run.id}/cancellation")
    again = olga.post(f"/runs/{run.id}/cancellation")

    assert "lasts until" in page
    assert (answer.status_code, answer.location) == (303, f"/runs/{run.id}")
    assert fresh(run).state == "cancelled"
    assert again.status_code == 303
    assert "It had already ended." in olga.get(f"/runs/{run.id}").text


def test_a_run_again_is_a_new_run_with_the_same_input(olga, work):
    run = titled("one", input={"n": 7})
    work()

    answer = olga.post(f"/runs/{run.id}/rerun")

    new = db.session.scalars(db.select(Run).where(Run.id != run.id)).one()
    assert answer.location == f"/runs/{new.id}"
    assert (new.input["n"], new.started_by) == (7, "Olga")


def test_a_run_of_a_workflow_taken_offline_is_not_run_again_in_silence(olga, work):
    workflow = make_workflow(step("a", value=1))
    run = start_run(workflow=workflow)
    work()
    workflows.delete(workflow, by="Olga")

    olga.post(f"/runs/{run.id}/rerun")

    assert db.session.scalar(db.select(db.func.count(Run.id))) == 1
    assert "has been deleted" in olga.get(f"/runs/{run.id}").text


def test_values_are_downloaded_whole_and_never_shown_as_a_page(olga, work):
    run = titled("one", step("big", value="{{ range(5000) }}"))
    work()

    page = olga.get(f"/runs/{run.id}?step=big").text
    answer = olga.get(f"/runs/{run.id}/values?step=big&part=output")

    assert "4\u202f900 more" in page
    assert json.loads(answer.text) == list(range(5000))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert olga.get(f"/runs/{run.id}/values?step=none").status_code == 404
    assert olga.get(f"/runs/{run.id}/values?part=password").status_code == 404


def test_a_viewer_sees_a_run_but_cannot_touch_it(people, client_of, work):
    run = titled("one", NAP)
    work()
    vera = client_of(people.vera)

    page = vera.get(f"/runs/{run.id}")

    assert page.status_code == 200
    assert "cancellation" not in page.text
    assert vera.post(f"/runs/{run.id}/cancellation").status_code == 403


def test_turns_of_a_long_loop_are_paged_and_fold(olga, work):
    run = titled(
        "one",
        step(
            "each",
            "for_each",
            list="{{ range(60) }}",
            branches=[branch("body", step("a", value="{{ item }}"), step("b", value=1))],
        ),
    )
    work()

    first = olga.get(f"/runs/{run.id}").text
    second = olga.get(f"/runs/{run.id}?step=each/55/a&items=each:50").text

    assert "Items 1 to 50 of 60" in first
    assert 'id="row-each/0/a"' not in first
    assert 'id="row-each/55/a"' in second
    assert "Items 51 to 60 of 60" in second


def test_a_child_and_its_parent_lead_to_each_other(olga, work):
    make_workflow(step("answer", "return_data", body=1), name="child")
    parent = titled("one", step("ask", "run_workflow", workflow="child"))
    work()
    child = db.session.scalars(db.select(Run).where(Run.parent_run_id == parent.id)).one()

    down = olga.get(f"/runs/{parent.id}?step=ask").text
    up = olga.get(f"/runs/{child.id}").text

    assert f'href="/runs/{child.id}"' in down
    assert f'href="/runs/{parent.id}?step=ask"' in up
