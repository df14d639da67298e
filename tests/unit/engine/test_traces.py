from datetime import UTC, datetime, timedelta

from core.engine import entries, traces
from core.engine.outcomes import Reply

T0 = datetime(2026, 11, 22, 8, tzinfo=UTC)


def at(seconds):
    return T0 + timedelta(seconds=seconds)


def read(*segments):
    return traces.read(segments)


def test_a_done_step_has_its_span_inputs_and_output():
    journal = read((at(2), [entries.done("clean", {"a": 1}, {"value": 1}, 500_000, at(1))]))

    trace = journal.at("clean")
    assert (trace.started_at, trace.finished_at) == (at(1), at(1.5))
    assert (trace.is_done, trace.output, trace.inputs) == (True, {"a": 1}, {"value": 1})


def test_a_block_began_when_it_was_opened_however_late_it_ended():
    journal = read(
        (at(1), [entries.opened("each", {"list": [1]}, at(1))]),
        (at(9), [entries.done("each", {}, {}, 1_000_000, at(8))]),
    )

    trace = journal.at("each")
    assert (trace.started_at, trace.finished_at) == (at(1), at(9))
    assert trace.opened == {"list": [1]}


def test_failed_attempts_skipped_steps_turns_lines_and_answers_are_kept():
    error = {"message": "502"}
    journal = read(
        (
            at(5),
            [
                entries.retry("call", 1, error, at(3), at(2)),
                entries.skipped("off", "disabled", at(4)),
                entries.item("each", 3, "failed", None, error, at(4)),
                entries.log("note", "warning", "late", at(4)),
                entries.reply("answer", Reply({"ok": True})),
                entries.phase("safely", "catch", error, None),
            ],
        )
    )

    assert journal.at("call").failed_attempts == [traces.FailedAttempt(1, error, at(2), at(3))]
    assert journal.at("off").skipped == "disabled"
    assert journal.turns["each"][3] == traces.Turn(3, "failed", None, error, at(4))
    assert journal.lines == [traces.LogLine("note", "warning", "late", at(4))]
    assert journal.answers == ["answer"]
    assert journal.phases == {"safely": "catch"}


def test_a_lost_worker_is_known_by_its_last_sign_of_life():
    journal = read(
        (at(1), [entries.taken("w:1", 1, at(0))]),
        (at(2), [entries.done("a", 1, {}, 0, at(2))]),
        (at(9), [entries.lost("w:1", at(9))]),
        (at(10), [entries.taken("w:2", 3, at(10))]),
    )

    first, second = journal.holds
    assert (first.ending, first.cut_at) == ("lost", at(2))
    assert (second.worker, second.ending) == ("w:2", "")


def test_a_worker_that_was_silent_for_long_ended_when_it_was_missed():
    journal = read(
        (at(1), [entries.taken("w:1", 1, at(0))]), (at(60), [entries.lost("w:1", at(60))])
    )

    assert journal.holds[0].cut_at == at(60)


def test_a_run_that_fell_asleep_was_not_interrupted():
    journal = read(
        (at(1), [entries.taken("w:1", 1, at(0)), entries.let_go("w:1", "asleep", at(1))])
    )

    assert (journal.holds[0].ending, journal.holds[0].ended_at) == ("asleep", at(1))


def test_entries_of_a_later_version_are_passed_over():
    assert read((at(1), [["something_new", 1, 2]])).steps == {}
