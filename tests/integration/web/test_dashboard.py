"""The dashboard: true figures on both databases, and what needs somebody."""

from datetime import timedelta

import pytest

from core import clock
from core.runtime import attention, backlog, dashboard, processes, run_list, schedules, workflows
from core.runtime.periods import PERIODS
from core.runtime.run_filter import RunFilter
from core.runtime.run_times import Times
from core.storage.db import transaction
from core.storage.refused_call import RefusedCall
from core.storage.run import Run
from core.storage.run_counts import first_id_at
from tests.conftest import DATABASES
from tests.factories import make_workflow, workspace
from tests.people import HTMX

BOTH = pytest.mark.parametrize("database", DATABASES, indirect=True)
ERROR = {"code": "HTTP_401", "message": "crm.example.com refused the key", "step": "ask"}
ASK = {"id": "ask", "type": "compose", "label": "Read contacts", "inputs": {"value": 1}}


def add_runs(workflow, count, *, ago, state="succeeded", ms=40, **more):
    """Runs that were accepted so long ago, one millisecond apart."""
    begin = clock.now() - ago
    with transaction() as session:
        for number in range(count):
            at = begin + timedelta(milliseconds=number)
            ended = at + timedelta(milliseconds=ms)
            given = {
                "id": first_id_at(at)[:-8] + f"{workflow.id:04x}{number:04x}",
                "workspace_id": workflow.workspace_id,
                "workflow_id": workflow.id,
                "version_id": workflow.published_id,
                "origin": "endpoint",
                "state": state,
                "input": {},
                "created_at": at,
                "finished_at": ended if state in ("succeeded", "failed", "cancelled") else None,
            }
            session.add(Run(**{**given, **more}))


def figures(key="day"):
    place = workspace()
    return dashboard.figures(place.id, PERIODS[key], place_zone(place))


def place_zone(place):
    from zoneinfo import ZoneInfo

    return ZoneInfo(place.timezone)


@BOTH
def test_an_empty_workspace_has_figures_too(app, database):
    found = figures()

    assert (found.runs, found.failed, found.times, found.before) == (0, 0, None, None)
    assert found.workflows == [] and len(found.spans) <= 120


@BOTH
def test_runs_are_counted_where_they_belong(app, database):
    orders, sync = make_workflow(ASK), make_workflow(ASK)
    add_runs(orders, 30, ago=timedelta(hours=2), ms=100)
    add_runs(orders, 5, ago=timedelta(days=3), ms=100)
    add_runs(sync, 7, ago=timedelta(hours=5), state="failed", ms=900, error=ERROR)
    add_runs(sync, 2, ago=timedelta(minutes=1), state="queued")

    of_day, of_week = figures("day"), figures("week")

    assert (of_day.runs, of_day.failed) == (39, 7)
    assert (of_week.runs, of_week.failed) == (44, 7)
    assert [(one.id, one.runs, one.failed, one.typical) for one in of_day.busiest] == [
        (orders.id, 30, 0, pytest.approx(100, abs=1)),
        (sync.id, 9, 7, pytest.approx(900, abs=1)),
    ]
    assert [one.id for one in of_day.slowest] == [sync.id, orders.id]
    busy = [(one.runs, one.failed) for one in of_day.spans if one.runs]
    assert busy == [(7, 7), (30, 0), (2, 0)]


@BOTH
def test_times_of_few_runs_are_exact_and_of_many_about_right(app, database, monkeypatch):
    workflow = make_workflow(ASK)
    add_runs(workflow, 70, ago=timedelta(hours=2), ms=100)
    add_runs(workflow, 8, ago=timedelta(hours=2, minutes=1), ms=5000)

    exact = figures()
    monkeypatch.setattr(dashboard, "MEASURED", 60)
    rough = figures()

    assert exact.times == Times(*(pytest.approx(ms, abs=1) for ms in (100, 5000, 5000)))
    assert not exact.is_timed_roughly and rough.is_timed_roughly
    assert rough.times.typical == pytest.approx(100, abs=1)


