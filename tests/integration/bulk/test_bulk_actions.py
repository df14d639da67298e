"""The same done to many runs: each once, whoever dies or comes second; no crowd before calls."""

import contextvars
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from core import queue
from core.runtime import (
    bulk_actions,
    bulk_foresight,
    bulk_kinds,
    bulk_windows,
    cancelling,
    duties,
)
from core.runtime.bulk_actions import RunsMissing, TooMany
from core.runtime.run_filter import RunFilter
from core.storage.bulk_action import BulkItem
from core.storage.db import db, transaction
from core.storage.run import Run
from core.storage.workspace import Workspace
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, publish, start_run, workspace

on_both = pytest.mark.parametrize("database", DATABASES, indirect=True)

HELLO = {"id": "hello", "type": "compose", "inputs": {"value": "{{ trigger.body.n }}"}}
SLEEP = {"id": "sleep", "type": "wait", "inputs": {"for": "1h"}}
FAIL = {"id": "fail", "type": "stop", "inputs": {"outcome": "fail", "message": "no"}}


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """What ends a process in the middle."""


def started(count, *steps, **more):
    workflow = make_workflow(*steps)
    made = [start_run(workflow=workflow, input={"body": {"n": n}}) for n in range(count)]
    return workflow, [run.id for run in made]


def succeeded(count):
    """Runs that have ended, without a worker."""
    _, ids = started(count, HELLO)
    values = {"state": "succeeded", "started_at": LONG_AGO, "finished_at": LONG_AGO}
    with db.engine.begin() as connection:
        ended = db.update(Run.__table__).where(Run.id.in_(ids))
        connection.execute(ended.values(values))
    queue.connection().flushall()
    return ids


def chosen(kind, ids, **more):
    return bulk_actions.begin_chosen(workspace().id, kind, ids, by="Ana", **more)


def counts(action_id):
    action = bulk_actions.as_known(action_id)
    return action.state, action.total, action.done, action.skipped, action.failed


def items(action_id):
    db.session.rollback()
    query = db.select(BulkItem).filter_by(action_id=action_id).order_by(BulkItem.run_id)
    return list(db.session.scalars(query))


def states(ids):
    db.session.rollback()
    return Counter(db.session.scalars(db.select(Run.state).where(Run.id.in_(ids))))


def again_of(action_id):
    """The runs that the action started, by the runs that they repeat."""
    db.session.rollback()
    key = Run.origin_key.startswith(f"bulk:{action_id}:")
    found = [bulk_kinds.origin_of(run)[1] for run in db.session.scalars(db.select(Run).where(key))]
    return Counter(found)


def die_after(monkeypatch, place, name, times):
    """Let this process die when it calls that for the second, third … time."""
    real, calls = getattr(place, name), []

    def dying(*args, **more):
        calls.append(args)
        if len(calls) > times:
            raise Killed
        return real(*args, **more)

    monkeypatch.setattr(place, name, dying)


def test_cancels_what_goes_and_says_what_had_ended(app, work):
    ended = succeeded(2)
    _, sleeping = started(3, SLEEP)
    work()
    _, queued = started(120, HELLO)

    action = chosen("cancel", [*ended, *sleeping, *queued])
    bulk_actions.go_on(action, seconds=9)

    assert counts(action) == ("done", 125, 123, 2, 0)
    assert states([*sleeping, *queued]) == {"cancelled": 123}
    assert states(ended) == {"succeeded": 2}
    assert bulk_actions.as_known(action).reasons == {"already ended": 2}
    assert {item.run_id for item in items(action) if item.state == "skipped"} == set(ended)


def test_runs_again_what_ended_each_once_with_its_input(app, work):
    ids = succeeded(60)
    _, waiting = started(1, SLEEP)
    work()
    gone, deleted = started(1, HELLO)
    work()
    from core.runtime import workflows

    workflows.delete(gone, by="Olga")

    action = chosen("rerun", [*ids, *waiting, *deleted])
    bulk_actions.go_on(action, seconds=9)
    work()
    bulk_actions.go_on(action, seconds=9)

    assert counts(action) == ("done", 62, 60, 2, 0)
    assert again_of(action) == dict.fromkeys(ids, 1)
    new = [item.new_run_id for item in items(action) if item.new_run_id]
    assert states(new) == {"succeeded": 60}
    inputs = [db.session.get_one(Run, one).input["body"]["n"] for one in sorted(new)]
    assert inputs == list(range(60))
    assert bulk_actions.as_known(action).reasons == {
        "not ended yet": 1,
        "its workflow has been deleted": 1,
    }


