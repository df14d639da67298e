import io
import json
import logging

import pytest

from core import logs
from core.runtime import journal, runs
from core.runtime.runs import NewRun, OriginTaken
from core.storage.db import db
from core.storage.run import Run, StepRun
from core.storage.stored_value import StoredValue
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, publish, start_run
from tests.unit.engine.machines import step

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)


def test_a_started_run_is_carried_out_by_a_worker(app, work):
    run = start_run(
        step("a", value={"n": "{{ trigger.n }}"}),
        step("answer", "return_data", body={"n": "{{ steps.a.n + 1 }}"}),
        input={"n": 41},
    )

    work()

    assert fresh(run).state == "succeeded"
    assert run.response["body"] == {"n": 42}
    assert run.finished_at >= run.started_at


@pytest.mark.parametrize(("value", "state"), [("fine", "succeeded"), ("{{ nobody }}", "failed")])
def test_the_log_has_a_line_for_the_start_and_one_for_the_end(app, work, caplog, value, state):
    caplog.set_level("INFO")
    handler = logging.StreamHandler(lines := io.StringIO())
    handler.setFormatter(logs.JsonLines("worker"))
    logging.getLogger().addHandler(handler)
    run = start_run(step("wait", "wait", **{"for": "10ms"}), step("a", value=value))

    work()

    logging.getLogger().removeHandler(handler)
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    told = [line for line in told if line.get("run_id") == run.id]
    assert [line["message"] for line in told] == ["a run begins", "a run has ended"]
    assert told[1]["state"] == fresh(run).state == state


def test_a_failed_run_says_what_failed_where(app, work):
    run = start_run(step("bad", value="{{ steps.nobody.x }}"))

    work()

    assert fresh(run).state == "failed"
    assert run.error["step"] == "bad"
    assert "nobody" in run.error["message"]


def test_stored_values_are_shared_by_runs_and_counted_once(app, work):
    workflow = make_workflow(step("up", "increment_value", key="calls", by=1))
    for _ in range(5):
        start_run(workflow=workflow)

    work()

    assert db.session.scalars(db.select(StoredValue.value)).all() == [5]


def test_a_child_answers_its_parent(app, work):
    make_workflow(
        step("answer", "return_data", body={"double": "{{ trigger.n * 2 }}"}), name="double"
    )
    run = start_run(
        step("ask", "run_workflow", workflow="double", parameters={"n": "{{ trigger.n }}"}),
        step("answer", "return_data", body="{{ steps.ask }}"),
        input={"n": 4},
    )

    work()

    assert fresh(run).state == "succeeded"
    assert run.response["body"] == {"double": 8}


def test_a_failed_child_fails_the_step_that_waits_for_it(app, work):
    make_workflow(step("s", "stop", outcome="fail", message="no stock"), name="sell")
    run = start_run(step("ask", "run_workflow", workflow="sell"))

    work()

    assert fresh(run).state == "failed"
    assert run.error["kind"] == "child_failed"
    assert "no stock" in run.error["message"]


def test_a_workflow_that_calls_itself_ends(app, work):
    workflow = make_workflow(step("again", "run_workflow", workflow="endless"), name="endless")
    run = start_run(workflow=workflow)

    work()

    assert fresh(run).state == "failed"
    assert db.session.scalar(db.select(db.func.count(Run.id))) == 21


def test_a_child_that_is_not_waited_for_is_named_and_runs_by_itself(app, work):
    make_workflow(step("x", value=1), name="later")
    run = start_run(
        step("go", "run_workflow", workflow="later", mode="start"),
        step("answer", "return_data", body="{{ steps.go }}"),
    )

    work()

    child = db.session.get(Run, fresh(run).response["body"]["run_id"])
    assert (run.state, child.state, child.parent_run_id) == ("succeeded", "succeeded", run.id)


def test_a_run_keeps_the_version_it_started_on(app, work):
    workflow = make_workflow(step("answer", "return_data", body="old"))
    run = start_run(workflow=workflow)
    from core.engine.definition import Definition
    from core.runtime import workflows

    changed = {"steps": [step("answer", "return_data", body="new")]}
    workflows.replace_draft(workflow, Definition.from_json(changed), by="Olga")
    publish(workflow)

    work()

    assert fresh(run).response["body"] == "old"


def test_the_same_origin_key_is_the_same_run(app):
    workflow = make_workflow(step("x", value=1))
    first = start_run(workflow=workflow, origin_key="delivery-1")

    with pytest.raises(OriginTaken) as taken:
        runs.start(NewRun(workflow, workflow.published, "endpoint", {}, origin_key="delivery-1"))

    assert taken.value.run_id == first.id


def test_a_cancelled_run_does_not_begin(app, work):
    run = start_run(step("x", value=1))

    runs.cancel(run)
    work()

    assert fresh(run).state == "cancelled"
    assert journal.load(run.id, 1).outputs == {}


def test_a_draft_runs_as_a_test_with_a_snapshot_of_its_own(app, work):
    workflow = make_workflow(step("answer", "return_data", body="draft"), is_published=False)

    run = runs.start_test(workflow, {"headers": {}}, by="Olga")
    again = runs.start_test(workflow, {"headers": {}}, by="Olga")
    work()

    assert fresh(run).response["body"] == "draft"
    assert run.mode == "test"
    assert run.version_id == again.version_id


def test_an_inside_effect_is_written_with_its_step(app, work):
    run = start_run(step("up", "increment_value", key="n", by=2))

    work()

    row = db.session.scalars(db.select(StepRun)).one()
    assert (fresh(run).state, row.state, row.path) == ("succeeded", "succeeded", "up")
