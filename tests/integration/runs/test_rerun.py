"""Running again with an edited input: checked like a call, and nothing typed is lost."""

import html

import pytest

from core.storage.db import db
from core.storage.run import Run
from tests.factories import fresh, make_workflow, start_run
from tests.integration.runs.steps import step

PARAMETERS = [{"key": "email", "type": "email"}, {"key": "total", "type": "number"}]
ANSWER = step("answer", "return_data", body={"total": "{{ trigger.total }}"})


@pytest.fixture
def olga(people, client_of):
    return client_of(people.olga)


@pytest.fixture
def order(app, work):
    """A finished run of a workflow with parameters."""
    triggers = {"endpoint": {"exposed": True, "parameters": PARAMETERS}}
    workflow = make_workflow(ANSWER, triggers=triggers)
    run = start_run(workflow=workflow, input={"email": "ana@example.org", "total": 9})
    work()
    return fresh(run)


def newest():
    db.session.rollback()
    return db.session.scalars(db.select(Run).order_by(Run.id.desc()).limit(1)).one()


def test_the_form_begins_with_what_went_in(olga, order):
    page = html.unescape(olga.get(f"/runs/{order.id}/rerun").text)

    assert '"email": "ana@example.org"' in page and '"total": 9' in page
    assert "on the version that is live now" in page
    assert "Change the input" in olga.get(f"/runs/{order.id}").text


def test_it_runs_again_with_what_was_typed(olga, order, work):
    given = '{"email": "bo@example.org", "total": 12}'

    olga.post(f"/runs/{order.id}/rerun/input", data={"input": given})
    work()

    run = newest()
    assert run.id != order.id and run.state == "succeeded"
    assert run.response["body"] == {"total": 12}
    assert (run.input["email"], run.input["body"]) == (
        "bo@example.org",
        {"email": "bo@example.org", "total": 12},
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ('{"email": "nobody", "total": "many"}', ("must be an email", "“total” must be a number")),
        ('{"email"', ("This is not JSON",)),
        ("[1]", ("a group of names and values",)),
        ("{}", ("“email” is missing", "“total” is missing")),
    ],
)
def test_all_that_is_wrong_is_said_and_what_was_typed_stays(olga, order, typed, said):
    answer = olga.post(f"/runs/{order.id}/rerun/input", data={"input": typed})

    page = html.unescape(answer.text)
    assert answer.status_code == 422
    for words in said:
        assert words in page
    assert f">{typed}</textarea>" in page
    assert newest().id == order.id


def test_without_parameters_the_body_is_edited(olga, work):
    run = start_run(step("a", value="{{ trigger.body.n }}"), input={"body": {"n": 1}})
    work()

    assert '"n": 1' in html.unescape(olga.get(f"/runs/{run.id}/rerun").text)
    olga.post(f"/runs/{run.id}/rerun/input", data={"input": '{"n": 2}'})
    assert newest().input["body"] == {"n": 2}


def test_who_only_looks_cannot_run_again(people, client_of, order):
    looker = client_of(people.vera)

    assert looker.get(f"/runs/{order.id}/rerun").status_code == 403
    assert looker.post(f"/runs/{order.id}/rerun/input").status_code == 403
