"""A real worker calls a real server: attempts, effect keys, failures, and no secret anywhere."""

from dataclasses import replace

import pytest

from core import clock, config
from core.engine.definition import Definition
from core.runtime import connections, runs, workflows
from core.runtime.connections import Values
from core.runtime.outgoing import DEPTH_HEADER
from core.storage.db import db, transaction
from core.storage.run import Run
from core.storage.workspace import Workspace
from tests.factories import everything_stored
from tests.integration.outward.listener import ok
from tests.waiting import wait_until

CANARY = "canary-5f2e/+ü"


@pytest.fixture
def room(app):
    config.use(replace(config.current(), allowed_hosts_out=("127.0.0.0/8",)))
    with transaction() as session:
        made = Workspace(name="main", label="main", timezone="UTC", created_at=clock.now())
        session.add(made)
    return made


@pytest.fixture
def run(room, work):
    """Run steps to their end; the run."""

    def run(*steps):
        definition = Definition.from_json({"steps": list(steps)})
        workflow = workflows.create(room.id, "calls", "Calls", by="Olga", definition=definition)
        workflows.publish(workflow, by="Olga")
        run_id = runs.start_by_hand(workflow, {}, by="Olga").id

        def ended():
            work()
            db.session.rollback()
            return db.session.get(Run, run_id).is_final

        wait_until(ended, 20)
        return db.session.get(Run, run_id)

    return run


def call(url, **rest):
    inputs = {"method": "POST", "url": url, "body": {"a": 1}} | rest.pop("inputs", {})
    return {"id": "call", "type": "call_api", "inputs": inputs, **rest}


ANSWER = {"id": "answer", "type": "return_data", "inputs": {"body": "{{ steps.call }}"}}
QUICK = {"attempts": 3, "wait": "10ms"}


def keys(server):
    lines = [line for head in server.heads for line in head.split("\r\n")]
    return [line.split(": ")[1] for line in lines if line.startswith("idempotency-key")]


def test_whoever_is_called_is_told_how_deep_in_a_chain_of_workflows_it_stands(listen, run):
    server = listen(ok())

    run(call(server.url))

    assert f"{DEPTH_HEADER}: 1" in server.heads[0].split("\r\n")


def test_a_refusal_for_now_is_tried_again_under_the_same_key(listen, run):
    server = listen(ok(status="429 Slow", Retry_After="0"), ok(status="503 No"), ok(b'{"b": 2}'))

    done = run(call(server.url, retry=QUICK), ANSWER)

    assert done.state == "succeeded"
    assert keys(server) == [f"{done.id}:call"] * 3


def test_a_refusal_for_good_is_tried_once_and_can_be_read_afterwards(listen, run):
    server = listen(ok(b'{"message": "gone"}', status="410 Gone"))

    done = run(call(server.url, on_error="continue"), ANSWER)

    assert done.state == "succeeded"
    assert len(server.requests) == 1
    output = done.response["body"]
    assert output["status"] == 410
    assert output["body"] == {"message": "gone"}
    assert output["error"]["kind"] == "http"


def test_a_private_address_fails_the_run_in_words(listen, run):
    config.use(replace(config.current(), allowed_hosts_out=()))
    server = listen()

    failed = run(call(server.url))

    assert failed.state == "failed"
    assert failed.error["kind"] == "blocked_address"
    assert "127.0.0.1 is inside your own network" in failed.error["message"]
    assert server.connections == 0


def test_a_connection_s_key_is_nowhere_in_the_database(listen, run, room):
    echo = ok(f'{{"you_sent": "Bearer {CANARY}"}}'.encode())
    server = listen(echo, ok(f"no {CANARY}".encode(), "text/plain", status="400 Bad"))
    values = Values("Shop", {"base_url": server.url}, {"key": CANARY})
    connections.create(room.id, "shop", "http_api", values=values, by="Olga")
    inputs = {"connection": "shop"}
    second = call("/b", inputs=inputs, on_error="continue") | {"id": "second"}

    done = run(call("/a", inputs=inputs), second, ANSWER)

    assert done.state == "succeeded"
    assert len(server.requests) == 2
    content = everything_stored()
    for form in (CANARY, CANARY.encode().hex(), "canary-5f2e%2F"):
        assert form.casefold() not in content.casefold()
    assert "•••" in content
