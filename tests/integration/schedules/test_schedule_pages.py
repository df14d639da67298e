from datetime import UTC, datetime, timedelta

import pytest

from blueprints import schedule_times
from core import clock
from core.engine.recurrence import Occurrence
from core.runtime import schedules
from core.storage.batch import Batch
from core.storage.db import db, transaction
from core.storage.run import Run
from core.storage.schedule import Schedule
from core.storage.workflow import Workflow
from tests.factories import make_workflow, workspace
from tests.people import HTMX

STEP = {"id": "hello", "type": "compose", "inputs": {"value": 1}}
PAUSE = {"id": "rest", "type": "wait", "inputs": {"for": "2h"}}


@pytest.fixture
def olga(people, client_of):
    return client_of(people.olga)


def scheduled(*steps, cron="0 9 * * 1-5", **more):
    said = {"key": "morning", "cron": cron, **more}
    workflow = make_workflow(*(steps or [STEP]), triggers={"schedules": [said]})
    return workflow, Schedule.of_workflow(workflow.id)[0]


def fresh():
    """Read what others have written meanwhile."""
    db.session.rollback()
    db.session.expire_all()


def waiting_run(work):
    _, schedule = scheduled(PAUSE, STEP)
    run = schedules.run_now(schedule, by="Olga")
    work()
    fresh()
    return db.session.get(Run, run.id)


def test_nothing_planned_says_what_could_be(olga):
    page = olga.get("/schedules").text

    assert "Nothing is planned" in page
    assert "you'll see the next five times before it starts" in page.replace("&#39;", "'")


def test_what_is_planned_shows_when_what_and_the_next_five_times(olga):
    workflow, _ = scheduled(input={"email": "ops@example.com"}, timezone="America/New_York")

    page = olga.get("/schedules").text

    assert "Every weekday at 9:00" in page and "New York" in page and workflow.label in page
    assert page.count('class="times__item') == 5
    assert "run once when back" in page and "skip this time" in page
    assert "ops@example.com" in page and "0 9 * * 1-5" in page


def test_the_tab_of_batches_counts_those_that_go_on_and_says_so(olga):
    workflow, now = make_workflow(STEP), clock.now()
    with transaction() as session:
        for number, ended_at in enumerate((None, now)):
            session.add(
                Batch(
                    id=f"batch-{number}",
                    workspace_id=workflow.workspace_id,
                    workflow_id=workflow.id,
                    version_id=workflow.published_id,
                    state="done" if ended_at else "paused",
                    total=0,
                    concurrency=1,
                    starts_at=now,
                    unfilled=0,
                    counts={},
                    created_at=now,
                    ended_at=ended_at,
                )
            )

    page = olga.get("/batches").text

    assert 'Batches <span class="tabs__count">1 open</span>' in page
    assert "2 batches, newest first" in page


def test_the_list_of_workflows_says_whose_clock_a_time_is_by(olga):
    scheduled(timezone="America/New_York")

    assert "Every weekday at 9:00, New York" in olga.get("/workflows").text


def test_far_times_are_told_by_their_year_alone():
    now = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
    near, far = datetime(2027, 1, 1, 9, 0, tzinfo=UTC), datetime(2027, 3, 28, 9, 0, tzinfo=UTC)

    assert schedule_times.say(Occurrence(near, near), now).wait == "in 35 days"
    assert schedule_times.say(Occurrence(far, far), now).wait == ""
    assert schedule_times.wait(far, now) == "in 4 months"
    assert schedule_times.wait(far.replace(year=2030), now) == "in 3 years"


def test_the_list_can_be_searched(olga):
    workflow, _ = scheduled()

    assert workflow.label in olga.get(f"/schedules?text={workflow.name}").text
    assert "No schedule has" in olga.get("/schedules?text=nowhere").text


def test_pausing_one_and_letting_it_go_on(olga):
    _, schedule = scheduled()

    olga.post(f"/schedules/{schedule.id}/pause")
    assert "paused by Olga" in olga.get("/schedules").text

    olga.post(f"/schedules/{schedule.id}/resumption")
    assert "paused by" not in olga.get("/schedules").text


def test_who_paused_is_named_as_they_are_called(people, client_of):
    _, schedule = scheduled()
    schedules.pause(schedule, by="Ana McKeller")

    page = client_of(people.olga).get("/schedules").text

    assert "Paused by Ana McKeller: nothing starts until it goes on." in page


def test_a_run_that_somebody_wanted_now_is_the_last_one(olga):
    _, schedule = scheduled()
    assert "Waiting </span>" not in olga.get("/schedules").text

    olga.post(f"/schedules/{schedule.id}/runs")

    assert "In line </span>" in olga.get("/schedules").text


def test_while_all_are_paused_no_time_is_promised(olga):
    scheduled(cron="0 0 1 1 *")
    assert "paused</span>" not in olga.get("/schedules").text

    olga.post("/schedules/pause")

    assert "paused</span>" in olga.get("/schedules").text


