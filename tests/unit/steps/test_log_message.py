import pytest

from core.engine.definition import Step
from core.engine.outcomes import Done
from core.steps.log_message import LogMessage
from tests.unit.steps.worlds import MemoryLog, a_context


@pytest.mark.parametrize(
    ("inputs", "line"),
    [
        ({"message": "all reserved"}, ("info", "all reserved")),
        ({"message": "late", "level": "warning"}, ("warning", "late")),
        ({"message": {"größe": [1]}}, ("info", '{"größe": [1]}')),
        ({"message": None}, ("info", "null")),
    ],
)
def test_a_line_is_written(inputs, line):
    log = MemoryLog()

    outcome = LogMessage().run(inputs, a_context(log=log))

    assert log.lines == [line]
    assert outcome == Done({"message": line[1], "level": line[0]})


def test_the_card_shows_the_line():
    step = Step("note", "log_message", {"message": "Order {{ trigger.id }} is in"})

    assert LogMessage().summary(step) == "Order trigger › id is in"
