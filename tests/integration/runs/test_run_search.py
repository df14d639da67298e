"""Runs are found in bounded time, and the page says how far it looked."""

import re
from datetime import UTC, datetime

import pytest

from core.runtime import run_search
from core.runtime.run_filter import RunFilter
from core.runtime.run_search import Count, count, search
from core.storage.db import db, transaction
from core.storage.run import Run
from core.storage.run_counts import first_id_at, moment_of
from tests.conftest import DATABASES
from tests.factories import make_workflow, start_run, workspace

BOTH = pytest.mark.parametrize("database", DATABASES, indirect=True)


@pytest.fixture
def olga(people, client_of):
    return client_of(people.olga)


@pytest.fixture
def hurried(monkeypatch):
    """Time is up at once, and a piece has two runs."""
    monkeypatch.setattr(run_search, "SECONDS", 0)
    monkeypatch.setattr(run_search, "FIRST_PIECE", 2)


@pytest.fixture
def runs(app):
    """Seven runs of one workflow, the oldest first; two of them run."""
    workflow = make_workflow({"id": "a", "type": "compose", "inputs": {"value": 1}})
    started = [start_run(workflow=workflow, input={"word": f"w{n}"}) for n in range(7)]
    with transaction() as session:
        for run in (started[1], started[4]):
            session.get_one(Run, run.id).state = "running"
    return started


def ids(runs):
    return [run.id for run in reversed(runs)]


@BOTH
def test_runs_of_several_states_come_in_one_order_page_by_page(runs):
    wanted = RunFilter(state="running")

    first = search(workspace().id, wanted, "", 4)
    rest = search(workspace().id, wanted, first.older, 4)

    assert [*first.ids, *rest.ids] == ids(runs)
    assert (first.looked, rest.older) == (0, "")


@BOTH
def test_a_search_whose_time_is_up_goes_on_where_it_stopped(runs, hurried):
    wanted, found, older, looked = RunFilter(text="W1"), [], "", []
    for _ in range(5):
        part = search(workspace().id, wanted, older, 3)
        older = part.older
        found += part.ids
        looked.append(part.looked)
        if not older:
            break

    assert found == [runs[1].id]
    assert looked == [2, 2, 2, 0]


def test_the_page_says_how_far_it_looked_and_searches_on(olga, runs, hurried):
    first = olga.get("/runs?text=w0").text
    pages = [first]
    while further := re.search(r'href="(/runs\?text=w0&amp;before=[^"]+)"', pages[-1]):
        pages.append(olga.get(further[1].replace("&amp;", "&")).text)

    assert "Nothing found so far" in first
    assert "Looked through 2 runs, back to" in first
    assert 'hx-trigger="every 20s"' in first
    assert f'href="/runs/{runs[0].id}"' in pages[-1]


def test_a_search_that_ends_before_its_time_is_up_says_nothing_of_it(olga, runs):
    page = olga.get("/runs?text=nowhere").text

    assert "No runs with “nowhere”." in page
    assert "ooked through" not in page


def test_large_numbers_of_runs_end_at_a_limit_and_say_so(olga, runs, monkeypatch):
    monkeypatch.setattr(run_search, "COUNTED", 4)

    page = olga.get("/runs").text

    assert "4+ runs" in page
    assert '<span class="tabs__count">4+</span>' in page


@BOTH
def test_what_lies_in_the_rows_is_counted_among_the_newest(runs, monkeypatch):
    monkeypatch.setattr(run_search, "COUNTED_IN_ROWS", 3)

    few = count(workspace().id, RunFilter(state="running", origin="manual"))
    all_of_them = count(workspace().id, RunFilter(state="running"))

    assert (few, all_of_them) == (Count(3, is_exact=False), Count(7, is_exact=True))


def test_of_two_indexes_the_one_that_names_fewer_runs_is_walked(runs):
    other = start_run(workflow=make_workflow())

    lane = run_search.narrowest(
        workspace().id, RunFilter(workflow_id=other.workflow_id, state="running"), ""
    )

    assert lane.rest == RunFilter(state="running")


PLANS = {
    "ix_run_workspace_origin": RunFilter(origin="schedule", mode="live"),
    "ix_run_workspace_reason": RunFilter(reason="not_run"),
    "ix_run_workspace_state": RunFilter(state="failed"),
    "ix_run_workflow_id": RunFilter(workflow_id=1),
}


@pytest.mark.only_sqlite
@pytest.mark.parametrize("index", PLANS)
def test_filters_are_answered_by_an_index_without_sorting(app, index):
    lane = run_search.narrowest(workspace().id, PLANS[index], "")
    query = lane.newest("f", 50, *lane.rest.columns).compile(
        db.engine, compile_kwargs={"literal_binds": True}
    )

    plan = [row[3] for row in db.session.execute(db.text(f"EXPLAIN QUERY PLAN {query}"))]

    assert len(plan) == 1
    assert f"COVERING INDEX {index} " in plan[0]


def test_an_id_tells_when_it_was_made():
    moment = datetime(2026, 11, 27, 3, 30, 0, 250_000, UTC)

    assert moment_of(first_id_at(moment)) == moment
