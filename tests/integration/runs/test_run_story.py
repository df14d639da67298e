"""“What happened”: who decided, approved, took up again or cancelled, and what was before."""

import pytest

from core.runtime import (
    advance,
    approvals,
    endings,
    leases,
    resuming,
    run_view,
    runs,
    unknown_outcomes,
)
from core.runtime.callbacks import Place
from core.storage.db import transaction
from core.storage.workflow import Workflow
from tests.factories import fresh, publish, start_run
from tests.integration.runs.steps import step
from tests.integration.runs.test_cut_effects import cut_off, pay


def story(run):
    return [event.sentence for event in run_view.view(fresh(run)).events]


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ("happened", "Ana Keller said that Pay had happened"),
        ("run_again", "Ana Keller had Pay run again"),
        ("skip", "Ana Keller skipped Pay"),
    ],
)
def test_who_says_what_happened_is_named(app, work, decision, said):
    run = start_run(pay(on_error="continue"))
    cut_off(run, ["pay"])
    work()

    unknown_outcomes.decide(fresh(run), "pay", decision, by="Ana Keller")
    assert story(run)[-1] == said
    work()

    told = story(run)
    assert told.index("Fell asleep; no worker is held meanwhile") < told.index(said)


@pytest.mark.parametrize(("approved", "word"), [(True, "approved"), (False, "declined")])
def test_an_answer_to_a_question_has_its_line(app, work, approved, word):
    run = start_run(step("ask", "ask_approval", who="ana@example.org", message="?", label="May I"))
    work()

    question = approvals.find(Place(run.id, "ask"))
    approvals.answer(question, approved=approved, by="ana@example.org", comment="", fields={})
    work()

    assert f"ana@example.org answered May I: {word}" in story(run)


@pytest.fixture
def failing(app, work):
    run = start_run(
        step("check", "stop", outcome="{{ trigger.body.how | default('fail') }}", label="Check"),
        step("after", value=2, label="After"),
    )
    work()
    return fresh(run)


def publish_again(run):
    with transaction() as session:
        workflow = session.get_one(Workflow, run.workflow_id)
        workflow.revision += 1
    publish(workflow)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({}, "Ana took it up again from Check"),
        ({"is_skipped": True}, "Ana took it up again without Check"),
        (
            {"inputs": {"outcome": "succeed"}},
            "Ana took it up again from Check, with something else going in",
        ),
        ({"is_published": True}, "Ana took it up again from Check, on version 2"),
    ],
)
def test_a_retry_says_how_and_what_was_before_stays(app, work, failing, how, said):
    publish_again(failing)
    before = story(failing)

    resuming.retry(failing, resuming.plan(failing, **how), by="Ana")
    work()

    after = story(failing)
    assert before[-1] == "Failed at Check"
    assert after[: len(before) + 1] == [*before, said]
    assert len(after) > len(before) + 1


def test_an_older_retry_is_told_without_what_nobody_wrote_down(app, work, failing, monkeypatch):
    monkeypatch.setattr(resuming, "_for_pages", lambda *_: {})
    resuming.retry(failing, resuming.plan(failing, is_skipped=True), by="Ana")
    work()

    told = story(failing)
    assert told.index("Failed at Check") < told.index("Ana took it up again without Check")


def test_a_cancellation_names_who_asked_for_it(people, client_of, work):
    run = start_run(step("nap", "wait", **{"for": "2h"}))
    work()

    client_of(people.olga).post(f"/runs/{run.id}/cancellation")

    assert story(run)[-1] == "Cancelled by Olga"


def test_a_run_in_a_workers_hands_says_who_wants_it_cancelled(app):
    run = start_run(step("a", value=1))
    claim = leases.claim(run.id)

    runs.cancel(fresh(run), by="Ana")
    asked = story(run)[-1]
    endings.cancel_held(claim, advance.Advance(claim).journal)

    assert asked == "Ana asked to cancel it"
    assert story(run)[-1] == "Cancelled by Ana"
