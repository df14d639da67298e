from datetime import timedelta

import pytest

from core import clock
from core.engine.states import RunState
from core.runtime import duties, firing, runs, schedules, workflows, workspace_changes
from core.storage.db import db, transaction
from core.storage.run import Run
from core.storage.schedule import Schedule
from tests.conftest import DATABASES
from tests.factories import make_workflow, workspace

STEP = {"id": "hello", "type": "compose", "inputs": {"value": "{{ trigger }}"}}
both = pytest.mark.parametrize("database", DATABASES, indirect=True)


def scheduled(name=None, *, ago=timedelta(seconds=2), endpoint=None, **schedule):
    """A published workflow with one schedule, due for so long; and the schedule."""
    said = {"key": "often", "every": "1h", **schedule}
    said = {name: value for name, value in said.items() if value is not None}
    triggers = {"schedules": [said]} | ({"endpoint": endpoint} if endpoint else {})
    workflow = make_workflow(STEP, name=name, triggers=triggers)
    (found,) = Schedule.of_workflow(workflow.id)
    return workflow, became_due(found, ago)


def became_due(schedule, ago=timedelta(seconds=2)):
    with transaction():
        now = clock.now().replace(microsecond=0)
        schedule.starts_at, schedule.next_at = now - ago, now - ago
    return schedule


