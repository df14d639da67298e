"""What a crash leaves unknown: run again, asked, or skipped; and asked once for each crash."""

import pytest

from core.engine import crashes
from core.engine.step_type import Effect
from core.steps import step_types
from tests.unit.engine.machines import Bench, Outside, PowerCut, World, step

POST = {"method": "POST", "url": "https://a.test"}
PATH = "pay"
FIRST, SECOND = (crashes.question(PATH, number) for number in range(2))


def bench(rule, **options):
    made = Bench(step(PATH, "outside", after_crash=rule, **options), step("after", value="ok"))
    return made


def begin_and_die(made):
    """The effect happens outside, and the process ends before it can write that down."""
    made.make()
    [perform] = made.machine.advance()
    made.journal.started(perform)
    made.world.perform(perform)


def answer(made, question, decision, **more):
    made.journal.asked(question, {"decision": decision, "by": "Ana", **more})


def test_by_default_it_is_run_again_under_the_same_key():
    made = bench(None)
    begin_and_die(made)

    assert made.run().state == "succeeded"
    assert made.world.calls == ["r:pay", "r:pay"]


def test_what_asks_waits_for_a_person_and_guesses_nothing():
    made = bench("ask")
    begin_and_die(made)

    assert made.run() is None
    assert [(p.path, p.kind, p.wake_at) for p in made.machine.paused.values()] == [
        (FIRST, "unknown_outcome", None)
    ]
    assert made.journal.steps[PATH].state == "unknown"
    assert made.world.calls == ["r:pay"]


def test_it_happened_goes_on_with_what_the_person_knows():
    made = bench("ask")
    begin_and_die(made)
    made.run()
    answer(made, FIRST, "happened", output={"id": 7})

    assert made.run().state == "succeeded"
    assert made.outputs[PATH] == {"id": 7}
    assert made.journal.steps[PATH].state == "succeeded"
    assert made.world.calls == ["r:pay"]
    assert made.journal.entries("decided")[0][:4] == ["decided", PATH, "happened", "Ana"]


def test_skipped_it_gives_nothing_and_the_run_goes_on():
    made = bench("ask")
    begin_and_die(made)
    made.run()
    answer(made, FIRST, "skip")

    assert made.run().state == "succeeded"
    assert PATH not in made.outputs and made.outputs["after"] == "ok"
    assert made.journal.history().skipped == {PATH: "decided"}


def test_run_again_keeps_the_key_and_another_crash_asks_again():
    made = bench("ask")
    begin_and_die(made)
    made.run()
    answer(made, FIRST, "run_again")
    begin_and_die(made)

    assert made.run() is None
    assert [p.path for p in made.machine.paused.values()] == [SECOND]
    answer(made, SECOND, "run_again")
    assert made.run().state == "succeeded"
    assert made.world.calls == ["r:pay"] * 3


def test_an_answer_that_was_not_written_down_is_read_again_not_asked_again():
    made = bench("ask")
    begin_and_die(made)
    made.run()
    answer(made, FIRST, "happened", output=1)
    made.journal.cut_after = made.journal.writes
    with pytest.raises(PowerCut):
        made.run()
    made.journal.cut_after = None

    assert made.run().state == "succeeded"
    assert made.outputs[PATH] == 1


def test_go_on_skips_it_without_a_question():
    made = bench("skip")
    begin_and_die(made)

    assert made.run().state == "succeeded"
    assert made.journal.history().skipped == {PATH: "crash"}
    assert made.world.calls == ["r:pay"]


def test_paths_beside_it_go_on_while_it_waits():
    made = Bench(
        step(
            "both",
            "parallel",
            branches={"a": [step(PATH, "outside", after_crash="ask")], "b": [step("y", value=2)]},
        )
    )
    begin_and_die(made)

    assert made.run() is None
    assert made.outputs["y"] == 2


def test_in_a_loop_each_item_asks_for_itself():
    body = {"body": [step("x", "outside", after_crash="ask")]}
    made = Bench(step("loop", "for_each", list=[1, 2], branches=body))
    begin_and_die(made)
    made.run()
    answer(made, crashes.question("loop/0/x", 0), "happened", output="one")

    assert made.run().state == "succeeded"
    assert made.world.calls == ["r:loop/0/x", "r:loop/1/x"]


def test_a_failure_that_is_known_is_not_a_question():
    from core.engine.errors import StepFailed

    made = bench("ask", on_error="continue")
    made.world = World({PATH: StepFailed("no")})

    assert made.run().state == "succeeded"
    assert made.outputs[PATH]["error"]["message"] == "no"


@pytest.mark.parametrize(
    ("method", "usual"),
    [("GET", "run_again"), ("PUT", "run_again"), ("DELETE", "run_again"), ("HEAD", "run_again")]
    + [("POST", "ask"), ("PATCH", "ask")],
)
def test_which_requests_may_be_sent_again_is_what_http_says(method, usual):
    call = step_types()["call_api"]

    assert call.after_crash({**POST, "method": method}) == usual


def test_a_mail_is_sent_again_under_the_same_id():
    assert step_types()["send_email"].after_crash({}) == "run_again"


def test_what_happens_once_asks_unless_its_author_says_otherwise():
    once = type("Once", (Outside,), {"effect": Effect.ONCE})()

    assert crashes.rule(Bench(step("a", "outside")).definition.steps[0], once, {}) == "ask"
    chosen = Bench(step("a", "outside", after_crash="run_again")).definition.steps[0]
    assert crashes.rule(chosen, once, {}) == "run_again"


def test_effects_inside_have_no_rule_since_their_outcome_is_always_known():
    inside = step_types()["increment_value"]

    assert crashes.rule(Bench(step("a", "outside")).definition.steps[0], inside, {}) == ""