def test_retries_failed_runs_on_what_is_published_now(app, work):
    workflow, ids = started(3, HELLO, FAIL)
    work()
    assert states(ids) == {"failed": 3}
    _, good = started(1, HELLO)
    work()
    with transaction() as session:
        workflow = session.get_one(type(workflow), workflow.id)
        mended = {**FAIL, "inputs": {"outcome": "succeed"}}
        workflow.draft = {**workflow.draft, "steps": [HELLO, mended]}
    publish(workflow)

    on_own = chosen("retry", ids)
    bulk_actions.go_on(on_own)
    work()
    assert states(ids) == {"failed": 3}
    on_new = chosen("retry", [*ids, *good], on_published=True)
    bulk_actions.go_on(on_new)
    work()

    assert states(ids) == {"succeeded": 3}
    assert counts(on_own) == ("done", 3, 3, 0, 0)
    assert counts(on_new) == ("done", 4, 3, 1, 0)
    assert bulk_actions.as_known(on_new).reasons == {bulk_kinds.NOT_FAILED: 1}


def test_all_that_fit_are_those_that_were_there_when_it_began(app, work, monkeypatch):
    monkeypatch.setattr(bulk_actions, "GATHERED", 7)
    workflow, ids = started(20, SLEEP)
    wanted = RunFilter(workflow_id=workflow.id)

    action = bulk_actions.begin_matching(workspace().id, "cancel", wanted, by="Ana")
    late = start_run(workflow=workflow)
    _, others = started(2, SLEEP)
    bulk_actions.go_on(action, seconds=9)

    assert counts(action) == ("done", 20, 20, 0, 0)
    assert states(ids) == {"cancelled": 20}
    assert states([late.id, *others]) == {"queued": 3}


@on_both
@pytest.mark.parametrize("kind", bulk_kinds.KINDS)
def test_another_process_goes_on_where_one_died_and_nothing_happens_twice(
    app, work, monkeypatch, kind
):
    step = {"cancel": SLEEP, "rerun": HELLO, "retry": FAIL}[kind]
    workflow, ids = started(12, HELLO, step)
    work()
    monkeypatch.setattr(bulk_actions, "GATHERED", 5)
    monkeypatch.setattr(bulk_actions, "PORTION", 4)
    wanted = RunFilter(workflow_id=workflow.id)
    action = bulk_actions.begin_matching(workspace().id, kind, wanted, by="Ana")
    places = (bulk_actions, "_write_items"), (bulk_actions, "_note"), (bulk_kinds.Portion, "tell")
    for place, name in places:
        with monkeypatch.context() as patch:
            die_after(patch, place, name, 1)
            with pytest.raises(Killed):
                bulk_actions.go_on(action, seconds=9)

    bulk_actions.sweep()
    work()
    with db.engine.begin() as connection:  # nobody heard the bells of the one that died
        connection.execute(db.update(Run.__table__).values(rung_at=LONG_AGO))
    duties.tick()
    work()

    assert counts(action) == ("done", 12, 12, 0, 0)
    if kind == "cancel":
        assert states(ids) == {"cancelled": 12}
    if kind == "rerun":
        assert again_of(action) == dict.fromkeys(ids, 1)
        assert states([item.new_run_id for item in items(action)]) == {"succeeded": 12}
    if kind == "retry":
        assert {fresh(db.session.get_one(Run, one)).round for one in ids} == {2}


def test_a_text_is_looked_for_in_pieces(app, monkeypatch):
    monkeypatch.setattr(bulk_windows, "WINDOW", 3)
    monkeypatch.setattr(bulk_actions, "GATHERED", 2)
    _, ids = started(14, SLEEP)
    with transaction() as session:
        for number in (0, 4, 5, 6, 13):
            session.get_one(Run, ids[number]).title = "Order of Ana"
    wanted = RunFilter(text="of ana")

    foreseen = bulk_foresight.of_matching(workspace().id, "cancel", wanted)
    monkeypatch.setattr(bulk_foresight, "SECONDS", -1)
    hurried = bulk_foresight.of_matching(workspace().id, "cancel", wanted)
    action = bulk_actions.begin_matching(workspace().id, "cancel", wanted, by="Ana")
    bulk_actions.go_on(action, seconds=9)

    assert (foreseen.total, foreseen.can, foreseen.is_whole) == (5, 5, True)
    assert not hurried.is_whole
    assert counts(action) == ("done", 5, 5, 0, 0)
    assert states([ids[number] for number in (0, 4, 5, 6, 13)]) == {"cancelled": 5}


