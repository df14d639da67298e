"""At most N runs at a time: in line, ignored or in the place of an older one."""

import contextvars
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.runtime import admission, leases, rescue, resuming, runs
from core.runtime.runs import NewRun
from core.storage.db import db, transaction
from core.storage.run import Run
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, start_run

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)

SLEEP = {"id": "sleep", "type": "wait", "inputs": {"for": "1h"}}
FAIL_FIRST = {
    "id": "fail",
    "type": "stop",
    "only_when": "{{ trigger.fails and run.attempt == 1 }}",
    "inputs": {"outcome": "fail", "message": "out of stock"},
}
HELLO = {"id": "hello", "type": "compose", "inputs": {"value": "hello"}}


def limited(*steps, limit=1, per=None, when_full="queue"):
    concurrency = {"limit": limit, "when_full": when_full}
    if per:
        concurrency["per"] = per
    return make_workflow(*steps, settings={"concurrency": concurrency})


def start(workflow, **input):
    return start_run(workflow=workflow, input=input)


def retried(workflow, work):
    """A run that has failed and was taken up again while another held the only place."""
    failed = start(workflow, fails=True)
    work()
    other = start(workflow)
    work()
    resuming.retry(fresh(failed), resuming.plan(failed, is_skipped=True), by="Ana")
    return failed, other


def stands(run):
    run = fresh(run)
    return run.state, run.reason, run.line


def test_one_too_many_waits_in_line_and_follows_when_the_first_has_ended(app, work):
    workflow = limited(HELLO)
    first, second = start(workflow), start(workflow)
    assert stands(first) == ("queued", None, None)
    assert stands(second) == ("waiting", "limit", "limit")

    work()

    assert [fresh(run).state for run in (first, second)] == ["succeeded", "succeeded"]
    assert first.finished_at <= second.started_at


def test_a_full_key_blocks_no_other(app, work):
    workflow = limited(SLEEP, per="{{ trigger.who }}")
    ana, again, bob = (start(workflow, who=who) for who in ("ana", "ana", "bob"))

    work()

    assert fresh(ana).reason == "time"
    assert stands(again) == ("waiting", "limit", "limit")
    assert fresh(bob).reason == "time"


def test_a_run_keeps_its_place_while_it_sleeps_and_gives_it_up_when_cancelled(app, work):
    workflow = limited(SLEEP)
    first, second = start(workflow), start(workflow)
    work()
    assert stands(second) == ("waiting", "limit", "limit")

    runs.cancel(fresh(first))

    assert stands(second) == ("queued", None, None)


def test_cancelling_one_in_line_makes_no_room(app, work):
    workflow = limited(SLEEP)
    _, second, third = (start(workflow) for _ in range(3))

    runs.cancel(fresh(second))

    assert stands(third) == ("waiting", "limit", "limit")


def test_with_skip_a_new_run_ends_without_having_run(app, work):
    workflow = limited(SLEEP, when_full="skip")
    first, second = start(workflow), start(workflow)

    assert fresh(first).state == "queued"
    assert stands(second) == ("succeeded", "not_run", None)
    assert fresh(second).started_at is None


def test_with_replace_a_new_run_takes_the_place_of_the_oldest(app, work):
    workflow = limited(SLEEP, when_full="replace", limit=2)
    first = start(workflow)
    work()
    second, third = start(workflow), start(workflow)

    assert stands(first)[:2] == ("cancelled", "limit")
    assert fresh(first).error["message"] == "a newer run took its place"
    assert [fresh(run).state for run in (second, third)] == ["queued", "queued"]


@pytest.mark.parametrize("is_held", [False, True])
def test_with_replace_what_the_old_run_waited_for_ends_with_it(app, work, is_held):
    make_workflow(
        {"id": "call", "type": "run_workflow", "inputs": {"workflow": "deep"}}, name="mid"
    )
    make_workflow(SLEEP, name="deep")
    wait = {"id": "call", "type": "run_workflow", "inputs": {"workflow": "mid"}}
    workflow = limited(wait, when_full="replace")
    first = start(workflow)
    work()
    if is_held:
        with transaction():
            fresh(first).state = "queued"
        leases.claim(first.id)

    start(workflow)

    db.session.rollback()
    [child] = db.session.scalars(db.select(Run).where(Run.parent_run_id == first.id))
    [deep] = db.session.scalars(db.select(Run).where(Run.parent_run_id == child.id))
    assert [child.state, deep.state] == ["cancelled", "cancelled"]


def test_with_replace_a_run_in_a_workers_hands_ends_before_the_new_one_begins(app):
    workflow = limited(SLEEP, when_full="replace")
    first = start(workflow)
    leases.claim(first.id)
    second = start(workflow)
    assert fresh(first).cancel_requested_at is not None
    assert stands(second) == ("waiting", "limit", "limit")


@pytest.mark.parametrize("when_full", ["queue", "skip", "replace"])
def test_a_run_taken_up_again_waits_for_a_place_however_full_it_is(app, work, when_full):
    failed, other = retried(limited(FAIL_FIRST, SLEEP, when_full=when_full), work)
    work()
    admission.sweep()
    assert stands(failed) == ("waiting", "limit", "limit")
    assert stands(other) == ("waiting", "time", None)

    runs.cancel(fresh(other))
    work()

    assert stands(failed) == ("waiting", "time", None)


