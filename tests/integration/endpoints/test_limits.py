from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from core import clock, queue
from core.runtime.endpoints import limits
from tests.integration.endpoints.conftest import runs, the_run

SHOP = "https://shop.example.com"
PAGES = {"ok": "https://example.com/thanks?a=1", "error": "https://example.com/sorry"}
NOON = datetime(2026, 11, 22, 12, 0, 20, tzinfo=UTC)


def test_an_endpoint_may_take_smaller_bodies(publish, call):
    publish(max_body="1KB")

    assert call(json="a" * 1000).status_code == 202
    assert call(json="a" * 1100).status_code == 413
    assert len(runs()) == 1


@pytest.mark.parametrize(("address", "status"), [("203.0.113.9", 202), ("198.51.100.1", 403)])
def test_only_listed_addresses_may_call(publish, call, address, status):
    publish(allowed_addresses=["203.0.113.0/24"])

    answer = call(json={}, environ_overrides={"REMOTE_ADDR": address})

    assert answer.status_code == status
    spoofed = {"X-Forwarded-For": "203.0.113.9"}
    assert call(json={}, headers=spoofed).status_code == 403


def test_too_many_calls_are_told_when_to_come_back(publish, call, app):
    publish(rate_limit="3/minute")

    with clock.freeze(NOON) as now:
        assert [call(json={}).status_code for _ in range(4)] == [202, 202, 202, 429]
        answer = call(json={})
        now.move(timedelta(seconds=41))
        assert call(json={}).status_code == 202

    assert answer.headers["Retry-After"] == "41"
    assert answer.headers["RateLimit-Policy"] == '"default";q=3;w=60'
    assert answer.headers["RateLimit"] == '"default";r=0;t=41'
    assert answer.json["body"]["status"] == "RATE_LIMITED"
    assert len(runs()) == 4


def test_each_caller_and_each_workflow_has_its_own_count(publish, call, key):
    publish(auth={"scheme": "api_key"}, rate_limit="1/hour")
    publish("other", auth={"scheme": "api_key"}, rate_limit="1/hour")
    first, second = key(), key()

    with clock.freeze(NOON):
        codes = [call(json={}, headers=who).status_code for who in (first, second, first)]
        codes.append(call("other", json={}, headers=first).status_code)

    assert codes == [202, 202, 429, 202]


def test_calls_are_counted_while_the_queue_is_away(publish, call, monkeypatch):
    monkeypatch.setattr(queue, "count", lambda *_: None)
    monkeypatch.setattr(limits, "_own", limits._OwnCount())
    publish(rate_limit="2/hour")

    with clock.freeze(NOON):
        assert [call(json={}).status_code for _ in range(3)] == [202, 202, 429]


def preflight(origin):
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }


def test_a_listed_site_may_call_from_its_pages(publish, call, client):
    publish(cors=[SHOP], parameters=[{"key": "a"}])

    asked = call(method="OPTIONS", headers=preflight(SHOP))
    answers = [call(json=body, headers={"Origin": SHOP}) for body in ({"a": "1"}, {})]

    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Origin"] == SHOP
    assert asked.headers["Access-Control-Allow-Methods"] == "POST"
    assert "Content-Type" in asked.headers["Access-Control-Allow-Headers"]
    assert [answer.status_code for answer in answers] == [202, 400]
    for answer in (asked, *answers):
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert len(runs()) == 1


@pytest.mark.parametrize("origin", ["https://evil.example.com", f"{SHOP}.evil.com", "null", ""])
def test_any_other_site_may_not(publish, call, origin):
    publish(cors=[SHOP])

    for answer in (
        call(method="OPTIONS", headers=preflight(origin)),
        call(json={}, headers={"Origin": origin}),
    ):
        assert not [name for name in dict(answer.headers) if name.startswith("Access-Control")]
        assert "Origin" in answer.headers["Vary"]


def led_to(answer):
    assert answer.status_code == 302
    parts = urlsplit(answer.headers["Location"])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return f"{parts.scheme}://{parts.netloc}{parts.path}", query


def test_a_form_leads_to_a_page_with_what_was_returned(publish, call, worker):
    steps = [{"id": "a", "type": "return_data", "inputs": {"body": {"order": 7, "to": "Ana & Ü"}}}]
    publish(steps=steps, reply="wait", redirect=PAGES)

    page, query = led_to(call(data={"name": "Ana"}))

    assert page == "https://example.com/thanks"
    assert query == {"a": "1", "order": "7", "to": "Ana & Ü"}


def test_a_failure_leads_to_the_other_page(publish, call, worker):
    steps = [{"id": "no", "type": "stop", "inputs": {"outcome": "fail", "message": "Sold out"}}]
    publish(steps=steps, reply="wait", redirect=PAGES, parameters=[{"key": "a"}])

    failed = led_to(call(data={"a": "1"}))
    refused = led_to(call(data={}))

    assert failed == ("https://example.com/sorry", {"statusCode": "500", "message": "Sold out"})
    assert refused[1]["statusCode"] == "400"
    assert "parameter a" in refused[1]["message"]


def test_an_accepted_form_leads_on_with_the_run(publish, call):
    publish(redirect=PAGES)

    assert led_to(call(data={}))[1] == {"a": "1", "run_id": the_run().id}


def test_strangers_are_not_led_anywhere(publish, call):
    publish(redirect=PAGES, auth={"scheme": "api_key"})

    assert call(data={}).status_code == 401
    assert call(method="PUT").status_code == 405


@pytest.mark.parametrize("body", ["<b>hi</b>", None, 5, [1], {"a": None}])
def test_whatever_is_returned_can_be_led_on(publish, call, worker, body):
    inputs = (
        {"body": body, "content_type": "text/html"} if isinstance(body, str) else {"body": body}
    )
    publish(
        steps=[{"id": "a", "type": "return_data", "inputs": inputs}], reply="wait", redirect=PAGES
    )

    assert led_to(call(data={})) == ("https://example.com/thanks", {"a": "1"})
