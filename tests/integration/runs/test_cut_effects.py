"""What a run's page says became of an effect that a crash cut off: never what did not happen."""

import html
from datetime import timedelta

import pytest

from blueprints.runs import step_words
from core import clock
from core.engine.requests import Perform
from core.runtime import advance, definitions, leases, rescue, run_view, unknown_outcomes
from core.runtime.journal import RunJournal
from core.steps import step_types
from core.storage.db import db, transaction
from core.storage.run import Run
from tests.factories import fresh, start_run
from tests.integration.running.dying import advance_and_die
from tests.integration.runs.steps import branch, step

GIVEN = {"method": "POST", "url": "https://bank.test/pay"}


@pytest.fixture
def page(people, client_of):
    olga = client_of(people.olga)
    return lambda run: html.unescape(olga.get(f"/runs/{run.id}").text)


def pay(**more):
    return step("pay", "call_api", label="Pay", method="POST", url="https://bank.test/pay", **more)


def cut_off(run, paths, rule="ask"):
    """Its worker begins these effects and is gone; the next one takes it."""
    claim = leases.claim(run.id)
    steps = {one.id: one for one in definitions.of_version(run.version_id).walk()}
    call = step_types()["call_api"]
    advance.Advance(claim).journal.effects_started(
        Perform(path, steps["pay"], call, GIVEN, f"{run.id}:{path}", 1, after_crash=rule)
        for path in paths
    )
    leases.forget(run.id)
    with transaction() as session:
        session.execute(db.update(Run).values(lease_until=clock.now() - timedelta(hours=1)))
    rescue.rescue_dead()


def test_while_nobody_has_said_anything_it_was_not_run_again(app, work, page):
    run = start_run(pay())

    cut_off(run, ["pay"])
    work()

    said = page(run)
    assert "It was not run again; it waits for somebody to say whether it happened." in said
    assert "under the same key" not in said.partition('id="run-head"')[2]


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ("happened", "It was not run again: Ana said that it had happened."),
        ("skip", "It was not run again: Ana skipped it."),
        ("run_again", "It was run again under the same key: Ana said so."),
    ],
)
def test_afterwards_it_says_what_was_decided(app, work, page, decision, said):
    run = start_run(pay(on_error="continue"))
    cut_off(run, ["pay"])
    work()

    unknown_outcomes.decide(fresh(run), "pay", decision, by="Ana")
    work()

    assert said in page(run)


def test_each_turn_that_was_cut_off_has_its_own_sentence(app, work, page):
    run = start_run(
        step("each", "for_each", list=[1, 2], concurrency=2, branches=[branch("body", pay())])
    )
    cut_off(run, ["each/0/pay", "each/1/pay"])
    work()

    unknown_outcomes.decide(fresh(run), "each/0/pay", "happened", by="Ana")
    work()

    said = page(run)
    assert "Item 1 was not run again: Ana said that it had happened." in said
    assert "Item 2 was not run again; it waits for somebody" in said


def test_what_is_set_to_be_run_again_was(app, work, page):
    run = start_run({**pay(on_error="continue"), "after_crash": "run_again"})

    cut_off(run, ["pay"], "run_again")
    work()

    assert "It was run again under the same key." in page(run)


def test_what_is_set_to_be_skipped_was_not(app, work, page):
    run = start_run({**pay(), "after_crash": "skip"})

    cut_off(run, ["pay"], "skip")
    work()

    assert "It was not run again: it is set to be skipped after a crash." in page(run)


@pytest.mark.parametrize("decision", ["happened", "skip"])
def test_a_decision_does_not_change_where_it_went_on_before(app, work, page, decision):
    run = start_run(pay(), step("after", value=1, label="After"))
    cut_off(run, ["pay"])
    work()
    before = page(run)

    unknown_outcomes.decide(fresh(run), "pay", decision, by="Ana")
    work()

    assert "went on at step 1, Pay" in before
    assert "went on at step 1, Pay" in page(run)
    assert "step 2, After" not in page(run)


def test_after_a_second_crash_the_question_says_when_it_was_last_sent(app, work, page):
    run = start_run(pay())
    cut_off(run, ["pay"])
    work()
    first = run_view.view(fresh(run)).asking.sent_at
    unknown_outcomes.decide(fresh(run), "pay", "run_again", by="Ana")

    advance_and_die(fresh(run), RunJournal, "failed")
    work()

    asking = run_view.view(fresh(run)).asking
    assert asking.sent_at > first == asking.started_at
    assert f"<dt>Went out</dt><dd>{step_words.exact(asking.sent_at)}</dd>" in page(run)