@BOTH
def test_the_time_a_run_lay_failed_or_was_yet_to_begin_is_none_it_took(app, database):
    workflow = make_workflow(ASK)
    lay = timedelta(hours=1) / timedelta(milliseconds=1)
    add_runs(workflow, 1, ago=timedelta(hours=2), ms=lay + 100, idle_ms=lay)
    due_at = clock.now() - timedelta(hours=1)
    add_runs(workflow, 1, ago=timedelta(hours=3), ms=2 * lay + 100, due_at=due_at)
    add_runs(workflow, 1, ago=timedelta(hours=4), due_at=due_at, state="cancelled")

    found = figures()

    assert found.times == Times(*(pytest.approx(100, abs=5) for _ in range(3)))
    lines, _ = run_list.listed(workspace().id, RunFilter())
    assert [line.ms for line in lines] == [pytest.approx(100, abs=5)] * 2 + [0]


@BOTH
def test_failures_beyond_those_read_are_shared_out(app, database, monkeypatch):
    monkeypatch.setattr(dashboard, "FAILED_READ", 10)
    workflow = make_workflow(ASK)
    add_runs(workflow, 40, ago=timedelta(hours=2), state="failed", error=ERROR)

    found = figures()

    assert found.is_blamed_roughly and found.failed == 40
    assert [one.failed for one in found.workflows] == [40]


@BOTH
def test_the_time_before_is_compared_only_if_all_of_it_was_kept(app, database):
    workflow = make_workflow(ASK)
    add_runs(workflow, 4, ago=timedelta(hours=30))
    add_runs(workflow, 1, ago=timedelta(hours=31), state="failed", error=ERROR)

    unknown = figures().before
    add_runs(workflow, 1, ago=timedelta(days=3))
    known = figures().before

    assert unknown is None
    assert (known.runs, known.failed) == (5, 1)
    assert figures("month").before is None


@BOTH
def test_another_workspaces_runs_count_nowhere(app, people, database):
    workflow = make_workflow(ASK)
    add_runs(workflow, 3, ago=timedelta(hours=1), state="failed", error=ERROR, workspace_id=2)
    with transaction():
        workflow.workspace_id = 2

    assert figures().runs == 0
    assert attention.attention(workspace()).count == 0
    assert backlog.backlog(workspace().id).queued == 0


@BOTH
def test_the_line_says_how_long_it_is_and_who_works(app, database):
    workflow = make_workflow(ASK)
    add_runs(workflow, 3, ago=timedelta(seconds=90), state="queued")
    add_runs(workflow, 1, ago=timedelta(minutes=9), state="running")
    processes.beat("worker")

    found = backlog.backlog(workspace().id)

    assert (found.queued, found.running, found.workers, found.schedulers) == (3, 1, 1, 0)
    assert found.age.total_seconds() == pytest.approx(90, abs=5)


@BOTH
def test_what_was_in_line_before_waits_since_it_was_rung_for(app, database):
    workflow = make_workflow(ASK)
    rung = {"started_at": clock.now(), "rung_at": clock.now() - timedelta(seconds=20)}
    add_runs(workflow, 1, ago=timedelta(days=2), state="queued", **rung)

    age = backlog.backlog(workspace().id).age

    assert age.total_seconds() == pytest.approx(20, abs=5)


@BOTH
def test_failures_of_the_same_kind_are_one_line(app, database):
    orders, sync = make_workflow(ASK), make_workflow(ASK)
    add_runs(sync, 5, ago=timedelta(hours=3), state="failed", error=ERROR)
    add_runs(sync, 1, ago=timedelta(hours=2), state="failed", error={**ERROR, "code": "TIMEOUT"})
    add_runs(orders, 1, ago=timedelta(hours=1), state="failed", error=ERROR)
    add_runs(orders, 1, ago=timedelta(hours=1, minutes=1), state="failed", error=ERROR, mode="test")
    add_runs(orders, 1, ago=timedelta(days=2), state="failed", error=ERROR)

    found = attention.attention(workspace())

    counted = [(one.workflow_id, one.count, one.step) for one in found.failures]
    assert counted == [
        (orders.id, 1, "Read contacts"),
        (sync.id, 1, "Read contacts"),
        (sync.id, 5, "Read contacts"),
    ]
    assert found.failures[2].message == "crm.example.com refused the key"


@BOTH
def test_runs_that_wait_for_a_person_are_asked_about(app, database):
    workflow = make_workflow(ASK)
    for minutes, reason in enumerate(("time", "unknown_outcome", "approval")):
        ago = timedelta(minutes=minutes + 1)
        add_runs(workflow, 1, ago=ago, state="waiting", reason=reason, title=reason)

    found = attention.attention(workspace())

    assert [one.title for one in found.questions] == ["unknown_outcome", "approval"]


