from datetime import timedelta

import pytest
from sqlalchemy import event

from core import clock
from core.runtime import idempotency
from core.storage.call_key import CallKey
from core.storage.db import db, transaction
from tests.integration.endpoints.conftest import ended
from tests.integration.endpoints.conftest import runs as all_runs
from tests.waiting import wait_until

SLOW = [{"id": f"nap{turn}", "type": "wait", "inputs": {"for": "900ms"}} for turn in range(2)]
COUNT = [
    {"id": "count", "type": "increment_value", "inputs": {"key": "calls", "by": 1}},
    {"id": "answer", "type": "return_data", "inputs": {"body": {"count": "{{ steps.count }}"}}},
]
EVENT = {"duplicates": {"key": "{{ trigger.body.event }}", "keep": "7d"}}


def keyed(key, **more):
    return {"headers": {"Idempotency-Key": key}, "json": {"a": 1}} | more


def test_the_same_key_gets_the_first_answer_again(publish, call, worker):
    publish(steps=COUNT, reply="wait")

    answers = [call(**keyed("k-1")) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.data for answer in answers}) == 1
    assert len({answer.headers["X-Run-Id"] for answer in answers}) == 1
    assert call(**keyed("k-2")).data != answers[0].data


def test_a_202_is_the_first_answer_too(publish, call, worker):
    publish(steps=COUNT)
    first = call(**keyed("k"))
    ended(first.json["run_id"])

    again = call(**keyed("k"))

    assert (again.status_code, again.json) == (202, first.json)


@pytest.mark.parametrize("other", ['"k"', ' "k" ', '"k";a=1'])
def test_a_key_may_be_quoted_or_bare(publish, call, other):
    publish()

    assert call(**keyed("k")).json["run_id"] == call(**keyed(other)).json["run_id"]


@pytest.mark.parametrize("key", ["", '"', '"a', '""', "a" * 256, "ü", '"a\\x"', '"a" b'])
def test_a_key_that_cannot_be_read_is_refused(publish, call, key):
    publish()

    answer = call(**keyed(key))

    assert answer.status_code == 400
    assert answer.json["errors"][0]["parameter"] == "Idempotency-Key"


def test_another_body_under_the_same_key_is_the_caller_s_mistake(publish, call):
    publish()
    call(**keyed("k"))

    for more in ({"json": {"a": 2}}, {"query_string": {"a": "1"}}):
        answer = call(**keyed("k", **more))
        assert answer.status_code == 422
        assert answer.json["body"]["status"] == "IDEMPOTENCY_KEY_REUSED"
    assert len(all_runs()) == 1


def test_two_callers_and_two_workflows_do_not_meet(publish, call, key):
    publish(auth={"scheme": "api_key"})
    publish("other", auth={"scheme": "api_key"})
    first, second = key(), key()

    for name, header in (("intake", first), ("intake", second), ("other", first)):
        assert call(name, json={}, headers=header | {"Idempotency-Key": "k"}).status_code == 202

    assert len(all_runs()) == 3


def test_a_refused_call_keeps_no_key(publish, call):
    publish(parameters=[{"key": "a", "type": "number"}])

    assert call(**keyed("k", json={})).status_code == 400
    assert call(**keyed("k")).status_code == 202


def test_after_a_day_the_key_is_new(publish, call):
    publish()
    call(**keyed("k"))

    with clock.freeze(clock.now() + timedelta(hours=24, seconds=1)):
        assert call(**keyed("k", json={"a": 2})).status_code == 202
    assert len(all_runs()) == 2


def test_expired_keys_are_forgotten(publish, call):
    publish()
    call(**keyed("k"))

    assert idempotency.forget_expired() == 0
    with clock.freeze(clock.now() + timedelta(hours=25)):
        assert idempotency.forget_expired() == 1


def test_only_one_connection_waits_for_a_key(publish, call, beside, worker):
    publish(steps=SLOW, reply="wait")
    waiting = beside(lambda: call(**keyed("k")))
    wait_until(lambda: all_runs())

    second = call(**keyed("k"))

    assert second.status_code == 409
    assert second.headers["Retry-After"] == "1"
    [first] = waiting.join()
    assert first.status_code == 200
    assert call(**keyed("k")).status_code == 200
    assert len(all_runs()) == 1


