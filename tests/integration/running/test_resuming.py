"""Failed runs taken up again: from where they failed, under keys that tell rounds apart."""

import time
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from blueprints.runs import timeline
from core import clock, config
from core.engine.errors import StateConflict
from core.runtime import leases, rescue, resuming, run_list, run_view, runs
from core.runtime.resuming import NotResumable
from core.runtime.run_filter import RunFilter
from core.storage.db import db, transaction
from core.storage.run import Run
from core.storage.stored_value import StoredValue
from core.storage.workflow import Workflow
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, publish, start_run
from tests.integration.outward.listener import Listener, ok
from tests.integration.running.dying import end_lease
from tests.unit.engine.machines import step

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)
LONG, SECOND = timedelta(days=90), timedelta(seconds=1)  # failed runs are kept as long
REFUSED = ok(b'{"message": "no"}', status="400 Bad Request")
BEFORE = step("before", "increment_value", key="before", by=1)
AFTER = step("answer", "return_data", body={"id": "{{ steps.pay.body.id }}"})


@pytest.fixture
def bank(settings):
    listener = Listener(REFUSED, ok(b'{"id": 7}'))
    allowed = (f"127.0.0.1:{listener.port}",)
    config.use(replace(settings, allowed_hosts_out=allowed))
    yield listener
    listener.close()


def pay(bank, id="pay", **more):
    given = {"method": "POST", "url": f"{bank.url}/pay", "body": {"sum": "{{ trigger.sum }}"}}
    return step(id, "call_api", **{**given, **more})


def keys(bank):
    lines = [line for head in bank.heads for line in head.splitlines()]
    return [line.partition(": ")[2] for line in lines if line.lower().startswith("idempotency-key")]


def stored():
    db.session.rollback()
    return dict(db.session.execute(db.select(StoredValue.key, StoredValue.value)).all())


def failed(work, *steps, **more):
    run = start_run(*steps, **more)
    work()
    assert fresh(run).state == "failed", run.error
    return run


def again(run, work, **how):
    resuming.retry(run, resuming.plan(run, **how), by="Ana")
    work()
    return fresh(run)


def test_what_is_done_stays_done_and_the_failed_step_gets_a_key_of_its_own(app, work, bank):
    run = failed(work, BEFORE, pay(bank), AFTER, input={"sum": 9})

    again(run, work)

    assert (run.state, run.round, run.response["body"]) == ("succeeded", 2, {"id": 7})
    assert keys(bank) == [f"{run.id}:pay", f"{run.id}:pay:r2"]
    assert stored() == {"before": 1}
    assert run.error is None


def test_a_second_failure_can_be_taken_up_too(app, work, bank):
    bank.answers.insert(1, REFUSED)
    run = failed(work, pay(bank), AFTER)
    assert again(run, work).state == "failed"

    assert again(run, work).state == "succeeded"
    assert keys(bank)[1:] == [f"{run.id}:pay:r2", f"{run.id}:pay:r3"]


def test_a_crash_in_a_later_round_keeps_the_rounds_key(app, work, bank):
    run = failed(work, pay(bank, after_crash="run_again", retry={"attempts": 1}), AFTER)
    resuming.retry(run, resuming.plan(run), by="Ana")
    leases.forget(leases.claim(run.id).row.id)
    end_lease(run)
    rescue.rescue_dead()
    work()

    assert fresh(run).state == "succeeded"
    assert keys(bank) == [f"{run.id}:pay", f"{run.id}:pay:r2"]


def test_skipped_the_run_goes_on_without_the_step(app, work, bank):
    run = failed(work, pay(bank), AFTER)

    again(run, work, is_skipped=True)

    assert (run.state, run.response["body"]) == ("succeeded", {"id": None})
    assert len(bank.requests) == 1


def test_edited_inputs_go_in_instead(app, work, bank):
    run = failed(work, pay(bank), AFTER, input={"sum": 9})
    edited = {"method": "POST", "url": f"{bank.url}/other", "body": {"sum": 1}}

    again(run, work, inputs=edited)

    assert run.state == "succeeded"
    assert bank.requests[1].startswith(b"POST /other ") and b'{"sum":1}' in bank.requests[1]