@BOTH
def test_what_is_paused_or_switched_off_is_told(app, database):
    planned = {"schedules": [{"key": "nightly", "every": "1 day"}]}
    nightly, off = make_workflow(ASK, triggers=planned), make_workflow(ASK)
    schedule = schedules.Schedule.of_workflow(nightly.id)[0]
    schedules.pause(schedule, by="Kim")
    workflows.set_enabled(off, False, by="Ana")

    found = attention.attention(workspace()).paused

    assert {(one.what, one.id, one.by) for one in found} == {
        ("schedule", schedule.id, "Kim"),
        ("workflow", off.id, "Ana"),
    }


@BOTH
def test_refused_calls_of_the_same_kind_are_one_line(app, database):
    workflow = make_workflow(ASK)
    for ago, times in ((1, 3), (2, 4), (30, 9)):
        with transaction() as session:
            session.add(
                RefusedCall(
                    workflow_id=workflow.id,
                    mode="live",
                    at=clock.now() - timedelta(hours=ago),
                    status=401,
                    code="NOT_AUTHORIZED",
                    reason="no key",
                    method="POST",
                    remote_address="192.0.2.1",
                    times=times,
                )
            )

    found = attention.attention(workspace()).refusals

    assert [(one.workflow_id, one.count, one.reason) for one in found] == [
        (workflow.id, 7, "no key")
    ]


@pytest.fixture
def olga(people, client_of):
    return client_of(people.olga)


@pytest.fixture
def sync(people):
    workflow = make_workflow(ASK, name="nightly-sync")
    add_runs(workflow, 3, ago=timedelta(hours=2), state="failed", error=ERROR, title="<b>R</b>")
    return workflow


def test_the_first_screen_stays_until_there_is_something_of_ones_own(olga, client_of, people):
    example = make_workflow(ASK, name="welcome")
    before = olga.get("/").text
    add_runs(example, 1, ago=timedelta())
    same_visit = olga.get("/").text
    with transaction():
        people.olga.created_at -= timedelta(days=1)
    next_visit = client_of(people.olga).get("/").text
    make_workflow(ASK)

    assert "Hello Olga." in before and "Hello Olga." in same_visit
    assert "Needs you" in next_visit and "Needs you" in olga.get("/").text
    assert "Hello Olga." in olga.get("/first-steps").text


def test_the_page_says_what_needs_somebody_and_leads_there(olga, sync):
    page = olga.get("/").text

    assert "3 runs of nightly-sync failed" in page
    assert "“crm.example.com refused the key” at step <em>Read contacts</em>" in page
    assert "/runs?state=failed&amp;workflow=nightly-sync&amp;period=day" in page
    assert "No worker is alive" in page
    assert "<b>R</b>" not in page


def test_a_quiet_workspace_is_told_so(olga):
    make_workflow(ASK)
    processes.beat("worker")
    processes.beat("scheduler", "scheduler")

    assert "Nothing needs you" in olga.get("/").text


@pytest.mark.parametrize("period", PERIODS)
def test_every_period_has_its_page(olga, sync, period):
    page = olga.get(f"/?period={period}").text

    assert 'role="img" aria-label="' in page
    assert page.count("chart__slot") <= 2 * 120
    assert ("3 runs; most of them" in page) is (period != "hour")


def test_charts_are_shown_as_tables_when_asked(olga, sync):
    runs, took = olga.get("/?table=runs").text, olga.get("/?table=time").text

    assert '<th scope="row">' in runs and 'id="over-time"' in runs
    assert runs.count('<svg class="chart__plot') == 1
    assert "Slowest 1 %" in took and 'href="/" hx-get="/"' in took


def test_it_renews_itself_with_the_choices_made(olga, sync):
    part = olga.get("/?period=week&order=slowest&table=time", headers=HTMX).text

    assert part.startswith("<live-part") or "<live-part" in part[:400]
    assert 'hx-get="/?period=week&amp;order=slowest&amp;table=time"' in part
    assert "Busiest instead" in part and "<!doctype html>" not in part


def test_nonsense_in_the_address_is_the_usual(olga, sync):
    page = olga.get("/?period=century&order=x&table=<b>").text

    assert "Last 24 hours" in page and "Busiest workflows" in page
