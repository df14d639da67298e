"""Items of a batch that failed and are taken up again: they take their turns, and are counted."""

import re
from datetime import timedelta

import pytest

from blueprints.batches import words
from core import clock
from core.engine.states import FINAL
from core.runtime import (
    batch_changes,
    batch_list,
    batches,
    bulk_actions,
    resuming,
    retention,
    runs,
)
from core.storage.batch import Batch
from core.storage.db import db, transaction
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, workspace
from tests.integration.bulk.test_batches import HELLO, SLEEP, begun, counts, items, the_batch

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)

HOUR = 3600.0  # seconds
FAIL_ONCE = {
    "id": "odd",
    "type": "stop",
    "only_when": "{{ trigger.body.n < 3 and run.attempt == 1 }}",
    "inputs": {"outcome": "fail", "message": "closed"},
}
FAIL_AGAIN = {"id": "even", "type": "stop", "inputs": {"outcome": "fail", "message": "closed"}}


def carry_out(work):
    """Carry out what is due; on a slow machine that is not all at once."""
    for _ in range(3):
        work()
        batches.sweep()


def retry(*taken):
    for run in taken:
        resuming.retry(fresh(run), resuming.plan(run, is_skipped=True), by="Ana")


def retry_in_bulk(*taken):
    action = bulk_actions.begin_chosen(workspace().id, "retry", [run.id for run in taken], by="Ana")
    bulk_actions.go_on(action, seconds=9)


def standing(batch):
    """The places in the list of those under way, and of those in line."""
    mine = items(batch)
    going = [run.batch_index for run in mine if run.state not in FINAL and run.line is None]
    return going, [run.batch_index for run in mine if run.line == "batch"]


@pytest.mark.parametrize("retry", [retry, retry_in_bulk])
def test_items_taken_up_again_take_their_turns(app, work, retry):
    begun(6, FAIL_ONCE, SLEEP, concurrency=1)
    carry_out(work)
    batch = the_batch()
    assert standing(batch) == ([3], [4, 5])

    retry(*items(batch)[:3])
    work()
    batches.sweep()
    assert standing(batch) == ([3], [0, 1, 2, 4, 5])

    for following in (0, 1, 2, 4, 5):
        [going] = standing(batch)[0]
        runs.cancel(items(batch)[going])
        work()
        assert standing(batch)[0] == [following]


@pytest.mark.parametrize("retry", [retry, retry_in_bulk])
def test_a_batch_goes_on_for_items_that_are_taken_up_again_and_nothing_follows_twice(
    app, work, retry
):
    make_workflow(HELLO, name="after")
    begun(5, FAIL_ONCE, HELLO, concurrency=2, when_finished="after")
    carry_out(work)
    batch = the_batch()
    assert (batch.state, counts(batch)) == ("done", {"done": 2, "failed": 3})
    followed = batch.finished_run_id

    retry(*items(batch)[:3])
    assert standing(batch) == ([0, 1], [2])
    assert (the_batch().state, the_batch().ended_at) == ("running", None)
    work()
    batches.sweep()

    assert {run.state for run in items(batch)} == {"succeeded"}
    assert (the_batch().state, the_batch().finished_run_id) == ("done", followed)


def test_an_item_that_is_taken_up_again_waits_while_its_batch_is_paused(app, work):
    begun(5, FAIL_ONCE, SLEEP, concurrency=2)
    carry_out(work)
    batch = the_batch()
    batch_changes.pause(batch, by="Ana")

    retry(items(batch)[0])
    assert standing(batch) == ([3, 4], [0])
    batch_changes.cancel(batch, by="Ana")

    assert fresh(items(batch)[0]).state == "cancelled"


def test_an_item_of_a_cancelled_batch_is_taken_up_at_once(app, work):
    begun(5, FAIL_ONCE, SLEEP, concurrency=2)
    carry_out(work)
    batch = the_batch()
    batch_changes.cancel(batch, by="Ana")

    retry(items(batch)[0])
    batches.sweep()

    assert standing(batch) == ([0, 3, 4], [])


