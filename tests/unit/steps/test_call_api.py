import pytest

from core.engine.checking.fields import Surroundings, field_problems
from core.engine.checking.problem import Place
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.http_messages import HttpFailed, OutgoingAnswer
from core.engine.outcomes import Done
from core.steps.call_api import CallApi, read_success
from tests.unit.steps.worlds import MemoryLog, a_context

URL = "https://api.example.com/orders"


class ScriptedHttp:
    """Remembers what was sent and answers as told; failures are raised."""

    def __init__(self, status=200, body=None, **rest):
        self.answer = OutgoingAnswer(status, rest.pop("headers", {}), body, URL, **rest)
        self.sent = []

    def send(self, request, *, connection=None):
        self.sent.append((request, connection))
        return self.answer


class FailingHttp:
    def __init__(self, failure):
        self.failure = failure

    def send(self, request, *, connection=None):
        raise self.failure


def call(http, **inputs):
    return CallApi().run({"url": URL, **inputs}, a_context(http=http))


def sent(**inputs):
    http = ScriptedHttp()
    call(http, **inputs)
    return http.sent[0]


def test_the_answer_is_the_output():
    http = ScriptedHttp(201, {"id": 7}, headers={"etag": "a"})

    outcome = call(http, method="POST", body={"a": 1})

    assert outcome == Done({"status": 201, "headers": {"etag": "a"}, "body": {"id": 7}})


def test_a_get_is_what_happens_when_nothing_is_said():
    request, connection = sent()

    assert (request.method, request.url, request.body_type) == ("GET", URL, "none")
    assert request.follow_redirects
    assert request.timeout == 30
    assert connection is None


def test_the_request_is_as_the_inputs_say():
    request, connection = sent(
        method="post",
        query={"page": 2},
        headers={"X-A": "1"},
        body={"a": 1},
        body_type="form",
        connection="shop",
        follow_redirects=False,
    )

    assert (request.method, request.body_type, request.body) == ("POST", "form", {"a": 1})
    assert request.query == {"page": 2}
    assert request.headers["X-A"] == "1"
    assert not request.follow_redirects
    assert connection == "shop"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_methods_without_a_body_send_none(method):
    request, _ = sent(method=method, body={"left": "over"})

    assert (request.body, request.body_type) == (None, "none")


@pytest.mark.parametrize("body", [[], {}, 0, False])
def test_an_empty_value_is_still_a_body(body):
    request, _ = sent(method="POST", body=body)

    assert (request.body, request.body_type) == (body, "json")


def test_the_effect_key_goes_along():
    request, _ = sent()

    assert request.headers["Idempotency-Key"] == "run:step"


def test_the_author_may_set_the_key():
    request, _ = sent(headers={"idempotency-key": "mine"})

    assert request.headers == {"idempotency-key": "mine"}


def test_the_time_of_the_attempt_bounds_the_request():
    http = ScriptedHttp()

    CallApi().run({"url": URL}, a_context(http=http, timeout=2.5))

    assert http.sent[0][0].timeout == 2.5


@pytest.mark.parametrize("status", [300, 400, 401, 404, 409, 418, 422])
def test_other_answers_fail_and_are_not_tried_again(status):
    body = {"error": {"message": "No such order"}}

    with pytest.raises(StepFailed) as failure:
        call(ScriptedHttp(status, body, headers={"x": "y"}))

    assert failure.value.message == f"api.example.com answered {status}: No such order"
    assert (failure.value.kind, failure.value.retryable) == ("http", False)
    assert failure.value.details == {"status": status, "headers": {"x": "y"}, "body": body}


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again(status):
    with pytest.raises(StepFailed) as failure:
        call(ScriptedHttp(status, "<html>Oops</html>", retry_after=7.0))

    assert failure.value.message == f"api.example.com answered {status}"
    assert failure.value.retryable
    assert failure.value.retry_after == 7.0


def test_the_author_says_what_counts_as_success():
    assert call(ScriptedHttp(404), success=["2xx", 404]) == Done(
        {"status": 404, "headers": {}, "body": None}
    )
    with pytest.raises(StepFailed, match="answered 200"):
        call(ScriptedHttp(200), success=[404])


