"""Failed runs taken up again where a block itself has failed, or others go on beside it."""

import pytest

from core.engine.reopening import NotResumable
from core.runtime import callbacks, duties, resuming, run_view
from core.runtime.callbacks import Place
from tests.conftest import DATABASES
from tests.factories import fresh, start_run
from tests.integration.running.test_resuming import again, failed, new_version, stored
from tests.integration.running.test_siblings import BROKEN, add_to, mend
from tests.times import two_hours_later
from tests.unit.engine.machines import step

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)
COUNT = step("count", "increment_value", key="n", by=1)


def repeat(most, **more):
    return step("again", "repeat", {"body": [COUNT]}, max=most, **more)


def until(number):
    return {"until": f"{{{{ steps.count >= {number} }}}}"}


def test_a_loop_that_came_to_its_most_turns_has_as_many_more(app, work):
    run = failed(work, repeat(3, **until(5)), step("r", "return_data", body="{{ steps.again }}"))
    assert run.error["kind"] == "limit"

    again(run, work)

    assert (run.state, run.response["body"]) == ("succeeded", {"count": 5})
    assert stored() == {"n": 5}


def test_each_retry_of_a_loop_that_never_ends_adds_as_many_turns(app, work):
    run = failed(work, repeat(3, **until(100)))
    for turns in (6, 9):
        assert again(run, work).error["message"] == f"it had not ended after {turns} turns"
        assert stored() == {"n": turns}


def test_its_condition_is_asked_again_at_the_turn_that_was_too_much(app, work):
    go_on = step("open", "store_value", key="open", value=True)
    is_open = step("look", "read_value", key="open")
    loop = step("again", "repeat", {"body": [COUNT, is_open]}, max=2)
    loop["inputs"]["while"] = "{{ steps.look != false }}"
    run = failed(work, go_on, loop)

    again(run, work)

    assert run.error["message"] == "it had not ended after 4 turns"
    assert run_view.view(run).step("again").state == "failed"


def test_on_the_published_version_a_loop_has_the_turns_that_are_given_there(app, work):
    run = failed(work, repeat(2, **until(10)))
    new_version(run, repeat(20, **until(10)))

    again(run, work, is_published=True)

    assert (run.state, stored()) == ("succeeded", {"n": 10})


@pytest.mark.parametrize("concurrency", [1, 3])
def test_what_is_kept_of_an_item_is_put_together_again_without_its_steps(app, work, concurrency):
    def loop(collect):
        given = {"list": [1, 2, 3], "concurrency": concurrency, "collect": collect}
        return step("each", "for_each", {"body": [COUNT]}, **given)

    run = failed(work, loop("{{ 6 / (item - 2) }}"))
    assert run.error["path"] == "each"
    answer = step("r", "return_data", body={"kept": "{{ steps.each.results }}"})
    new_version(run, loop("{{ item * 10 }}"), answer)

    again(run, work, is_published=True)

    assert (run.state, stored()) == ("succeeded", {"n": 3})
    assert run.response["body"]["kept"][1:] == [20, 30]


def lies_failed(work, awaited):
    """A run in which this is awaited beside a step that has failed, and would not any more."""
    failing = [step("go", "wait_for_call"), add_to("bad")]
    run = start_run(BROKEN, step("both", "parallel", {"awaited": [awaited], "failing": failing}))
    work()
    callbacks.receive(Place(run.id, "go"), {})
    work()
    assert fresh(run).state == "failed"
    mend()
    return run


def test_a_block_beside_the_failure_has_its_whole_time_again(app, work):
    block = step("block", "branch", {"only": [step("answer", "wait_for_call")]}, timeout="1h")
    run = lies_failed(work, block)

    with two_hours_later(run):
        assert again(run, work).state == "waiting"
    assert callbacks.receive(Place(run.id, "answer"), {}) == callbacks.ACCEPTED
    work()

    assert fresh(run).state == "succeeded"


def test_a_block_inside_the_one_whose_time_was_up_has_its_whole_time_again(app, work):
    inner = step("inner", "branch", {"only": [step("answer", "wait_for_call")]}, timeout="90m")
    run = start_run(step("outer", "branch", {"only": [inner]}, timeout="1h"))
    work()
    with two_hours_later(run):
        duties.wake_due()
        work()
        assert fresh(run).error["path"] == "outer"

        assert again(run, work).state == "waiting"


def test_a_block_takes_no_other_inputs(app, work):
    run = failed(work, repeat(2, **until(10)))

    with pytest.raises(NotResumable, match="is a block"):
        resuming.plan(run, inputs={"max": 20})


def test_an_added_step_is_passed_in_every_turn_that_is_beyond_its_place(app, work):
    def loop(*added):
        body = [COUNT, *added, step("go", "wait_for_call"), add_to("{{ item }}")]
        return step("each", "for_each", {"body": body}, list=["bad", "b", "c"], concurrency=2)

    run = start_run(BROKEN, loop())
    work()
    callbacks.receive(Place(run.id, "each/0/go"), {})
    work()
    assert fresh(run).state == "failed"
    mend()
    new_version(run, BROKEN, loop(add_to("added", "added")))

    again(run, work, is_published=True)
    assert stored() == {"n": 3, "bad": 1, "added": 1}
    for index in (1, 2):
        callbacks.receive(Place(run.id, f"each/{index}/go"), {})
    work()

    assert fresh(run).state == "succeeded"
    assert stored() == {"n": 3, "bad": 1, "b": 1, "c": 1, "added": 1}