def runs_of(workflow):
    db.session.rollback()
    query = db.select(Run).where(Run.workflow_id == workflow.id).order_by(Run.due_at, Run.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def states(workflow):
    return [run.state for run in runs_of(workflow)]


@both
def test_a_due_time_starts_one_run_and_the_next_is_planned(app, work):
    workflow, schedule = scheduled(input={"who": "Mara"}, timezone="Europe/Berlin")
    due = schedule.next_at

    firing.fire_due()
    firing.fire_due()
    work()

    (run,) = runs_of(workflow)
    assert (run.origin, run.due_at, run.timezone) == ("schedule", due, "Europe/Berlin")
    assert run.origin_key == f"schedule:often:{due:%Y-%m-%dT%H:%M:%S}.000Z"
    assert (run.state, run.input) == ("succeeded", {"who": "Mara"})
    assert schedule.next_at == due + timedelta(hours=1)
    assert (schedule.last_at, schedule.last_run_id) == (due, run.id)
    assert (schedule.missed_count, schedule.skipped_count) == (0, 0)


def test_the_scheduler_does_it_with_its_other_duties(app):
    workflow, _ = scheduled()

    duties.tick()

    assert states(workflow) == ["queued"]


def test_what_it_is_given_is_what_the_parameters_make_of_it(app):
    parameters = [{"key": "total", "type": "number"}, {"key": "day", "type": "date"}]
    workflow, _ = scheduled(
        endpoint={"exposed": True, "parameters": parameters},
        input={"total": "3", "day": "2026-01-01"},
        timezone="Asia/Kolkata",
    )

    firing.fire_due()

    (run,) = runs_of(workflow)
    assert run.input == {"total": 3, "day": "2025-12-31T18:30:00.000Z"}


@pytest.mark.parametrize(
    ("missed", "runs_due", "counted"),
    [("run_once", [1], 4), ("skip", [], 5), ("run_all", [5, 4, 3, 2, 1], 0)],
)
def test_times_missed_while_nothing_ran_go_by_their_policy(app, missed, runs_due, counted):
    workflow, schedule = scheduled(missed=missed, ago=timedelta(hours=5, minutes=-30))
    begin = schedule.next_at

    firing.fire_due()

    expected = [begin + timedelta(hours=5 - number) for number in runs_due]
    assert [run.due_at for run in runs_of(workflow)] == expected
    assert schedule.missed_count == counted
    assert schedule.next_at == begin + timedelta(hours=5)


def test_missed_times_that_all_run_do_so_one_after_the_other(app, work):
    workflow, _ = scheduled(missed="run_all", ago=timedelta(hours=2, minutes=30))

    firing.fire_due()

    assert states(workflow) == ["queued", "waiting", "waiting"]
    for expected in (["succeeded", "queued", "waiting"], ["succeeded"] * 2 + ["queued"]):
        work()
        firing.let_in()
        assert states(workflow) == expected


def test_a_year_of_missed_minutes_is_settled_at_once(app):
    workflow, schedule = scheduled(missed="run_all", overlap="allow", cron="* * * * *", every=None)
    with transaction():
        schedule.next_at -= timedelta(days=365)
    began = clock.now()

    firing.fire_due()

    assert len(runs_of(workflow)) == 1000
    assert schedule.next_at > began


@pytest.mark.parametrize(
    ("overlap", "expected", "skipped"),
    [
        ("skip", ["queued"], 1),
        ("queue", ["queued", "waiting"], 0),
        ("replace", ["cancelled", "queued"], 0),
        ("allow", ["queued", "queued"], 0),
    ],
)
def test_a_time_that_comes_while_the_last_run_still_goes(app, overlap, expected, skipped):
    workflow, schedule = scheduled(overlap=overlap, ago=timedelta(seconds=30))
    firing.fire_due()
    became_due(schedule, timedelta(seconds=2))

    firing.fire_due()

    assert states(workflow) == expected
    assert schedule.skipped_count == skipped


def test_a_run_in_line_says_what_it_waits_for_and_can_be_cancelled(app):
    workflow, schedule = scheduled(overlap="queue", ago=timedelta(seconds=30))
    firing.fire_due()
    became_due(schedule)
    firing.fire_due()
    waiting = runs_of(workflow)[1]

    runs.cancel(waiting)
    firing.let_in()

    assert states(workflow) == ["queued", "cancelled"]


def test_paused_means_nothing_starts_until_it_goes_on(app):
    workflow, schedule = scheduled(ago=timedelta(minutes=90))
    schedules.pause(schedule, by="Kim")
    firing.fire_due()
    assert (states(workflow), schedule.paused_by) == ([], "Kim")

    schedules.resume(schedule)
    firing.fire_due()

    assert states(workflow) == ["queued"]
    assert schedule.missed_count == 1


def test_a_workflow_that_is_off_starts_nothing(app):
    workflow, _ = scheduled()
    workflows.set_enabled(workflow, False, by="Kim")
    firing.fire_due()
    assert states(workflow) == []

    workflows.set_enabled(workflow, True, by="Kim")
    firing.fire_due()

    assert states(workflow) == ["queued"]


def test_pausing_everything_holds_every_schedule_of_the_workspace(app):
    workflow, _ = scheduled()
    schedules.pause_all(workspace(), by="Kim")
    firing.fire_due()
    assert (states(workflow), workspace().schedules_paused_by) == ([], "Kim")

    schedules.resume_all(workspace())
    firing.fire_due()

    assert states(workflow) == ["queued"]
    assert workspace().schedules_paused_at is None


def test_deleting_a_workflow_ends_its_schedules(app):
    workflow, _ = scheduled()

    workflows.delete(workflow, by="Kim")
    firing.fire_due()

    assert not Schedule.of_workflow(workflow.id)
    assert states(workflow) == []


def test_one_schedule_that_cannot_start_keeps_no_other_from_it(app, caplog):
    broken, schedule = scheduled()
    fine, _ = scheduled()
    with transaction():
        schedule.recurrence = {"cron": "nonsense"}

    firing.fire_due()

    assert (states(broken), states(fine)) == ([], ["queued"])
    assert f"schedule {schedule.id} could not be started" in caplog.text


def test_a_time_that_was_started_before_is_not_started_again(app):
    workflow, schedule = scheduled()
    due = schedule.next_at
    firing.fire_due()
    with transaction():
        schedule.next_at = due

    firing.fire_due()

    assert len(runs_of(workflow)) == 1
    assert schedule.next_at == due + timedelta(hours=1)


def test_a_moved_time_comes_once_and_then_the_grid_goes_on(app):
    workflow, schedule = scheduled(ago=timedelta(minutes=-30))
    due = schedule.next_at
    schedules.move_next(schedule, due - timedelta(minutes=20))
    with transaction():
        schedule.next_at = clock.now() - timedelta(seconds=1)

    firing.fire_due()

    assert len(runs_of(workflow)) == 1
    assert schedule.next_at == due + timedelta(hours=1)


def test_a_time_cannot_be_moved_into_the_past_or_behind_the_one_after(app):
    _, schedule = scheduled(ago=timedelta(minutes=-30))

    for wished in (clock.now() - timedelta(minutes=1), schedule.next_at + timedelta(hours=1)):
        with pytest.raises(schedules.BadMove):
            schedules.move_next(schedule, wished)


def test_the_next_time_can_be_left_out(app):
    _, schedule = scheduled(ago=timedelta(minutes=-30))
    due = schedule.next_at

    schedules.leave_out_next(schedule)

    assert schedule.next_at == due + timedelta(hours=1)


def test_run_now_starts_the_published_version_with_its_input(app, work):
    workflow, schedule = scheduled(input={"who": "Mara"}, ago=timedelta(minutes=-30))
    due = schedule.next_at

    run = schedules.run_now(schedule, by="Kim")
    work()

    (done,) = runs_of(workflow)
    assert (done.id, done.origin, done.started_by) == (run.id, "manual", "Kim")
    assert (done.state, done.input) == (RunState.SUCCEEDED, {"who": "Mara"})
    assert schedule.next_at == due


def test_schedules_without_a_zone_follow_the_workspace(app):
    _, schedule = scheduled(cron="0 9 * * *", every=None, ago=-timedelta(hours=1))

    workspace_changes.change(workspace(), label="Main", timezone="Asia/Kolkata")

    db.session.refresh(schedule)
    assert f"{schedule.next_at:%H:%M}" == "03:30"
