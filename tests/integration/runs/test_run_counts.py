"""What a run's page counts is the same wherever it counts it."""

import pytest

from blueprints.editor.overlays import ShownRun
from core.runtime import run_list, run_progress, run_view
from core.runtime.run_filter import RunFilter
from tests.factories import fresh, start_run
from tests.integration.runs.steps import branch, step


def breaking(id, **more):
    return step(id, "stop", outcome="fail", message="no", **more)


def handled_in_lists(run):
    lines, _ = run_list.listed(run.workspace_id, RunFilter())
    return run_progress.progress(lines)[run.id].handled_count


def nested(*inner):
    inside = step(
        "inner",
        "for_each",
        list=[1, 2],
        on_item_error="continue",
        branches=[branch("body", *inner)],
    )
    return step("outer", "for_each", list=[1, 2], branches=[branch("body", inside)])


def test_failures_in_inner_loops_are_counted_everywhere(app, work):
    run = start_run(
        nested(breaking("odd", only_when="{{ item == 2 }}")), breaking("last", on_error="continue")
    )
    work()

    assert "3 errors handled" in str(run_view.view(fresh(run)).summary)
    assert handled_in_lists(run) == 3
    assert ShownRun(fresh(run)).handled_words == "3 errors handled"


def test_a_failure_that_was_put_right_by_a_retry_is_not_counted(app, work):
    from core.runtime import resuming

    run = start_run(breaking("a", on_error="continue"), breaking("b"))
    work()
    resuming.retry(fresh(run), resuming.plan(fresh(run), is_skipped=True), by="Ana")
    work()

    assert "1 error handled" in str(run_view.view(fresh(run)).summary)
    assert handled_in_lists(run) == 1


def test_the_sentence_counts_the_steps_as_the_timeline_does(app, work):
    run = start_run(nested(step("a", value=1), step("b", value=1)), step("last", value=1))
    work()

    view = run_view.view(fresh(run))
    assert str(view.summary) == f"{view.ran_count} steps ran."


@pytest.fixture
def repeating(app, work):
    body = branch("body", step("a", value=1), step("b", value=1))
    run = start_run(step("again", "repeat", until="{{ index >= 1 }}", branches=[body]))
    work()
    return fresh(run)


def test_turns_of_a_repeat_are_called_turns(people, client_of, repeating):
    page = client_of(people.olga).get(f"/runs/{repeating.id}?step=again/1").text

    for words in ("2 turns", "Turn 2", "One turn"):
        assert words in page