@on_both
def test_two_processes_at_once_do_each_run_once(app, monkeypatch):
    monkeypatch.setattr(bulk_actions, "PORTION", 3)
    ids = succeeded(40)
    action = chosen("rerun", ids)

    def go():
        with app.app_context():
            for _ in range(20):
                bulk_actions.go_on(action, seconds=9)

    with ThreadPoolExecutor(3) as pool:
        for each in [pool.submit(contextvars.Context().run, go) for _ in range(3)]:
            each.result()

    assert counts(action) == ("done", 40, 40, 0, 0)
    assert again_of(action) == dict.fromkeys(ids, 1)


def test_what_a_cancelled_run_waits_for_is_cancelled_although_its_canceller_dies(
    app, work, monkeypatch
):
    make_workflow(SLEEP, name="inner")
    call = {"id": "call", "type": "run_workflow", "inputs": {"workflow": "inner"}}
    _, ids = started(2, call)
    work()
    db.session.rollback()
    children = list(db.session.scalars(db.select(Run.id).where(Run.parent_run_id.in_(ids))))
    assert states(children) == {"waiting": 2}
    action = chosen("cancel", ids)

    with monkeypatch.context() as patch:
        die_after(patch, cancelling, "cancel_awaited", 0)
        with pytest.raises(Killed):
            bulk_actions.go_on(action)
    assert counts(action)[:3] == ("running", 2, 0)
    bulk_actions.sweep()

    assert states([*ids, *children]) == {"cancelled": 4}
    assert counts(action) == ("done", 2, 2, 0, 0)


def test_no_more_wait_for_a_worker_than_calls_can_bear(app, work, monkeypatch):
    monkeypatch.setattr(bulk_actions, "MOST_IN_LINE", 10)
    ids = succeeded(30)
    action = chosen("rerun", ids)

    bulk_actions.go_on(action, seconds=9)
    assert counts(action)[2] == 10
    bulk_actions.go_on(action, seconds=9)
    assert counts(action)[2] == 10
    work()
    bulk_actions.go_on(action, seconds=9)
    assert counts(action)[2] == 20


def test_stopped_it_leaves_the_rest_as_it_is(app, work, monkeypatch):
    monkeypatch.setattr(bulk_actions, "MOST_IN_LINE", 5)
    ids = succeeded(8)
    action = chosen("rerun", ids)
    bulk_actions.go_on(action)

    assert bulk_actions.stop(workspace().id, action, by="Ben")
    work()
    bulk_actions.sweep()

    assert counts(action) == ("stopped", 8, 5, 0, 0)
    assert bulk_actions.as_known(action).ended_at
    assert len(again_of(action)) == 5
    assert not bulk_actions.stop(workspace().id, action, by="Ben")


def test_one_run_that_breaks_it_stops_no_other(app, monkeypatch):
    ids = succeeded(5)
    real = bulk_kinds._run_again

    def breaking(action, run, portion):
        if run.id == ids[2]:
            raise RuntimeError("a mistake of ours")
        return real(action, run, portion)

    monkeypatch.setattr(bulk_kinds, "_run_again", breaking)
    action = chosen("rerun", ids)
    bulk_actions.go_on(action, seconds=9)

    assert counts(action) == ("done", 5, 4, 0, 1)
    assert "internal error" in items(action)[2].reason


def test_runs_of_another_workspace_are_refused(app):
    _, ids = started(1, SLEEP)
    with transaction() as session:
        other = Workspace(name="other", label="Other", timezone="UTC", created_at=LONG_AGO)
        session.add(other)

    with pytest.raises(RunsMissing):
        bulk_actions.begin_chosen(other.id, "cancel", ids, by="Eve")
    action = bulk_actions.begin_matching(other.id, "cancel", RunFilter(), by="Eve")
    bulk_actions.sweep()
    with pytest.raises(RunsMissing):
        chosen("cancel", [*ids, "0196f000-0000-7000-8000-000000000000"])
    with pytest.raises(TooMany):
        chosen("cancel", [f"run-{number}" for number in range(1001)])

    assert counts(action) == ("done", 0, 0, 0, 0)
    assert not bulk_actions.stop(workspace().id, action, by="Ana")
    assert states(ids) == {"queued": 1}


def test_what_ended_long_ago_is_forgotten_but_for_its_counts(app, monkeypatch):
    monkeypatch.setattr(bulk_actions, "GATHERED", 2)
    _, ids = started(3, SLEEP)
    action = chosen("cancel", ids)
    bulk_actions.go_on(action)
    bulk_actions.forget_old()
    assert len(items(action)) == 3

    with db.engine.begin() as connection:
        connection.execute(db.update(bulk_actions.ACTION).values(ended_at=LONG_AGO))
    bulk_actions.forget_old()
    bulk_actions.forget_old()

    assert items(action) == []
    assert counts(action) == ("done", 3, 3, 0, 0)