def test_a_loop_goes_on_with_the_item_that_failed(app, work, bank):
    bank.answers[:] = [ok(b'{"id": 1}'), REFUSED, ok(b'{"id": 2}')]
    loop = step(
        "each",
        "for_each",
        list=[1, 2, 3],
        collect="{{ steps.pay.body.id }}",
        branches={"body": [step("n", "increment_value", key="n", by=1), pay(bank)]},
    )
    run = failed(
        work, loop, step("answer", "return_data", body={"all": "{{ steps.each.results }}"})
    )

    again(run, work)

    assert (run.state, run.response["body"]) == ("succeeded", {"all": [1, 2, 2]})
    assert stored() == {"n": 3}
    assert keys(bank)[1:3] == [f"{run.id}:each/1/pay", f"{run.id}:each/1/pay:r2"]


def test_what_had_to_happen_in_any_case_happens_after_the_retry_too(app, work, bank):
    tidy = step("tidy", "increment_value", key="tidied", by=1)
    block = step("t", "try", branches={"try": [pay(bank)], "finally": [tidy]})
    run = failed(work, block, AFTER)
    assert stored() == {"tidied": 1}

    again(run, work)

    assert run.state == "succeeded"
    assert stored() == {"tidied": 2}


def test_a_failure_in_a_catch_is_retried_there(app, work, bank):
    stop = step("stop", "stop", outcome="fail", message="first")
    block = step("t", "try", branches={"try": [BEFORE, stop], "catch": [pay(bank)]})
    run = failed(work, block, AFTER)

    again(run, work)

    assert (run.state, run.response["body"]) == ("succeeded", {"id": 7})
    assert stored() == {"before": 1}


def test_a_child_that_failed_is_started_anew(app, work, bank):
    make_workflow(pay(bank), step("r", "return_data", body={"id": 7}), name="child")
    run = failed(work, step("sub", "run_workflow", workflow="child"))
    [first] = db.session.scalars(db.select(Run).where(Run.parent_run_id == run.id))

    again(run, work)

    assert run.state == "succeeded"
    children = db.session.scalars(db.select(Run).where(Run.parent_run_id == run.id)).all()
    assert {child.state for child in children} == {"failed", "succeeded"}
    assert {child.parent_path for child in children} == {"sub", "sub:r2"}
    assert fresh(first).state == "failed"


def new_version(run, *steps):
    with transaction() as session:
        workflow = session.get_one(Workflow, run.workflow_id)
        workflow.draft = {**workflow.draft, "steps": list(steps)}
        workflow.revision += 1
    return publish(workflow)


def test_on_the_published_version_it_goes_on_there_and_passes_what_was_added_before(
    app, work, bank
):
    run = failed(work, BEFORE, pay(bank), AFTER)
    added = step("added", "increment_value", key="added", by=1)
    end = step("end", "return_data", body={"new": True})
    version = new_version(run, BEFORE, added, pay(bank), end)

    again(run, work, is_published=True)

    assert (run.state, run.version_id) == ("succeeded", version.id)
    assert run.response["body"] == {"new": True}
    assert stored() == {"before": 1}


def test_on_the_published_version_the_failed_steps_condition_is_asked_as_it_is_there(
    app, work, bank
):
    run = failed(work, pay(bank), BEFORE)
    new_version(run, pay(bank, only_when="{{ trigger.sum > 0 }}"), BEFORE)

    again(run, work, is_published=True)

    assert (run.state, len(keys(bank))) == ("succeeded", 1)
    assert stored() == {"before": 1}


def test_a_step_that_somebody_gives_other_inputs_is_not_asked_whether_it_runs(app, work, bank):
    run = failed(work, pay(bank), BEFORE)
    new_version(run, pay(bank, only_when="{{ trigger.sum > 0 }}"), BEFORE)
    inputs = {"method": "POST", "url": f"{bank.url}/paid"}

    again(run, work, is_published=True, inputs=inputs)

    assert (run.state, len(keys(bank))) == ("succeeded", 2)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([BEFORE], "is not there any more"),
        ([step("pay", "compose", value=1)], "another kind of step"),
        (
            [step("b", "branch", branches={"yes": {"steps": [step("pay", "compose", value=1)]}})],
            "in other blocks",
        ),
    ],
)
def test_where_the_step_is_not_what_it_was_it_cannot_go_on(app, work, bank, steps, said):
    run = failed(work, BEFORE, pay(bank))
    new_version(run, *steps)

    with pytest.raises(NotResumable, match=said):
        resuming.plan(run, is_published=True)


