from datetime import timedelta

import pytest

from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.mail_messages import MailAddress
from core.engine.outcomes import AskPeople
from core.engine.restore import WaitRecord
from core.steps.ask_approval import AskApproval
from tests.unit.engine.machines import START, Bench, step
from tests.unit.steps.worlds import a_context

ASKED = {"who": "ana@example.org, Ben <ben@example.org>", "message": "May I?"}


def test_it_asks_everybody_for_a_while():
    given = {**ASKED, "timeout": "7d", "remind_after": "2d"}

    people = (MailAddress("ana@example.org"), MailAddress("ben@example.org", "Ben"))
    length, remind_after = timedelta(days=7), timedelta(days=2)
    assert AskApproval().run(given, a_context()) == AskPeople(
        people, "May I?", length, remind_after
    )


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"who": ""}, "names 0 people"),
        ({"who": "nobody"}, "Whom"),
        ({"who": [f"a{n}@example.org" for n in range(21)]}, "1 to 20"),
        ({"message": " "}, "is empty"),
        ({"message": "x" * 20_001}, "longer than"),
        ({"message": {"a": 1}}, "is empty"),
        ({"timeout": "soon"}, "Wait at most"),
        ({"remind_after": "soon"}, "Remind after"),
        ({"fields": "Budget"}, "list of fields"),
        ({"fields": [1]}, "each field"),
        ({"fields": ["Cost center", "cost center"]}, "twice"),
        ({"fields": [{"key": "sum", "type": "money"}]}, "unknown type"),
        ({"fields": [str(n) for n in range(31)]}, "more than 30"),
    ],
)
def test_what_cannot_be_asked_fails_in_words(inputs, reason):
    with pytest.raises(StepFailed, match=reason):
        AskApproval().run({**ASKED, **inputs}, a_context())


@pytest.mark.parametrize(
    ("inputs", "line"),
    [
        ({"who": "ana@example.org"}, "ana@example.org"),
        ({"who": "ana@example.org", "timeout": "7d"}, "ana@example.org, at most 7d"),
        ({}, ""),
    ],
)
def test_the_card_says_whom_it_asks(inputs, line):
    assert AskApproval().summary(Step("ask", "ask_approval", inputs)) == line


def test_a_question_that_was_asked_is_not_asked_again():
    bench = Bench(step("ask", "ask_approval", **ASKED))
    bench.journal.waits["ask"] = WaitRecord("ask", "approval", START + timedelta(hours=1), False)
    bench.journal.segments.append([])

    assert bench.make().advance() == []
    assert bench.machine.next_wake == START + timedelta(hours=1)


def test_the_run_goes_on_with_what_was_answered():
    said = {"approved": False, "by": "ana@example.org", "comment": "No", "fields": {"sum": 3}}
    bench = Bench(step("ask", "ask_approval", **ASKED), step("after", value="{{ steps.ask.by }}"))
    bench.journal.waits["ask"] = WaitRecord("ask", "approval", None, True, said)
    bench.journal.segments.append([])

    assert bench.run().state == "succeeded"
    assert bench.outputs == {"ask": said, "after": "ana@example.org"}