def test_what_a_run_is_given_is_said_in_words(olga):
    said = {"since": "last run", "most": 5, "nothing": None}
    scheduled(input=said)

    assert "since: “last run”, most: 5</span>" in olga.get("/schedules").text


def test_pausing_everything_shows_a_banner_on_every_page(olga):
    workflow, _ = scheduled()

    olga.post("/schedules/pause")
    pages = ("/", "/workflows", "/runs", "/schedules", "/settings/profile", "/connections")
    pages += (f"/workflows/{workflow.id}/build", f"/workflows/{workflow.id}/versions")
    for path in pages:
        assert "All schedules are paused" in olga.get(path).text, path

    olga.post("/schedules/resumption")
    assert "All schedules are paused" not in olga.get("/schedules").text


def test_running_now_leads_to_the_run(olga):
    _, schedule = scheduled()

    answer = olga.post(f"/schedules/{schedule.id}/runs")

    fresh()
    run = db.session.scalar(db.select(Run))
    assert answer.location == f"/runs/{run.id}"


def test_the_next_time_is_moved_or_left_out(olga):
    _, schedule = scheduled(cron="0 0 1 1 *")
    planned = schedule.next_at
    wished = (clock.now() + timedelta(hours=1)).replace(second=0, microsecond=0)

    assert "Move the next time" in olga.get(f"/schedules/{schedule.id}/next/edit").text
    olga.post(f"/schedules/{schedule.id}/next", data={"at": f"{wished:%Y-%m-%dT%H:%M}"})
    fresh()
    assert (schedule.next_at, schedule.moved_from) == (wished, planned)
    assert ", moved" in olga.get("/schedules").text

    olga.post(f"/schedules/{schedule.id}/left-out")
    fresh()
    assert schedule.next_at.year == planned.year + 1 and schedule.moved_from is None


@pytest.mark.parametrize("typed", ["", "2020-01-01T09:00", "soon"])
def test_a_time_that_makes_no_sense_is_refused_in_its_form(olga, typed):
    _, schedule = scheduled()

    answer = olga.post(f"/schedules/{schedule.id}/next", data={"at": typed}, headers=HTMX)

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text


def test_waiting_runs_are_listed_and_cancelled_together(olga, work):
    run, other = waiting_run(work), waiting_run(work)

    page = olga.get("/schedules/waiting").text
    assert run.id in page and other.id in page and "A set time" in page
    workflow = db.session.get(Workflow, run.workflow_id)
    narrow = olga.get(f"/schedules/waiting?workflow={workflow.name}", headers=HTMX).text
    assert run.id in narrow and other.id not in narrow

    olga.post("/schedules/waiting/cancellation", data={"run": [run.id, other.id]})

    fresh()
    assert {run.state, other.state} == {"cancelled"}


def test_a_waiting_run_goes_on_at_the_moment_it_is_moved_to(olga, work):
    from core.runtime import duties, schedule_list

    run = waiting_run(work)
    asked = olga.get(f"/schedules/waiting/{run.id}/edit", headers=HTMX).text
    assert "Let it go on at another time" in asked and ": until now " in asked
    wished = (clock.now() + timedelta(hours=1)).replace(second=0, microsecond=0)
    olga.post(f"/schedules/waiting/{run.id}", data={"at": f"{wished:%Y-%m-%dT%H:%M}"})
    fresh()
    assert run.wake_at == wished

    schedule_list.move(run, clock.now() - timedelta(seconds=1))
    duties.wake_due()
    work()

    fresh()
    assert run.state == "succeeded"


def test_the_second_wait_of_a_run_is_moved_and_not_the_first(olga, work):
    from core.runtime import duties, schedule_list

    _, schedule = scheduled(PAUSE, {**PAUSE, "id": "again"}, STEP)
    run = schedules.run_now(schedule, by="Olga")
    for _ in range(2):
        work()
        fresh()
        run = db.session.get(Run, run.id)
        assert run.state == "waiting"
        schedule_list.move(run, clock.now() - timedelta(seconds=1))
        assert duties.wake_due() == 1
    work()

    fresh()
    assert run.state == "succeeded"


def test_a_schedule_of_another_workspace_is_not_there(people, client_of):
    _, schedule = scheduled()
    zoe = client_of(people.zoe)

    assert zoe.post(f"/schedules/{schedule.id}/pause").status_code == 404
    assert zoe.get(f"/schedules/{schedule.id}/next/edit").status_code == 404
    assert "Nothing is planned" in zoe.get("/schedules").text


def test_who_only_looks_changes_nothing(people, client_of):
    _, schedule = scheduled()
    vera = client_of(people.vera)

    page = vera.get("/schedules").text

    assert "Run now" not in page and "Pause" not in page and "Add a schedule" not in page
    assert vera.post(f"/schedules/{schedule.id}/pause").status_code == 403