@pytest.mark.parametrize(
    ("given", "statuses"),
    [
        (None, range(200, 300)),
        ("", range(200, 300)),
        ([], range(200, 300)),
        ("200, 204", {200, 204}),
        (["3XX"], range(300, 400)),
        ([200.0, "409"], {200, 409}),
        ("200-202", {200, 201, 202}),
    ],
)
def test_statuses_are_written_in_several_ways(given, statuses):
    assert read_success(given) == frozenset(statuses)


@pytest.mark.parametrize(
    ("inputs", "fields"),
    [
        ({"url": "/orders", "connection": "shop"}, []),
        ({"url": "/orders"}, ["inputs.url"]),
        ({"url": "api.example.com", "connection": "shop"}, ["inputs.url"]),
        ({"url": URL, "connection": "signing"}, ["inputs.connection"]),
        ({"url": URL, "method": "BREW"}, ["inputs.method"]),
        ({}, ["inputs.url"]),
    ],
)
def test_what_can_be_seen_before_a_run_is_a_problem(inputs, fields):
    around = Surroundings({"shop": "http_api", "signing": "webhook_secret"}, frozenset())

    found = field_problems(CallApi.fields, inputs, Place("call", "inputs"), around)

    assert [problem.field for problem in found] == fields


@pytest.mark.parametrize("kind", ["connection", "timeout", "blocked_address"])
def test_a_request_without_an_answer_fails_as_the_gateway_says(kind):
    http = FailingHttp(HttpFailed(kind, "so it is", retryable=True, retry_after=3))

    with pytest.raises(StepFailed) as failure:
        call(http)

    found = failure.value
    assert (found.kind, found.message, found.retryable) == (kind, "so it is", True)
    assert found.retry_after == 3
    assert found.details == {}


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"url": ""}, "“URL” is empty"),
        ({"url": None}, "“URL” is empty"),
        ({"url": {"a": 1}}, "“URL” is empty"),
        ({"method": "BREW"}, "“Method” is “BREW”"),
        ({"body_type": "xml"}, "“Send as” is “xml”"),
        ({"query": "a=1"}, "“Parameters” has to be rows"),
        ({"headers": ["a"]}, "“Headers” has to be rows"),
        ({"success": ["ok"]}, "“ok” is no status"),
        ({"success": [99]}, "“99” is no status"),
    ],
)
def test_what_cannot_be_sent_fails_in_words_and_sends_nothing(inputs, reason):
    with pytest.raises(StepFailed, match=reason):
        CallApi().run({"url": URL, **inputs}, a_context())


def test_an_odd_answer_leaves_a_line_in_the_log():
    log = MemoryLog()
    http = ScriptedHttp(200, "{a", note="kept as text")

    CallApi().run({"url": URL}, a_context(http=http, log=log))

    assert log.lines == [("warning", "kept as text")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"message": "no"}, "no"),
        ({"error": "no"}, "no"),
        ({"errors": [{"detail": "no"}]}, "no"),
        ([{"title": "no"}], "no"),
        ("plain words", "plain words"),
        ({"errors": {"deep": {"down": 1}}}, ""),
        (None, ""),
        ({"message": "x" * 500}, "x" * 199 + "…"),
    ],
)
def test_the_message_holds_what_the_other_side_says(body, said):
    with pytest.raises(StepFailed) as failure:
        call(ScriptedHttp(400, body))

    assert failure.value.message == "api.example.com answered 400" + (f": {said}" if said else "")


@pytest.mark.parametrize(
    ("inputs", "line"),
    [
        ({"url": URL}, "GET api.example.com/orders"),
        ({"method": "POST", "url": "/orders"}, "POST /orders"),
        ({"url": "https://a.example/{{ trigger.id }}"}, "GET a.example/trigger › id"),
        ({}, "GET"),
    ],
)
def test_the_card_says_where_it_goes(inputs, line):
    assert CallApi().summary(Step("call", "call_api", inputs)) == line
