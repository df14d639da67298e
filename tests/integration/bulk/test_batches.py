"""A run for each item of a list: exactly one each, a few at a time, watched to the end."""

import contextvars
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest

from core.runtime import batch_list, batches, leases, run_view, turns
from core.runtime.run_summary import say_time
from core.storage.batch import Batch, BatchPart
from core.storage.db import db
from core.storage.run import Run
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, start_run

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)

NUMBER = "{{ trigger.body.n }}"
FAIL_ODD = {
    "id": "odd",
    "type": "stop",
    "only_when": "{{ trigger.body.n % 2 == 1 }}",
    "inputs": {"outcome": "fail", "message": "odd"},
}
HELLO = {"id": "hello", "type": "compose", "inputs": {"value": NUMBER}}
SLEEP = {"id": "sleep", "type": "wait", "inputs": {"for": "1h"}}


def on_list(name, count, **inputs):
    given = {
        "workflow": name,
        "list": f"{{{{ range({count}) }}}}",
        "parameters": {"n": "{{ item }}"},
    }
    return {"id": "plan", "type": "schedule_on_list", "inputs": {**given, **inputs}}


def the_batch():
    db.session.rollback()
    return db.session.scalars(db.select(Batch).order_by(Batch.id)).one()


def items(batch):
    db.session.rollback()
    query = db.select(Run).where(Run.batch_id == batch.id).order_by(Run.batch_index)
    return list(db.session.scalars(query))


def counts(batch):
    with db.engine.connect() as connection:
        row = connection.execute(db.select(Batch.__table__).filter_by(id=batch.id)).one()
        return {k: v for k, v in batches.counts_of(connection, row).items() if v}


def begun(count, *steps, **inputs):
    make_workflow(*(steps or (HELLO,)), name="each")
    return start_run(on_list("each", count, **inputs))


def test_each_item_gets_one_run_with_its_parameters(app, work):
    begun(600, concurrency=50)
    work()
    batches.sweep()
    work()
    batches.sweep()

    batch = the_batch()
    rows = items(batch)
    assert [row.batch_index for row in rows] == list(range(600))
    assert [row.input["body"]["n"] for row in rows] == list(range(600))
    assert {row.state for row in rows} == {"succeeded"}
    assert (batch.state, batch.total, batch.unfilled) == ("done", 600, 0)
    assert counts(batch) == {"done": 600}
    assert db.session.scalar(db.select(db.func.count()).select_from(BatchPart)) == 0


def test_one_at_a_time_keeps_the_order_of_the_list(app, work):
    begun(40, concurrency=1)
    work()

    rows = items(the_batch())
    assert [row.state for row in rows] == ["succeeded"] * 40
    times = [(row.started_at, row.finished_at) for row in rows]
    assert all(before[1] <= after[0] for before, after in pairwise(times))


def test_no_more_go_than_may_and_pausing_holds_the_rest(app, work):
    begun(20, SLEEP, concurrency=3)
    work()
    batch = the_batch()
    assert [row.line for row in items(batch)] == [None] * 3 + ["batch"] * 17

    from core.runtime import batch_changes, runs

    batch_changes.pause(batch, by="Ana")
    runs.cancel(items(batch)[0])
    batches.sweep()
    assert counts(batch) == {"running": 2, "waiting": 17, "cancelled": 1}

    batch_changes.resume(batch, by="Ana")
    assert counts(batch) == {"running": 3, "waiting": 16, "cancelled": 1}


def test_a_run_of_a_batch_that_is_cancelled_in_line_lets_no_other_go(app, work):
    from core.runtime import runs

    begun(5, SLEEP, concurrency=2)
    work()
    batch = the_batch()

    runs.cancel(items(batch)[4])

    assert counts(batch) == {"running": 2, "waiting": 2, "cancelled": 1}


def test_what_follows_starts_once_with_the_counts(app, work):
    told = {"id": "told", "type": "compose", "inputs": {"value": "{{ trigger.body }}"}}
    make_workflow(told, name="after")
    begun(10, FAIL_ODD, HELLO, when_finished="after")
    work()
    for _ in range(3):
        batches.sweep()
    work()

    batch = the_batch()
    after = db.session.get_one(Run, batch.finished_run_id)
    said = after.input["body"]
    assert (said["done"], said["failed"], said["total"]) == (5, 5, 10)
    assert said["batch_id"] == batch.id
    assert after.state == "succeeded"
    follows = db.select(Run).where(Run.origin_key == f"batch:{batch.id}")
    assert len(list(db.session.scalars(follows))) == 1


def test_it_begins_at_once_although_a_workers_clock_is_a_moment_ahead(app, work, monkeypatch):
    now = leases.Claim.now
    monkeypatch.setattr(leases.Claim, "now", lambda self: now(self) + timedelta(seconds=1))

    begun(3, SLEEP)
    work()

    assert counts(the_batch()) == {"running": 3}


def test_an_empty_list_is_a_batch_that_has_ended(app, work):
    begun(0)
    work()
    batches.sweep()

    assert (the_batch().state, the_batch().total) == ("done", 0)


