"""The page of runs that wait."""

from blueprints.schedules import views
from tests.factories import make_workflow, start_run
from tests.people import HTMX

PAUSE = {"id": "rest", "type": "wait", "inputs": {"for": "2h"}}


def test_a_long_list_says_that_it_is_not_all_and_leads_to_the_rest(
    people, client_of, work, monkeypatch
):
    olga, workflow = client_of(people.olga), make_workflow(PAUSE)
    for _ in range(3):
        start_run(workflow=workflow)
    work()

    whole = olga.get("/schedules/waiting").text
    monkeypatch.setattr(views, "MOST_WAITING", 2)
    cut = olga.get(f"/schedules/waiting?workflow={workflow.name}").text

    assert "3 runs, soonest first" in whole
    assert "The first 2 runs; " in cut and cut.count('name="run"') == 2
    assert f'href="/runs?state=waiting&amp;workflow={workflow.name}">see all' in cut


def test_the_list_renews_itself_with_what_was_searched_and_the_counts(people, client_of, work):
    olga, workflow = client_of(people.olga), make_workflow(PAUSE)
    page = olga.get(f"/schedules/waiting?workflow={workflow.name}").text
    start_run(workflow=workflow)
    work()

    part = olga.get(f"/schedules/waiting?workflow={workflow.name}", headers=HTMX).text

    assert f'hx-get="/schedules/waiting?workflow={workflow.name}"' in page
    assert "Nothing waits" not in part and "<!doctype" not in part
    assert '<hx-partial hx-target="#schedules-nav" hx-swap="outerMorph">' in part
    assert 'aria-current="page">Waiting <span class="tabs__count">1</span>' in part