def test_an_item_taken_up_again_by_a_process_that_died_is_let_go_by_the_sweep(
    app, work, monkeypatch
):
    begun(3, FAIL_ONCE, SLEEP, concurrency=2)
    carry_out(work)
    monkeypatch.setattr(batches, "release", None)
    retry(items(the_batch())[1])
    assert standing(the_batch()) == ([], [1])
    monkeypatch.undo()

    batches.sweep()

    assert standing(the_batch()) == ([1], [])


def ended(work, *steps, **inputs):
    """A batch of which the first three of five items have failed, and the others have ended."""
    begun(5, FAIL_ONCE, *(steps or (HELLO,)), concurrency=2, **inputs)
    carry_out(work)
    batch = the_batch()
    assert (batch.state, counts(batch)) == ("done", {"done": 2, "failed": 3})
    return batch


def is_first(limit):
    return f"{{{{ trigger.body.n < {limit} }}}}"


def test_a_batch_that_had_ended_counts_anew_what_is_taken_up_again(app, work):
    batch = ended(
        work,
        {**SLEEP, "only_when": is_first(1)},
        {**FAIL_AGAIN, "only_when": is_first(2)},
    )

    retry(*items(batch)[:3])
    assert counts(batch) == {"done": 2, "running": 2, "waiting": 1}
    work()
    assert counts(batch) == {"done": 3, "failed": 1, "running": 1}
    runs.cancel(items(batch)[0])
    assert counts(batch) == {"done": 3, "failed": 1, "cancelled": 1}
    batches.sweep()

    assert (the_batch().state, the_batch().counts["failed"]) == ("done", 1)
    assert counts(batch) == {"done": 3, "failed": 1, "cancelled": 1}
    assert batch_changes.run_failed_again(batch, by="Ana").total == 1


def test_the_time_between_a_batchs_end_and_the_taking_up_of_an_item_is_none_that_it_took(app, work):
    batch = ended(work)
    with transaction() as session:
        earlier = {"starts_at": Batch.starts_at - HOUR, "ended_at": Batch.ended_at - HOUR}
        session.execute(db.update(Batch).values(**earlier))

    retry(items(batch)[0])
    carry_out(work)

    view = batch_list.find(workspace().id, batch.id)
    assert view.is_over
    took = view.batch.ended_at - view.batch.starts_at
    assert took > timedelta(hours=1)
    assert took - timedelta(milliseconds=view.batch.idle_ms) < timedelta(minutes=5)
    assert re.fullmatch(r"5 of 5 items ended in [\d.]+\sm?s", words.Line(view, clock.now()).said)


def test_counts_outlive_the_runs_of_a_batch_of_which_one_is_taken_up_again(app, work):
    batch = ended(work)
    first, *_, last = items(batch)
    retention._delete([last.id])

    retry(first)
    work()
    batches.sweep()

    assert counts(batch) == {"done": 3, "failed": 2}


def test_what_is_taken_back_of_a_batch_that_goes_on_is_counted(app, work):
    batch = ended(work)

    retry(*items(batch)[:3])
    batch_changes.cancel(batch, by="Ana")

    assert counts(batch) == {"done": 2, "cancelled": 3}
    assert the_batch().ended_at is not None


def test_an_ended_batch_that_was_cancelled_counts_anew(app, work):
    begun(5, FAIL_ONCE, HELLO, concurrency=1, interval="1h")
    carry_out(work)
    batch = the_batch()
    batch_changes.cancel(batch, by="Ana")
    assert (the_batch().state, counts(batch)) == ("cancelled", {"failed": 1, "cancelled": 4})

    retry(items(batch)[0])
    assert counts(batch) == {"running": 1, "cancelled": 4}
    work()

    assert (the_batch().state, counts(batch)) == ("cancelled", {"done": 1, "cancelled": 4})
