import pytest

from core.engine.code import CodeFailed, CodeLimits, CodeResult
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.outcomes import Done
from core.steps.run_code import RunCode
from tests.unit.steps.worlds import MemoryLog, a_context


class ScriptedSandbox:
    """Remembers what it was to run and answers as told; failures are raised."""

    def __init__(self, value=None, printed="", failure=None):
        self.result = CodeResult(value, printed)
        self.failure = failure
        self.asked = []

    def run(self, code, values, limits, context):
        self.asked.append((code, values, limits))
        if self.failure:
            raise self.failure
        return self.result


def run(sandbox, log=None, **inputs):
    world = {"sandbox": sandbox, "log": log or MemoryLog()}
    return RunCode().run({"code": "return 1", **inputs}, a_context(**world))


def test_what_the_code_returns_is_the_output():
    sandbox = ScriptedSandbox({"total": 3})

    outcome = run(sandbox, code="return {'total': a + 1}", values={"a": 2})

    assert outcome == Done({"total": 3})
    assert sandbox.asked == [("return {'total': a + 1}", {"a": 2}, CodeLimits(5, 64))]


def test_the_author_sets_limits_in_bounds():
    sandbox = ScriptedSandbox()

    run(sandbox, limits={"seconds": 0.5, "memory_mb": 16})

    assert sandbox.asked[0][2] == CodeLimits(0.5, 16)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"code": "  \n"}, "empty"),
        ({"code": "x" * 20_001}, "longer than 20,000"),
        ({"values": [1]}, "rows of names"),
        ({"values": {"odd key": 1}}, "“odd key” is no name in Python"),
        ({"values": {"class": 1}}, "“class” is no name in Python"),
        ({"limits": {"seconds": 31}}, "from 0.1 to 30"),
        ({"limits": {"memory_mb": "much"}}, "must be a number"),
        ({"limits": {"memory_mb": True}}, "must be a number"),
        ({"limits": {"cores": 4}}, "no limit “cores”"),
        ({"limits": 4}, "seconds and memory_mb"),
    ],
)
def test_what_cannot_run_is_refused_in_words(inputs, said):
    sandbox = ScriptedSandbox()

    with pytest.raises(StepFailed, match=said):
        run(sandbox, **inputs)

    assert sandbox.asked == []


def test_what_is_printed_goes_to_the_log():
    log = MemoryLog()

    run(ScriptedSandbox(printed="one\ntwo\n"), log)

    assert log.lines == [("info", "one\ntwo")]


def test_what_was_printed_before_a_failure_is_kept():
    log = MemoryLog()
    failure = CodeFailed("line 2, “x”: ValueError", printed="so far\n")

    with pytest.raises(StepFailed, match="line 2"):
        run(ScriptedSandbox(failure=failure), log)

    assert log.lines == [("info", "so far")]


def test_the_journal_keeps_the_values_and_not_the_code():
    given = {"code": "return a", "values": {"a": 1}}

    assert RunCode().recorded(given) == {"values": {"a": 1}}


def test_the_card_shows_the_last_line():
    step = Step("total", "run_code", {"code": "x = 1\nreturn x\n\n"})

    assert RunCode().summary(step) == "return x"