def test_with_skip_a_new_run_is_still_skipped_while_one_taken_up_again_waits(app, work):
    workflow = limited(FAIL_FIRST, SLEEP, when_full="skip")
    failed, _ = retried(workflow, work)

    new = start(workflow)

    assert stands(new) == ("succeeded", "not_run", None)
    assert stands(failed) == ("waiting", "limit", "limit")


@pytest.mark.parametrize("is_held", [False, True])
def test_with_replace_a_new_run_goes_before_one_taken_up_again(app, work, is_held):
    workflow = limited(FAIL_FIRST, SLEEP, when_full="replace")
    failed, other = retried(workflow, work)
    if is_held:
        with transaction():
            fresh(other).state = "queued"
        leases.claim(other.id)

    new = start(workflow)
    if is_held:
        assert fresh(other).cancel_requested_at is not None
        rescue.release(leases.worker_id())

    assert stands(other)[:2] == ("cancelled", "limit" if not is_held else None)
    assert stands(new) == ("queued", None, None)
    assert stands(failed) == ("waiting", "limit", "limit")


def test_a_line_of_runs_taken_up_again_costs_the_sweep_no_transaction(app, work, monkeypatch):
    retried(limited(FAIL_FIRST, SLEEP, when_full="skip"), work)
    monkeypatch.setattr(admission, "let_in_safely", None)

    assert admission.sweep() == 0


def test_a_lower_limit_holds_as_soon_as_it_is_published(app, work):
    from core.runtime import workflows
    from tests.factories import publish

    workflow = limited(SLEEP, limit=3)
    old = [start(workflow) for _ in range(3)]
    work()
    changes = {"op": "change_settings", "changes": {"concurrency": {"limit": 1}}}
    workflow = workflows.edit_draft(workflow, workflow.revision, changes, by="Olga")
    publish(workflow)
    db.session.refresh(workflow)
    new = start(workflow)

    for run in old[:2]:
        runs.cancel(fresh(run))
        assert stands(new) == ("waiting", "limit", "limit")
    runs.cancel(fresh(old[2]))

    assert fresh(new).state == "queued"


def test_nobody_gets_a_place_twice_when_many_come_and_go_at_once(app):
    """Threads with connections of their own start and end runs; places are counted all the time."""
    workflow = limited(SLEEP, limit=3, per="{{ trigger.who }}")
    workflow_id = workflow.id
    most = []

    def visit(number):
        with app.app_context():
            mine = db.session.get_one(type(workflow), workflow_id)
            given = {"who": f"w{number % 2}"}
            run = runs.start(NewRun(mine, mine.published, "manual", given))
            for _ in range(4):
                most.append(most_held(workflow_id))
                holder = one_held(workflow_id)
                if holder is not None:
                    runs.cancel_unless_ended(holder)
            return run.id

    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(contextvars.Context().run, visit, number) for number in range(40)]
        [each.result() for each in asked]

    assert max(most) == 3
    admission.sweep()
    assert most_held(workflow_id) <= 3


def held(workflow_id):
    from core.runtime import places

    table = Run.__table__
    return db.select(table).where(table.c.workflow_id == workflow_id, places.holding())


def most_held(workflow_id):
    with db.engine.connect() as connection:
        rows = connection.execute(held(workflow_id)).all()
    keys = [row.limit_key for row in rows]
    return max((keys.count(key) for key in set(keys)), default=0)


def one_held(workflow_id):
    with db.engine.connect() as connection:
        row = connection.execute(held(workflow_id).order_by(Run.__table__.c.id)).first()
    db.session.rollback()  # what it has begun to read may be older than that run
    return db.session.get_one(Run, row.id) if row else None


def test_what_a_dead_process_left_in_line_is_let_in_by_the_sweep(app, work, monkeypatch):
    workflow = limited(HELLO)
    monkeypatch.setattr(admission, "let_in_safely", lambda *_: 0)
    left = start(workflow)
    assert stands(left) == ("waiting", "limit", "limit")
    monkeypatch.undo()

    assert admission.sweep() == 1
    work()

    assert fresh(left).state == "succeeded"


def test_a_due_run_of_a_full_workflow_stands_in_line(app, work):
    from datetime import timedelta

    from core import clock
    from core.engine.states import RunState
    from core.runtime import duties

    workflow = limited(SLEEP)
    start(workflow)
    with transaction():
        planned = runs.add(NewRun(workflow, workflow.published, "manual", {}))
        planned.state, planned.reason, planned.line = RunState.WAITING, "time", None
        planned.wake_at = clock.now() - timedelta(seconds=1)

    duties.wake_due()

    assert stands(planned) == ("waiting", "limit", "limit")


def test_pages_say_what_a_run_is_in_line_for(app):
    from core.runtime import places

    workflow = limited(SLEEP, limit=1, per="{{ trigger.who }}", when_full="queue")
    start(workflow, who="ana@example.org")
    second = start(workflow, who="ana@example.org")

    said = "In line: at most 1 at a time for “ana@example.org”"
    assert places.said(fresh(second)) == said