def test_adding_one_leads_to_where_its_times_are_chosen(olga):
    workflow = make_workflow(STEP)

    assert workflow.label in olga.get("/schedules/new").text
    answer = olga.post("/schedules/new", data={"workflow": workflow.id})
    assert answer.location == f"/workflows/{workflow.id}/build?step=start"
    page = olga.get(answer.location).text

    assert "Every weekday at 9:00" in page and page.count('class="times__item') == 5
    assert not Schedule.of_workflow(workflow.id)


def test_adding_one_more_leaves_the_others_as_they_are(olga):
    workflow, _ = scheduled()

    olga.post("/schedules/new", data={"workflow": workflow.id})

    fresh()
    said = db.session.get(Workflow, workflow.id).definition.triggers["schedules"]
    assert [each["key"] for each in said] == ["morning", "weekdays"]
    assert said[0]["cron"] == "0 9 * * 1-5"


def test_adding_one_to_a_new_workflow_makes_it(olga):
    answer = olga.post("/schedules/new", data={"workflow": ""})

    assert "On a schedule" in olga.get(answer.location).text


class TestPanel:
    """The schedules in the panel “Starts when”."""

    @pytest.fixture
    def workflow(self, olga):
        return make_workflow(STEP)

    def url(self, workflow, rest=""):
        return f"/workflows/{workflow.id}/starts/schedules{rest}"

    def said(self, workflow):
        fresh()
        return db.session.get(Workflow, workflow.id).definition.triggers.get("schedules")

    def test_one_is_added_changed_and_taken_away(self, olga, workflow):
        olga.post(self.url(workflow), headers=HTMX)
        assert self.said(workflow) == [{"key": "weekdays", "cron": "0 9 * * 1-5"}]

        form = {"kind": "days", "time": "08:30", "day_1": "yes", "day_4": "yes"}
        form |= {"timezone": "Europe/Berlin", "missed": "skip", "overlap": "queue"}
        form |= {"input": '{"who": "Mara"}'}
        answer = olga.post(self.url(workflow, "/weekdays"), data=form, headers=HTMX)
        assert "Mondays and Thursdays at 8:30, Berlin" in answer.text
        assert answer.text.count('class="times__item') == 5
        assert self.said(workflow) == [
            {
                "key": "weekdays",
                "cron": "30 8 * * 1,4",
                "timezone": "Europe/Berlin",
                "missed": "skip",
                "overlap": "queue",
                "input": {"who": "Mara"},
            }
        ]

        olga.post(self.url(workflow, "/weekdays/removal"), headers=HTMX)
        assert self.said(workflow) is None

    @pytest.mark.parametrize(
        ("form", "written"),
        [
            ({"kind": "minutes", "count": "15"}, {"cron": "*/15 * * * *"}),
            ({"kind": "minutes", "count": "7"}, {"every": "7m"}),
            ({"kind": "hours", "count": "1", "minute": "5"}, {"cron": "5 * * * *"}),
            ({"kind": "day", "time": "09:00"}, {"cron": "0 9 * * *"}),
            ({"kind": "month", "day": "L", "time": "06:00"}, {"cron": "0 6 L * *"}),
            ({"kind": "days", "time": "09:00", "action": "redraw"}, {"cron": "0 9 * * 1"}),
            ({"kind": "cron", "text": "0 0 29 2 *"}, {"cron": "0 0 29 2 *"}),
            ({"kind": "cron", "action": "redraw"}, {"cron": "0 9 * * 1-5"}),
        ],
    )
    def test_words_become_what_the_file_says(self, olga, workflow, form, written):
        olga.post(self.url(workflow), headers=HTMX)

        answer = olga.post(self.url(workflow, "/weekdays"), data=form, headers=HTMX)

        assert answer.status_code == 200
        assert self.said(workflow) == [{"key": "weekdays", **written}]

    @pytest.mark.parametrize(
        ("form", "why"),
        [
            ({"kind": "cron", "text": "0 0 30 2 *"}, "so it never comes"),
            ({"kind": "minutes", "count": "0"}, "must be 1 or more"),
            ({"kind": "day", "time": "09:00", "input": "[1]"}, "must be a group"),
            ({"kind": "day", "time": "09:00", "input": "{"}, "is not JSON"),
        ],
    )
    def test_what_makes_no_sense_is_said_and_not_saved(self, olga, workflow, form, why):
        olga.post(self.url(workflow), headers=HTMX)

        answer = olga.post(self.url(workflow, "/weekdays"), data=form, headers=HTMX)

        assert answer.status_code == 422
        assert why in answer.text
        assert self.said(workflow) == [{"key": "weekdays", "cron": "0 9 * * 1-5"}]

    def test_several_have_names_of_their_own(self, olga, workflow):
        for _ in range(3):
            olga.post(self.url(workflow), headers=HTMX)

        assert len({said["key"] for said in self.said(workflow)}) == 3

    def test_a_draft_starts_nothing(self, olga, workflow):
        olga.post(self.url(workflow), headers=HTMX)

        assert not Schedule.of_workflow(workflow.id)
        assert workspace().schedules_paused_at is None
