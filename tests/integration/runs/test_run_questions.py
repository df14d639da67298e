"""What the page of a run asks of people: did this happen, and how should it go on?"""

import html
from datetime import timedelta

import pytest

from core import clock
from core.engine.requests import Perform
from core.runtime import advance, definitions, leases, rescue
from core.steps import step_types
from core.storage.db import db, transaction
from core.storage.run import Run
from core.storage.workflow import Workflow
from tests.factories import fresh, publish, start_run
from tests.integration.runs.steps import step


@pytest.fixture
def olga(people, client_of):
    return client_of(people.olga)


@pytest.fixture
def doubtful(app, work):
    """A run whose worker died while it sent what must not be sent twice."""
    run = start_run(
        step("pay", "call_api", label="Pay", method="POST", url="https://bank.test/pay"),
        step("after", value=1),
    )
    claim = leases.claim(run.id)
    advance.Advance(claim).journal.effects_started([in_flight(run)])
    leases.forget(run.id)
    with transaction() as session:
        session.execute(db.update(Run).values(lease_until=clock.now() - timedelta(hours=1)))
    rescue.rescue_dead()
    work()
    return fresh(run)


def in_flight(run):
    call = step_types()["call_api"]
    [pay, _] = definitions.of_version(run.version_id).steps
    given = {"method": "POST", "url": "https://bank.test/pay"}
    return Perform("pay", pay, call, given, f"{run.id}:pay", 1, after_crash="ask")


def test_a_run_of_which_nobody_knows_whether_it_happened_asks_on_its_page(olga, doubtful):
    page = olga.get(f"/runs/{doubtful.id}").text

    assert "Needs you: did this happen?" in page
    assert "Pay</strong> was cut off by a crash" in page
    assert f"{doubtful.id}:pay" in page and "bank.test" in page
    for word in ("It happened", "Run it again", "Skip it"):
        assert word in page
    assert "Did this happen?" in olga.get("/").text


def test_who_answers_lets_the_run_go_on(olga, doubtful, work):
    olga.post(f"/runs/{doubtful.id}/decisions", data={"step": "pay", "decision": "skip"})
    work()

    page = olga.get(f"/runs/{doubtful.id}?step=pay").text
    assert fresh(doubtful).state == "succeeded"
    assert "A person said that the run should go on without it." in page
    assert "did this happen?" not in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"decision": "maybe"}, "Choose what happened."),
        ({"decision": "skip", "step": "after"}, "Nothing was changed"),
    ],
)
def test_an_answer_that_is_none_changes_nothing(olga, doubtful, given, said):
    answer = olga.post(
        f"/runs/{doubtful.id}/decisions", data={"step": "pay", **given}, follow_redirects=True
    )

    assert said in answer.text
    assert 'class="toast toast--bad" role="alert"' in answer.text
    assert fresh(doubtful).reason == "unknown_outcome"


def test_a_result_that_is_not_json_stays_in_its_form(olga, doubtful):
    given = {"step": "pay", "decision": "happened", "output": "{bad"}

    refused = olga.post(f"/runs/{doubtful.id}/decisions", data=given)

    assert refused.status_code == 422
    assert ">{bad</textarea>" in refused.text and 'aria-invalid="true"' in refused.text
    assert "This is not JSON" in refused.text and "Pay happened" in refused.text
    assert fresh(doubtful).reason == "unknown_outcome"


def test_what_was_typed_beside_another_answer_does_not_matter(olga, doubtful):
    given = {"step": "pay", "decision": "skip", "output": "{bad"}

    assert olga.post(f"/runs/{doubtful.id}/decisions", data=given).status_code == 303


def test_who_only_looks_cannot_answer(people, client_of, doubtful):
    looker = client_of(people.vera)
    given = {"step": "pay", "decision": "skip"}

    assert looker.post(f"/runs/{doubtful.id}/decisions", data=given).status_code == 403
    assert fresh(doubtful).reason == "unknown_outcome"


@pytest.fixture
def failing(app, work):
    """A run that failed at a step that can be put right by what goes in."""
    run = start_run(
        step("before", value=1, label="Before"),
        step("check", "stop", outcome="{{ trigger.body.how | default('fail') }}", label="Check"),
        step("after", value=2, label="After"),
    )
    work()
    return fresh(run)


def test_a_failed_run_offers_how_it_can_go_on(olga, failing):
    page = olga.get(f"/runs/{failing.id}").text

    assert "Go on from “Check”" in page
    for word in ("Retry", "Skip the step", "Change what goes in"):
        assert word in page
    assert "Retry on version" not in page


@pytest.mark.parametrize(
    ("given", "state", "said"),
    [
        ({"way": "retry"}, "failed", "goes on from the step that failed"),
        ({"way": "skip"}, "succeeded", "goes on without that step"),
        ({"way": "inputs", "inputs": '{"outcome": "succeed"}'}, "succeeded", "what you gave it"),
        ({"way": "published"}, "failed", "It goes on from there"),
        ({"way": "somehow"}, "failed", "Choose how it should go on."),
    ],
)
def test_a_failed_run_is_taken_up_as_somebody_says(olga, failing, work, given, state, said):
    answer = olga.post(f"/runs/{failing.id}/retry", data=given, follow_redirects=True)
    work()

    assert said in html.unescape(answer.text)
    assert fresh(failing).state == state


@pytest.mark.parametrize(
    ("typed", "said"),
    [("{bad", "This is not JSON"), ("[1]", "a group of names and values"), ("", "")],
)
def test_inputs_that_cannot_go_in_stay_in_their_form(olga, failing, typed, said):
    refused = olga.post(f"/runs/{failing.id}/retry", data={"way": "inputs", "inputs": typed})

    assert refused.status_code == 422
    assert f">{typed}</textarea>" in refused.text and 'aria-invalid="true"' in refused.text
    assert said in refused.text and '<details class="ask__edit" open>' in refused.text
    assert fresh(failing).state == "failed"


def test_the_story_says_who_took_it_up_and_what_was_passed_over(olga, failing, work):
    olga.post(f"/runs/{failing.id}/retry", data={"way": "skip"})
    work()

    page = olga.get(f"/runs/{failing.id}?step=check").text
    assert "Olga took it up again without Check" in page
    assert "A person said that the run should go on without it." in page
    assert "Go on from" not in page


def test_a_published_version_that_fits_is_offered(olga, failing):
    with transaction() as session:
        workflow = session.get_one(Workflow, failing.workflow_id)
        workflow.revision += 1
    publish(workflow)

    assert "Retry on version 2" in olga.get(f"/runs/{failing.id}").text


def test_who_only_looks_cannot_retry(people, client_of, failing):
    looker = client_of(people.vera)

    assert looker.post(f"/runs/{failing.id}/retry", data={"way": "skip"}).status_code == 403
    assert "Skip the step" not in looker.get(f"/runs/{failing.id}").text