def test_when_the_waiting_connection_is_gone_another_may_wait(publish, call, worker):
    publish(steps=SLOW, reply="wait", wait_seconds=1)
    call(**keyed("k"))
    with transaction() as session:  # as a process leaves it that is killed while it waits
        [key] = session.scalars(db.select(CallKey))
        key.reply, key.waited_until = "", clock.now() - timedelta(seconds=1)

    again = call(**keyed("k"))
    ended(all_runs()[0].id)

    assert again.status_code in (200, 202)
    assert len(all_runs()) == 1


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("sent", [keyed("k"), {"json": {"event": "e-1"}}], ids=["header", "author"])
def test_of_many_calls_at_once_one_becomes_a_run(publish, call, beside, sent):
    publish(**EVENT)

    answers = beside(lambda: call(**sent), 12).join()

    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.json["run_id"] for answer in answers if answer.status_code == 202}) == 1
    assert len(all_runs()) == 1


def test_a_duplicate_gets_the_answer_of_its_run(publish, call, worker):
    publish(steps=COUNT, reply="wait", **EVENT)

    first = call(json={"event": "e-1"})
    again = call(json={"event": "e-1", "attempt": 2})

    assert again.json == first.json == {"status": "success", "response": {"count": 1}}
    assert again.headers["X-Run-Id"] == first.headers["X-Run-Id"]
    assert call(json={"event": "e-2"}).json["response"] == {"count": 2}


def test_a_duplicate_of_an_unfinished_run_is_accepted_as_the_same(publish, call):
    publish(reply="immediate", **EVENT)

    answers = [call(json={"event": {"id": 1, "of": "x"}}) for _ in range(2)]
    turned = call(json={"event": {"of": "x", "id": 1}})

    assert {answer.status_code for answer in [*answers, turned]} == {202}
    assert len({answer.json["run_id"] for answer in [*answers, turned]}) == 1


def test_no_key_recognises_nothing(publish, call):
    publish(**EVENT)

    for _ in range(2):
        call(json={})
        call(json={"event": None})

    assert len(all_runs()) == 4


def test_after_its_time_a_duplicate_is_new(publish, call):
    publish(**EVENT)
    call(json={"event": "e-1"})

    with clock.freeze(clock.now() + timedelta(days=7, seconds=1)):
        call(json={"event": "e-1"})

    assert len(all_runs()) == 2


def test_a_key_that_cannot_be_computed_refuses_the_call(publish, call):
    publish(duplicates={"key": "{{ trigger.body.a - trigger.body.b }}"})

    assert call(json={"a": "x", "b": 1}).status_code == 400
    assert call(json={"a": 2, "b": 1}).status_code == 202


def test_a_draft_and_the_live_workflow_are_apart(publish, call, key):
    publish(auth={"scheme": "api_key"}, **EVENT)

    call(json={"event": "e"}, headers=key())
    call(json={"event": "e"}, headers=key(), at="/version-test/api/1.1/wf/")

    assert len(all_runs()) == 2


def test_a_run_and_its_key_are_written_both_or_neither(publish, call, app):
    publish()
    app.testing = False

    def fail(connection, cursor, statement, *_):
        if statement.startswith("INSERT INTO call_key"):
            raise ValueError("no room")

    event.listen(db.engine, "before_cursor_execute", fail)
    broken = call(**keyed("k"))
    event.remove(db.engine, "before_cursor_execute", fail)

    assert broken.status_code == 500
    assert all_runs() == []
    assert call(**keyed("k")).status_code == 202


def test_callers_at_once_share_a_commit_and_not_each_other_s_failures(publish, call, beside):
    publish(**EVENT)
    events = iter(range(10_000))

    answers = beside(lambda: call(json={"event": str(next(events) // 2)}), 24).join()

    assert {answer.status_code for answer in answers} == {202}
    assert len(all_runs()) == 12
