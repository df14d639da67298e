"""A run that waits for a call: early, late, twice, wrong, in loops, and across crashes."""

import pytest

from core.runtime import advance, duties, rescue, runs
from core.storage.db import db, transaction
from core.storage.run import Run, Wait
from tests.conftest import DATABASES
from tests.factories import fresh, start_run
from tests.integration.running.dying import advance_and_die
from tests.times import two_hours_later
from tests.unit.engine.machines import step

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)
TELL = step("tell", value="{{ callback_url('answer') }}")
WAIT = step("answer", "wait_for_call")
AFTER = step("after", "return_data", body={"got": "{{ steps.answer }}", "url": "{{ steps.tell }}"})


def url_of(run):
    from core.engine import answers
    from core.runtime.callbacks import Place, token

    return f"/callbacks/{token(answers.CALL, Place(run.id, 'answer'))}"


def test_the_run_sleeps_and_goes_on_with_what_was_sent(app, work, client):
    run = start_run(TELL, WAIT, AFTER)
    work()
    asleep = fresh(run)
    assert (asleep.state, asleep.reason, asleep.wake_at) == ("waiting", "call", None)

    answered = client.post(url_of(run), json={"paid": True})
    work()

    assert (answered.status_code, answered.json["status"]) == (200, "accepted")
    body = fresh(run).response["body"]
    assert body["got"] == {"paid": True}
    assert body["url"].endswith(url_of(run))


def test_an_early_call_is_kept(app, work, client):
    run = start_run(TELL, step("nap", "wait", **{"for": "1h"}), WAIT, AFTER)
    work()

    assert client.post(url_of(run), data={"a": "1"}).json["status"] == "accepted"
    work()
    assert fresh(run).reason == "time"

    with two_hours_later(run):
        duties.wake_due()
        work()
    assert fresh(run).response["body"]["got"] == {"a": "1"}


def test_a_second_call_changes_nothing(app, work, client):
    run = start_run(TELL, WAIT, AFTER)
    work()
    client.post(url_of(run), json=1)

    second = client.post(url_of(run), json=2)
    work()
    third = client.post(url_of(run), json=3)

    assert (second.status_code, second.json["status"]) == (200, "answered_already")
    assert third.json["status"] == "answered_already"
    assert fresh(run).response["body"]["got"] == 1


def test_looking_at_the_address_answers_nothing(app, work, client):
    run = start_run(WAIT)
    work()

    for method in ("get", "head", "options", "delete"):
        looked = getattr(client, method)(url_of(run))
        assert (looked.status_code, looked.headers["Allow"]) == (405, "POST, PUT")
    assert fresh(run).state == "waiting"


@pytest.mark.parametrize("change", ["longer", "other", "id"])
def test_another_address_opens_nothing(app, work, client, change):
    run = start_run(WAIT)
    work()
    right = url_of(run)
    wrong = {"longer": right + "A", "other": right[:-1] + "_", "id": f"/callbacks/{run.id}"}[change]

    refused = client.post(wrong, json=1)

    assert (refused.status_code, refused.json["body"]["status"]) == (404, "NOT_FOUND")
    assert fresh(run).state == "waiting"


def test_whoever_guesses_addresses_is_turned_away(app, client):
    codes = [client.post(f"/callbacks/guess{n}", json=1).status_code for n in range(40)]

    assert codes[0] == 404
    assert codes[-1] == 429


@pytest.mark.parametrize(
    ("body", "status"), [(b'{"a":1,"a":2}', 400), (b"{", 400), (b"x" * 60_000_000, 413)]
)
def test_a_bad_body_is_refused_and_the_run_waits_on(app, work, client, body, status):
    run = start_run(WAIT)
    work()

    refused = client.post(url_of(run), data=body, content_type="application/json")

    assert refused.status_code == status
    assert fresh(run).state == "waiting"


def test_when_the_time_is_up_the_step_fails_and_a_late_call_is_told(app, work, client):
    run = start_run(step("answer", "wait_for_call", timeout=None) | {"inputs": {"timeout": "1h"}})
    work()
    assert fresh(run).wake_at is not None

    with two_hours_later(run):
        late = client.post(url_of(run), json=1)
        duties.wake_due()
        work()
    later = client.post(url_of(run), json=1)

    assert (late.status_code, late.json["status"]) == (410, "expired")
    assert (later.status_code, later.json["status"]) == (410, "expired")
    assert (fresh(run).state, fresh(run).error["kind"]) == ("failed", "timeout")


def test_a_cancelled_run_takes_no_answer(app, work, client):
    run = start_run(WAIT)
    work()
    runs.cancel(fresh(run))

    refused = client.post(url_of(run), json=1)

    assert (refused.status_code, refused.json["status"]) == (410, "ended")
    assert fresh(run).state == "cancelled"


def test_each_turn_and_each_path_has_an_address_of_its_own(app, work, client):
    tell = step("tell", value="{{ callback_url('answer') }}")
    beside = step("beside", "wait_for_call")
    loop = step("each", "for_each", {"body": [tell, WAIT]}, list=[1, 2], concurrency=2)
    both = step("both", "parallel", {"a": [loop], "b": [beside]})
    run = start_run(both, step("end", "return_data", body="{{ steps.each.results }}"))
    work()
    paths = {wait.path for wait in db.session.scalars(db.select(Wait))}
    assert paths == {"each/0/answer", "each/1/answer", "beside"}

    from core.engine import answers
    from core.runtime.callbacks import Place, token

    for path in ("beside", "each/1/answer", "each/0/answer"):
        client.post(f"/callbacks/{token(answers.CALL, Place(run.id, path))}", json=f"to {path}")
        work()

    assert fresh(run).response["body"] == ["to each/0/answer", "to each/1/answer"]


def test_an_address_of_another_loops_turn_is_no_address(app, work):
    outside = step("tell", value="{{ callback_url('answer') }}")
    run = start_run(outside, step("each", "for_each", {"body": [WAIT]}, list=[1]))
    work()

    assert "no step called “answer” that waits" in fresh(run).error["message"]


def test_a_killed_worker_loses_neither_the_address_nor_the_answer(app, work, client):
    run = start_run(TELL, WAIT, AFTER)
    work()
    client.post(url_of(run), json={"paid": 1})
    advance_and_die(run, advance.Advance, "run")

    work()

    body = fresh(run).response["body"]
    assert body["got"] == {"paid": 1}
    assert body["url"].endswith(url_of(run))


def test_the_answer_is_not_lost_with_the_bell(app, work, client, monkeypatch):
    run = start_run(WAIT)
    work()
    from core import queue

    monkeypatch.setattr(queue, "ring", lambda *_: False)
    assert client.post(url_of(run), json=1).json["status"] == "accepted"
    monkeypatch.undo()

    assert fresh(run).state == "queued"
    with transaction() as session:
        session.execute(db.update(Run).values(rung_at=None))
    assert rescue.ring_unheard() == 1
    work()
    assert fresh(run).state == "succeeded"
