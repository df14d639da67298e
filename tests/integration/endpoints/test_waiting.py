import time

import pytest

from core.runtime import runs, waiters
from core.runtime.endpoints import replies
from core.storage.db import db
from tests.integration.endpoints.conftest import runs as all_runs
from tests.integration.endpoints.conftest import the_run
from tests.waiting import wait_until

NAP = {"id": "nap", "type": "wait", "inputs": {"for": "3s"}}
HELLO = {"id": "hello", "type": "return_data", "inputs": {"body": {"hello": 1}}}


def test_a_caller_who_has_waited_long_enough_gets_a_202(publish, call, worker):
    publish(steps=[NAP, HELLO], reply="wait", wait_seconds=1)
    began = time.monotonic()

    answer = call(json={})

    assert 1 <= time.monotonic() - began < 2.5
    assert answer.status_code == 202
    assert answer.json["run_id"] == the_run().id


def test_a_run_that_falls_asleep_after_answering_answers_at_once(publish, call, worker):
    publish(steps=[HELLO, {**NAP, "inputs": {"for": "1h"}}], reply="wait", wait_seconds=20)
    began = time.monotonic()

    answer = call(json={})

    assert time.monotonic() - began < 10
    assert (answer.status_code, answer.json["response"]) == (200, {"hello": 1})
    assert the_run().state == "waiting"


def test_a_cancelled_run_answers_409(publish, call, beside):
    publish(steps=[NAP], reply="wait")
    waiting = beside(lambda: call(json={}))
    wait_until(all_runs)

    runs.cancel(the_run())

    [answer] = waiting.join()
    assert answer.status_code == 409
    assert answer.json["body"]["status"] == "CANCELLED"
    assert answer.json["body"]["run_id"] == the_run().id


def test_a_run_that_takes_too_long_answers_504(publish, call, worker, monkeypatch):
    from core.runtime import advance

    monkeypatch.setattr(advance, "DEFAULT_TIMEOUT", "1ms")
    publish(steps=[{"id": f"s{n}", "type": "compose", "inputs": {"value": n}} for n in range(500)],
            reply="wait")  # fmt: skip

    answer = call(json={})

    assert answer.status_code == 504
    assert answer.json["body"]["status"] == "TIMEOUT"


def test_when_all_chairs_are_taken_the_next_caller_gets_a_202(publish, call, monkeypatch):
    import threading

    publish(steps=[HELLO], reply="wait")
    monkeypatch.setattr(replies, "_chairs", threading.BoundedSemaphore(1))

    with replies.free_chair() as is_free:
        assert is_free
        assert call(json={}).status_code == 202


def test_waiting_callers_hold_no_connection(publish, call, beside, app):
    publish(steps=[NAP], reply="wait", wait_seconds=3)
    waiting = beside(lambda: call(json={}), 10)
    wait_until(lambda: len(all_runs()) == 10)
    db.session.remove()

    wait_until(lambda: db.engine.pool.checkedout() == 0, 2)

    assert {answer.status_code for answer in waiting.join()} == {202}


@pytest.fixture
def accepted(publish, call):
    """A call that was accepted: its run's id and the path of its status."""
    publish(steps=[HELLO])
    answer = call(json={})
    return answer.json["run_id"], answer.json["status_url"].split("8000", 1)[1]


def test_the_ticket_shows_how_the_run_stands(accepted, client, work):
    run_id, path = accepted

    before = client.get(path)
    work()
    after = client.get(path)

    assert before.json["state"] == "queued"
    assert before.headers["Retry-After"] == "1"
    assert after.json == {
        "run_id": run_id,
        "state": "succeeded",
        "reason": None,
        "response": {"hello": 1},
        "error": None,
        "created_at": after.json["created_at"],
        "started_at": after.json["started_at"],
        "finished_at": after.json["finished_at"],
    }
    assert after.json["finished_at"].endswith("Z")
    assert "Retry-After" not in after.headers
    assert after.headers["Cache-Control"] == "no-store"


def test_a_long_poll_answers_when_the_run_ends(accepted, client, beside, worker):
    _, path = accepted

    [answer] = beside(lambda: client.get(f"{path}&wait=20")).join()

    assert answer.json["state"] == "succeeded"


def test_a_long_poll_ends_in_time(accepted, client):
    began = time.monotonic()

    answer = client.get(f"{accepted[1]}&wait=1")

    assert 1 <= time.monotonic() - began < 3
    assert answer.json["state"] == "queued"


@pytest.mark.parametrize("wait", ["x", "-1", "1e9", "", "٣", "0"])
def test_an_odd_wait_is_no_wait(accepted, client, wait):
    assert client.get(f"{accepted[1]}&wait={wait}").status_code == 200


def test_without_ticket_or_key_there_is_no_run(accepted, client, key):
    run_id, path = accepted
    bare = path.partition("?")[0]
    others = [
        bare,
        f"{bare}?ticket=",
        f"{bare}?ticket=wrong",
        path + "&ticket=again",
        path.replace(run_id, "0" * 36),
        path.replace("/api", "/elsewhere/api"),
        bare + "x",
    ]

    answers = [client.get(other) for other in others]
    answers.append(client.get(bare, headers=key("run:*")))
    answers.append(client.get(bare, headers={"Authorization": "Bearer x"}))

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.data for answer in answers}) == 1
    assert client.get(bare, headers=key("runs:read")).status_code == 200
    assert client.get(bare, headers=key("admin")).status_code == 200


def test_a_run_s_id_does_not_tell_its_ticket(publish, call):
    publish()

    urls = {call(json={}).json["status_url"] for _ in range(20)}

    assert len({url.partition("ticket=")[2] for url in urls}) == 20


def test_failures_show_in_the_status(publish, call, client, work):
    publish(steps=[{"id": "no", "type": "stop", "inputs": {"outcome": "fail", "message": "No"}}])
    path = call(json={}).json["status_url"].split("8000", 1)[1]
    work()

    found = client.get(path).json

    assert (found["state"], found["error"]["message"], found["response"]) == ("failed", "No", None)


def test_callers_hear_answers_after_whatever_went_wrong_with_others(
    publish, call, worker, monkeypatch
):
    publish(steps=[HELLO], reply="wait", wait_seconds=20)
    find, failures = waiters._find_answers, []

    def fail_at_first(run_ids):
        if len(failures) < 3:
            failures.append(run_ids)
            raise ValueError("anything")
        return find(run_ids)

    monkeypatch.setattr(waiters, "_find_answers", fail_at_first)

    assert call(json={}).json["response"] == {"hello": 1}
    assert len(failures) == 3
