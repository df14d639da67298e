"""What a run's page knows: read back from real runs, also from those that were cut."""

import os
import platform
from datetime import timedelta

from core import clock
from core.engine import entries
from core.runtime import advance, journal, rescue, run_journal, run_view, runs
from core.storage.db import transaction, write_connection
from core.storage.run import Run, StepRun
from tests.factories import fresh, make_workflow, start_run
from tests.integration.runs.steps import branch, step


def seen(run):
    return run_view.view(fresh(run))


def states(view):
    return {found.path: found.state for found in view.steps}


def test_a_succeeded_run_shows_each_step_with_what_went_in_and_came_out(app, work):
    run = start_run(
        step("clean", value={"n": "{{ trigger.n }}"}),
        step("answer", "return_data", body={"n": "{{ steps.clean.n }}"}),
        input={"n": 41},
    )

    work()

    view = seen(run)
    clean = view.step("clean")
    assert states(view) == {"clean": "done", "answer": "done"}
    assert (clean.inputs, clean.output) == ({"value": {"n": 41}}, {"n": 41})
    assert clean.ms is not None
    assert view.start.output["n"] == 41
    assert view.first_to_look_at.output == {"n": 41}
    assert [event.kind for event in view.events] == ["accepted", "taken", "answered", "succeeded"]
    assert str(view.summary) == "2 steps ran."


def test_a_failed_run_leads_to_the_step_that_failed(app, work):
    run = start_run(
        step("a", value=1),
        step("bad", "stop", outcome="fail", message="no stock", label="Check the stock"),
        step("never", value=2),
    )

    work()

    view = seen(run)
    assert states(view) == {"a": "done", "bad": "failed", "never": "not_reached"}
    assert view.first_to_look_at.path == "bad"
    assert str(view.summary) == "Check the stock failed: no stock"
    assert view.events[-1].sentence == "Failed at Check the stock"


def test_a_failure_that_was_wished_to_go_on_is_handled(app, work):
    run = start_run(
        step("bad", "stop", outcome="fail", message="no", on_error="continue"), step("b", value=1)
    )

    work()

    view = seen(run)
    assert (fresh(run).state, view.step("bad").state) == ("succeeded", "failed")
    assert view.step("bad").is_handled
    assert "1 error handled" in str(view.summary)


def test_steps_of_a_path_not_taken_stay_in_the_list_and_say_so(app, work):
    run = start_run(
        step(
            "big",
            "branch",
            branches=[
                branch("yes", step("tell", value=1), label="Yes", only_when="{{ false }}"),
                branch("no", step("keep", value=2), label="No"),
            ],
        )
    )

    work()

    view = seen(run)
    assert view.step("big").taken_labels == ("No",)
    assert view.step("tell").is_untaken
    assert (view.step("tell").state, view.step("keep").state) == ("not_reached", "done")


def test_the_catch_of_a_try_that_went_well_was_not_taken(app, work):
    run = start_run(
        step(
            "safely",
            "try",
            branches=[branch("try", step("a", value=1)), branch("catch", step("b", value=2))],
        )
    )

    work()

    view = seen(run)
    assert (view.step("a").is_untaken, view.step("b").is_untaken) == (False, True)


def test_a_block_whose_failure_was_caught_has_failed_while_the_run_waits_elsewhere(app, work):
    paths = [
        branch("asked", step("ask", "wait_for_call")),
        branch("paid", step("bad", "stop", outcome="fail", message="refused")),
    ]
    guard = [branch("try", step("both", "parallel", branches=paths)), branch("catch")]
    run = start_run(step("safely", "try", branches=guard), step("nap", "wait", **{"for": "1h"}))

    work()

    view = seen(run)
    assert states(view) == {
        "safely": "done",
        "both": "failed",
        "ask": "interrupted",
        "bad": "failed",
        "nap": "waiting",
    }
    assert view.step("both").error["message"] == "refused"
    assert view.step("ask").finished_at <= view.step("nap").started_at


def test_each_turn_of_a_loop_is_named_by_its_item(app, work):
    run = start_run(
        step(
            "each",
            "for_each",
            list=[{"sku": "A-1", "qty": 2}, {"sku": "B-2", "qty": 0}],
            branches=[branch("body", step("keep", value="{{ item.qty }}"))],
        )
    )

    work()

    view = seen(run)
    each = view.step("each")
    assert (each.item_count, each.is_loop) == (2, True)
    assert [(s.path, s.item_name, s.output) for s in view.steps[1:]] == [
        ("each/0/keep", "1 · A-1", 2),
        ("each/1/keep", "2 · B-2", 0),
    ]


def test_long_loops_show_one_page_of_turns_and_where_they_failed(app, work):
    run = start_run(
        step(
            "each",
            "for_each",
            list="{{ range(120) }}",
            on_item_error="continue",
            branches=[
                branch(
                    "body",
                    step("a", value="{{ item }}"),
                    step("b", "stop", outcome="fail", only_when="{{ item == 77 }}"),
                )
            ],
        )
    )

    work()

    first, second = seen(run), run_view.view(run, item_from={"each": 77})
    assert first.step("each").item_count == 120
    assert first.step("each").failed_items == (77,)
    assert first.step("each/49").state == "done"
    assert first.step("each/50") is None
    assert second.step("each").item_from == 50
    assert second.step("each/77").state == "failed"
    assert second.step("each/77/b").error["step"] == "b"