def test_only_what_failed_can_be_retried(app, work):
    run = start_run(BEFORE)
    work()

    with pytest.raises(NotResumable, match="only a failed run"):
        resuming.plan(fresh(run))


def test_of_two_who_retry_one_wins_and_nothing_happens_twice(app, work, bank):
    run = failed(work, pay(bank), AFTER)
    plan = resuming.plan(run)
    other = db.session.get(Run, run.id)
    stale = type("Seen", (), {"id": other.id, "round": other.round})()

    resuming.retry(run, plan, by="Ana")
    with pytest.raises(StateConflict):
        resuming.retry(stale, plan, by="Ben")
    work()

    assert fresh(run).state == "succeeded"
    assert len(bank.requests) == 2


def test_a_run_with_a_limit_stands_in_line_again(app, work, bank):
    run = failed(work, pay(bank), AFTER, settings={"concurrency": {"limit": 1}})

    assert again(run, work).state == "succeeded"


def test_a_run_that_was_set_aside_goes_on_where_it_stood(app, work):
    run = start_run(BEFORE)
    for _ in range(1 + rescue.MOST_DEATHS):
        leases.forget(leases.claim(run.id).row.id)
        rescue.release(leases.worker_id())
    assert fresh(run).reason == "quarantined"

    again(run, work)

    assert (run.state, run.deaths) == ("succeeded", 0)
    assert stored() == {"before": 1}


def test_many_failed_runs_succeed_once_each(app, work, bank):
    bank.answers[:] = [REFUSED] * 30 + [ok(b'{"id": 7}')]
    workflow = make_workflow(pay(bank), AFTER)
    failures = [start_run(workflow=workflow) for _ in range(30)]
    work()
    for _ in range(2):
        for run in failures:
            if fresh(run).state == "failed":
                resuming.retry(run, resuming.plan(run), by="Ana")
        work()

    assert {fresh(run).state for run in failures} == {"succeeded"}
    assert len(set(keys(bank))) == len(keys(bank)) == 60
    assert runs.listing(run.workspace_id, state="failed") == []


def test_the_attempts_shown_are_those_of_the_newest_round(app, work):
    call = step("call", "call_api", method="GET", url="https://nowhere.invalid/list")
    run = failed(work, {**call, "retry": {"attempts": 2, "wait": "10ms"}})
    retried_at = clock.now()

    again(run, work)

    attempts = run_view.view(run).step("call").attempts
    assert [tried.number for tried in attempts] == [1, 2]
    assert all(retried_at <= tried.started_at <= tried.finished_at for tried in attempts)
    assert attempts[-1].due is None


def test_a_run_took_the_time_it_was_under_way_not_the_time_it_lay_failed(app, work, bank):
    run = failed(work, pay(bank), AFTER)
    moved = {
        "created_at": run.created_at - LONG,
        "finished_at": run.finished_at - LONG + 5 * SECOND,
    }
    with transaction() as session:
        session.execute(db.update(Run).where(Run.id == run.id).values(moved))

    again(run, work)

    assert run.finished_at - run.created_at >= LONG
    assert run_view.view(run).took_ms == pytest.approx(5000, abs=4000)
    lines, _ = run_list.listed(run.workspace_id, RunFilter())
    assert [line.ms for line in lines] == [run_view.view(run).took_ms]


def test_the_timeline_leaves_out_the_time_that_a_run_lay_failed(app, work, bank):
    run = failed(work, BEFORE, pay(bank), AFTER)
    time.sleep(0.05)  # more than the clocks of its worker and of who takes it up may differ
    again(run, work)
    view = run_view.view(run)
    [lay] = view.lain
    before, *since = view.steps
    assert before.finished_at <= lay.since <= lay.until <= since[-1].started_at

    later = [
        replace(one, started_at=one.started_at + LONG, finished_at=one.finished_at + LONG)
        for one in since
    ]
    ended = SimpleNamespace(created_at=run.created_at, finished_at=run.finished_at + LONG)
    until = lay.until + LONG
    drawn = timeline.draw(
        replace(view, run=ended, steps=[before, *later], lain=[replace(lay, until=until)]), before
    )

    soon = timeline.draw(view, before)
    assert [tick.label for tick in drawn.ticks] == [tick.label for tick in soon.ticks]
    assert [row.bars for row in drawn.rows] == [row.bars for row in soon.rows]
    assert [one.x for one in drawn.breaks] == [one.x for one in soon.breaks]