def test_failed_items_run_again_in_a_batch_of_their_own(app, work):
    from core.runtime import batch_changes
    from tests.factories import publish

    begun(10, FAIL_ODD, HELLO)
    work()
    batches.sweep()
    first = the_batch()
    assert counts(first) == {"done": 5, "failed": 5}

    from core.runtime import workflows
    from core.storage.workflow import Workflow

    mended = db.session.get_one(Workflow, first.workflow_id)
    mended = workflows.edit_draft(
        mended, mended.revision, {"op": "remove_step", "id": "odd"}, by="Olga"
    )
    publish(mended)
    again = batch_changes.run_failed_again(first, by="Ana")
    assert batch_changes.run_failed_again(first, by="Ana").id == again.id
    work()
    batches.sweep()

    assert counts(again) == {"done": 5}
    assert [row.input["body"]["n"] for row in items(again)] == [1, 3, 5, 7, 9]
    assert fresh(first).again_id == again.id


def test_failed_items_run_again_only_when_no_further_ones_can_fail(app, work):
    from core.runtime import batch_changes

    fail_first = {**FAIL_ODD, "only_when": "{{ trigger.body.n == 0 }}"}
    begun(2, fail_first, SLEEP)
    for _ in range(3):
        work()
        batches.sweep()
    batch = the_batch()
    assert counts(batch)["failed"] == 1

    with pytest.raises(batch_changes.CannotRunAgain, match="have not ended yet"):
        batch_changes.run_failed_again(batch, by="Ana")

    assert fresh(batch).again_id is None


def test_a_bad_item_is_named_and_nothing_is_planned(app, work):
    parameters = [{"key": "n", "type": "number"}]
    triggers = {"endpoint": {"parameters": parameters}}
    make_workflow(HELLO, name="each", triggers=triggers)
    listed = {"list": [1, "two", 3], "parameters": {"n": "{{ item }}"}}
    run = start_run(on_list("each", 0, **listed))
    work()

    assert fresh(run).state == "failed"
    assert "item 2: parameter “n”" in run.error["message"]
    assert db.session.scalar(db.select(db.func.count()).select_from(Batch)) == 0


def test_a_cancelled_batch_begins_nothing_more_and_is_counted_once(app, work):
    begun(1000, SLEEP, concurrency=2)
    work()
    batch = the_batch()
    cancel = {"id": "cancel", "type": "cancel_scheduled", "inputs": {"batch_id": batch.id}}

    said = []
    for _ in range(2):
        run = start_run(cancel)
        work()
        from tests.integration.bulk.test_planned import output_of

        said.append(output_of(run, "cancel")["cancelled"])
    batches.sweep()

    assert said == [998, 0]
    assert counts(batch) == {"running": 2, "cancelled": 998}
    assert the_batch().state == "cancelled"


def test_many_processes_write_each_items_run_once_and_let_no_more_go_than_may(app, monkeypatch):
    monkeypatch.setattr(batches, "FILL_SECONDS", 0.0)
    begun(3000, SLEEP, concurrency=7)
    claim = leases.claim(db.session.scalar(db.select(Run.id)))
    from core.runtime import advance

    advance.carry_out(claim)
    batch = the_batch()
    batch_id = batch.id

    def help_out(_):
        with app.app_context():
            while batches.fill(batch_id):
                batches.release(batch_id)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: contextvars.Context().run(help_out, n), range(4)))

    rows = items(batch)
    assert [row.batch_index for row in rows] == list(range(3000))
    assert sum(row.line is None for row in rows) == 7


def test_a_process_that_dies_between_two_parts_leaves_the_rest_to_another(app, work, monkeypatch):
    monkeypatch.setattr(batches, "FILL_SECONDS", 0.0)
    begun(1000)
    work()
    batch = the_batch()
    assert 0 < batch.unfilled < 1000

    while the_batch().unfilled:
        batches.sweep()

    assert len(items(batch)) == 1000


def test_items_are_due_one_after_another(app, work):
    begun(5, SLEEP, interval="1h", concurrency=5)
    work()

    rows = items(the_batch())
    assert [row.line for row in rows] == [None] + ["batch"] * 4
    apart = {b.due_at - a.due_at for a, b in pairwise(rows)}
    assert {length.total_seconds() for length in apart} == {3600}


def test_a_batch_of_a_limited_workflow_keeps_to_both_limits(app, work):
    per_parity = "{{ trigger.body.n % 2 }}"
    limit = {"concurrency": {"limit": 1, "per": per_parity}}
    make_workflow(HELLO, name="each", settings=limit)
    start_run(on_list("each", 30, concurrency=4))
    for _ in range(3):
        work()
        batches.sweep()

    assert counts(the_batch()) == {"done": 30}


def test_idle_items_cost_the_sweep_no_transaction(app, work, monkeypatch):
    begun(300, SLEEP, interval="1h")
    work()
    monkeypatch.setattr(batches, "release", None)
    monkeypatch.setattr(turns, "fill_up", None)

    batches.sweep()

    assert the_batch().state == "running"


def test_an_item_whose_time_has_not_come_says_from_when_on_it_may_go(app, work):
    begun(3, SLEEP, interval="1h", concurrency=1)
    work()

    waiting = batch_list.items(the_batch().id, "waiting")
    _, latest = waiting[-1]
    said = latest.why("UTC")

    assert said == f"In line for its turn in its batch, not before {say_time(latest.due_at, 'UTC')}"
    assert run_view.view(db.session.get(Run, latest.id)).summary.rest == f"{said}."
