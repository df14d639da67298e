"""The filters of the list of runs, all of them kept in its address."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from core import clock
from core.runtime.run_filter import BadFilter, RunFilter
from core.storage.db import db, write_connection
from core.storage.run import Run
from core.storage.run_counts import first_id_at
from core.storage.workflow import Workflow
from tests.factories import make_workflow, start_run
from tests.integration.runs.steps import step

ZONE = "Europe/Berlin"


@pytest.fixture
def olga(people, client_of):
    return client_of(people.olga)


def titles(page):
    return re.findall(r"table__link[^>]*>([^<]+)<", page.text)


def titled(title, *steps, **more):
    return start_run(*(steps or [step("a", value=1)]), settings={"run_title": title}, **more)


def change(run, **values):
    with write_connection() as connection:
        connection.execute(update(Run.__table__).where(Run.id == run.id).values(**values))


def accepted(at, *runs):
    """As if these had been accepted then: ids are made in the order of time."""
    for run in runs:
        change(run, id=first_id_at(at)[:-12] + run.id[-12:], created_at=at)
    db.session.expunge_all()


FILTERED = {
    "state=failed": ["two"],
    "state=running": ["old"],
    "text=ONE": ["one"],
    "text=needle": ["two"],
    "text=50%25": [],
    "period=hour": ["two", "one"],
    "state=nonsense&period=never&workflow=none&from=soon&to=2026-99-99": ["two", "one", "old"],
    "origin=manual": ["two", "one"],
    "origin=schedule&state=running": ["old"],
    "mode=test": ["one"],
    "reason=stopped": [],
    "from=9000-01-01": [],
    "to=1970-01-01": [],
    "to=1970-01-01T10:00&text=one": [],
}


def test_the_list_is_filtered_by_its_address(olga, work):
    titled("one", mode="test")
    titled("two", step("s", "stop", outcome="fail"), input={"word": "needle"})
    work()
    old = titled("old")
    change(old, origin="schedule")
    accepted(clock.now() - timedelta(hours=2), old)

    found = {query: titles(olga.get(f"/runs?{query}")) for query in FILTERED}

    assert found == FILTERED


def test_several_filters_narrow_the_list_together_and_each_can_be_taken_off(olga, work):
    run = titled("one", step("s", "stop", outcome="succeed"))
    other = titled("two", step("s", "stop", outcome="succeed"))
    work()

    name = db.session.get_one(Workflow, run.workflow_id).name
    page = olga.get(f"/runs?workflow={name}&reason=stopped&origin=manual&mode=live&period=day")

    assert titles(page) == ["one"]
    assert other.workflow_id != run.workflow_id
    off = re.findall(r'aria-label="Remove the filter ([^"]+)"', page.text)
    assert off == [
        f"Workflow is {name}",
        "Why Stopped by a step",
        "Started by By hand",
        "Kind is Live",
        "When last 24 hours",
    ]
    assert (
        f'href="/runs?workflow={name}&amp;origin=manual&amp;mode=live&amp;period=day"' in page.text
    )


def test_days_are_those_of_the_workspaces_zone_and_the_last_one_is_included():
    wanted = RunFilter.from_args({"from": "2026-03-29", "to": "2026-03-29"}, zone=ZONE)

    begin, end = wanted.bounds()

    assert begin == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert end == datetime(2026, 3, 29, 22, tzinfo=UTC)  # the day has 23 hours


def test_a_form_sends_its_empty_fields_and_the_address_stays_short(olga):
    titled("one")

    answer = olga.get("/runs?workflow=&reason=&period=day&from=&to=&text=")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/runs?period=day"


def test_an_empty_answer_to_a_filter_says_which_and_leads_back(olga):
    titled("one")

    page = olga.get("/runs?state=failed&period=week")
    dated = olga.get("/runs?from=2020-01-01T10:30&to=2020-01-02&origin=thing")

    assert "No failed runs in the last 7 days. Good." in page.text
    assert 'href="/runs"' in page.text
    said = "No runs from 1 Jan 2020, 10:30 until 2 Jan 2020 with these filters."
    assert said in dated.text


def test_a_filter_says_itself_in_arguments_again(app):
    workflow = make_workflow()
    args = {"workflow": workflow.name, "state": "failed", "from": "2026-11-20T10:00", "text": "a b"}

    wanted = RunFilter.from_args(args, [workflow], ZONE)

    assert wanted.to_args() == args
    assert RunFilter.from_args(wanted.to_args(), [workflow], ZONE) == wanted


def test_a_fixed_filter_leaves_out_what_begins_later(app):
    now = clock.now()
    fixed = RunFilter(state="running", period="day").fixed(now)

    assert fixed.bounds() == (now - timedelta(days=1), now)
    assert RunFilter.from_args(fixed.to_args()) == fixed


@pytest.mark.parametrize("args", [{"workflow": "gone"}, {"state": "odd"}, {"from": "soon"}])
def test_a_strict_filter_refuses_what_would_else_mean_more_runs(args):
    with pytest.raises(BadFilter, match="of runs here"):
        RunFilter.from_args(args, is_strict=True)