def test_effects_inside_a_loop_show_what_went_in(app, work):
    run = start_run(
        step(
            "each",
            "for_each",
            list=["a", "b"],
            branches=[branch("body", step("up", "increment_value", key="{{ item }}", by=2))],
        )
    )

    work()

    second = seen(run).step("each/1/up")
    assert (second.inputs["key"], second.output) == ("b", 2)
    assert second.key == f"{run.id}:each/1/up"


def test_of_a_long_journal_only_what_is_new_is_read(app, work, monkeypatch):
    monkeypatch.setattr(run_journal, "LONG_JOURNAL", 0)
    run = start_run(step("a", value=1), step("nap", "wait", **{"for": "2h"}), step("b", value=2))
    work()
    before = states(seen(run))
    add_entry(run, entries.done("b", 2, {}, 10, clock.now()))

    after = states(seen(run))

    assert before == {"a": "done", "nap": "waiting", "b": "not_reached"}
    assert after == {"a": "done", "nap": "waiting", "b": "done"}


def test_a_skipped_step_says_why(app, work):
    run = start_run(
        step("off", value=1, disabled=True), step("no", value=1, only_when="{{ false }}")
    )

    work()

    view = seen(run)
    assert [(s.state, s.why) for s in view.steps] == [
        ("skipped", "disabled"),
        ("skipped", "condition"),
    ]


def test_a_waiting_run_says_until_when(app, work):
    run = start_run(step("nap", "wait", **{"for": "2h"}, label="Let it rest"), step("b", value=1))

    work()

    view = seen(run)
    nap = view.step("nap")
    assert (nap.state, nap.wait_kind, nap.is_wait) == ("waiting", "time", True)
    assert nap.wake_at > clock.now() + timedelta(minutes=119)
    assert str(view.summary).startswith("Let it rest lasts until ")
    assert view.events[-1].kind == "slept"
    assert view.interruptions == []


def test_a_line_of_the_log_and_a_stop_are_told(app, work):
    run = start_run(
        step("note", "log_message", message="hello", level="warning"),
        step("end", "stop", message="enough", label="Enough"),
        step("never", value=1),
    )

    work()

    view = seen(run)
    assert [(line.level, line.message) for line in view.lines] == [("warning", "hello")]
    assert "stopped at Enough: enough" in str(view.summary)


def test_a_run_that_lost_its_worker_says_when_it_was_cut_and_where_it_went_on(app):
    run = start_run(step("a", value=1, label="First"), step("b", value=2, label="Second"))
    began, heard = take_and_lose(run, done=["a"])

    lying = seen(run)
    advance.advance_run(run.id)

    view = seen(run)
    assert lying.interruptions[0].until is None
    assert str(lying.summary) == "Interrupted; in line to go on where it stopped."
    assert (fresh(run).state, len(view.interruptions)) == ("succeeded", 1)
    cut = view.interruptions[0]
    assert began <= cut.since <= heard <= cut.until
    assert cut.step.path == "b"
    told = [event.sentence for event in view.events]
    assert "The worker with the process 1 on w ended without a word" in told
    going_on = f"The worker with the process {os.getpid()} on {platform.node()} went on"
    assert f"{going_on} at step 2, Second" in told


def test_a_step_under_way_when_its_worker_was_lost_is_interrupted_not_failed(app):
    run = start_run(step("call", "call_api", url="https://a.test"))
    take_and_lose(run, began="call")

    view = seen(run)

    assert view.step("call").state == "interrupted"
    assert view.first_to_look_at.path == "call"


def test_a_cancelled_run_says_so(app):
    run = start_run(step("a", value=1))

    runs.cancel(run)

    view = seen(run)
    assert (str(view.summary), view.events[-1].sentence) == ("Cancelled.", "Cancelled")


def test_a_test_of_the_draft_shows_the_steps_it_ran_on(app, work):
    workflow = make_workflow(step("old", value=1), is_published=False)
    run = runs.start_test(workflow, {"headers": {}}, by="Olga")

    work()

    view = seen(run)
    assert (view.version.number, view.start.label) == (None, "Test")
    assert states(view) == {"old": "done"}


def add_entry(run, entry):
    with write_connection() as connection:
        journal.append(connection, run.id, run.seq + 1, run.fence, entry)


def take_and_lose(run, done=(), began=None):
    """Let a worker take the run, do some of it and vanish; when it was last heard of."""
    now = clock.now()
    with write_connection() as connection:
        journal.append(connection, run.id, 1, 1, entries.taken("w:1", 1, now))
        for place, path in enumerate(done, start=2):
            entry = entries.done(path, 1, {}, 10, now)
            journal.append(connection, run.id, place, 1, entry)
    with transaction() as session:
        row = session.get(Run, run.id)
        row.state, row.worker_id, row.fence, row.seq = "running", "w:1", 1, 1 + len(done)
        if began:
            session.add(started(run, began, now))
    heard = clock.now()
    assert rescue.release("w:1") == 1
    return now, heard


def started(run, path, now):
    return StepRun(
        run_id=run.id,
        path=path,
        round=1,
        step_id=path,
        type="call_api",
        effect_class="repeatable",
        state="started",
        attempt=1,
        key=f"{run.id}:{path}",
        inputs={"url": "https://a.test"},
        fence=1,
        started_at=now,
    )
