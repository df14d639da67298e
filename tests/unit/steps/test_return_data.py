import pytest

from core.engine import entries, replies
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.outcomes import Done, Reply
from core.steps.return_data import ReturnData
from tests.unit.steps.worlds import a_context


def test_data_alone_leaves_the_rest_of_the_response_open():
    outcome = ReturnData().run({"body": {"ok": True}}, a_context())

    assert outcome == Done({"ok": True}, reply=Reply({"ok": True}))


def response(*parts):
    """What the caller gets of several answers, each given by the inputs of its step."""
    given = [entries.reply("r", ReturnData().run(part, a_context()).reply)[2] for part in parts]
    return replies.merge(given)


def test_a_later_answer_without_data_leaves_the_data_as_it_was():
    found = response({"body": {"id": 7}}, {"status": 201, "headers": {"X-Order": "7"}})

    assert (found["body"], found["status"]) == ({"id": 7}, 201)


def test_a_later_answer_with_nothing_on_purpose_takes_the_data_back():
    assert response({"body": {"id": 7}}, {"body": None})["body"] is None


def test_an_answer_of_a_status_alone_has_no_data():
    assert response({"status": 204})["body"] is None


def test_status_headers_and_content_type_go_along():
    inputs = {
        "body": "<b>hi</b>",
        "status": "201",
        "headers": {"X-Order": 7, "X-None": None},
        "content_type": "text/html; charset=utf-8",
    }

    reply = ReturnData().run(inputs, a_context()).reply

    assert reply == Reply("<b>hi</b>", 201, {"X-Order": "7"}, "text/html; charset=utf-8")


@pytest.mark.parametrize("status", [100, 600, "many", 200.5, -1, True])
def test_a_status_that_cannot_be_sent_is_refused(status):
    with pytest.raises(StepFailed, match="from 200 to 599"):
        ReturnData().run({"status": status}, a_context())


@pytest.mark.parametrize(
    "headers",
    [
        {"X Order": "1"},
        {"X-Order": "1\r\nSet-Cookie: a=b"},
        {"Set-Cookie": "a=b"},
        {"content-length": "3"},
        "X-Order: 1",
    ],
)
def test_headers_that_could_split_or_bend_the_response_are_refused(headers):
    with pytest.raises(StepFailed):
        ReturnData().run({"headers": headers}, a_context())


@pytest.mark.parametrize("content_type", ["html", "text/html\r\nX: 1", "a b/c"])
def test_a_content_type_must_be_one(content_type):
    with pytest.raises(StepFailed, match="not a content type"):
        ReturnData().run({"content_type": content_type}, a_context())


def test_the_card_shows_status_and_names():
    step = Step("answer", "return_data", {"body": {"ok": True, "reserved": 3}})

    assert ReturnData().summary(step) == "200 · ok, reserved"
