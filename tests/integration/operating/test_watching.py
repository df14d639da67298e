"""What tells how it goes: health page, ready check, figures for Prometheus, banners."""

from dataclasses import replace
from datetime import timedelta

import pytest

from blueprints.operating import overview, warnings
from core import clock, config
from core.runtime import backups, holding, processes, readiness, tokens
from core.runtime.endpoints import disk
from core.storage import copies
from core.storage.db import db, transaction
from core.storage.process import Process
from core.storage.workspace import Workspace
from tests.factories import make_workflow, start_run, workspace
from tests.people import HTMX
from tests.waiting import wait_until

NOTE = {"id": "note", "type": "log_message", "inputs": {"message": "here"}}
NAP = {"id": "nap", "type": "wait", "inputs": {"for": "1h"}}


@pytest.fixture
def all_alive(app):
    for kind in ("web", "worker", "scheduler"):
        processes.beat(kind)


def key(*scopes):
    return tokens.create(workspace().id, "Prometheus", scopes)[1]


def bearer(text):
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def full_disk(app, monkeypatch):
    room = disk.room()
    monkeypatch.setattr(disk, "room", lambda: room._replace(free=0))
    monkeypatch.setattr(disk, "_looked_at", -disk.LOOK_EVERY)
    yield
    monkeypatch.setattr(disk, "_looked_at", -disk.LOOK_EVERY)


def test_ready_says_what_is_missing(app, client):
    answer = client.get("/health/ready")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json["checks"]["worker"] == "no worker has been heard of lately"
    assert answer.json["checks"]["database"] == "ok"


def test_ready_tells_how_long_the_oldest_run_waits(app, client, all_alive):
    run = start_run(NOTE)
    with transaction() as session:
        session.execute(
            db.text("UPDATE run SET created_at = created_at - 90 WHERE id = :id"), {"id": run.id}
        )

    answer = client.get("/health/ready").json

    assert answer["status"] == "ok"
    assert answer["in_line"]["count"] == 1
    assert 90 <= answer["in_line"]["oldest_seconds"] < 120
    assert any("more workers are needed" in remark for remark in answer["remarks"])


def test_a_full_disk_takes_it_out_of_service_and_refuses_calls(client, all_alive, full_disk):
    called = {"endpoint": {"exposed": True, "auth": {"scheme": "open"}}}
    make_workflow(NOTE, name="orders", triggers=called)

    ready = client.get("/health/ready")
    call = client.post("/api/1.1/wf/orders", json={})

    assert ready.status_code == 503
    assert "calls are refused" in ready.json["checks"]["disk"]
    assert call.status_code == 503
    assert call.headers["Retry-After"]


def test_holding_is_remarked_but_lets_people_in(client, all_alive):
    holding.begin(None)

    answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert any("Start sending" in remark for remark in answer.json["remarks"])


@pytest.mark.parametrize("header", [{}, bearer("ob_nothing"), {"Authorization": "Basic b2I6b2I="}])
def test_figures_need_a_key(client, header):
    answer = client.get("/metrics", headers=header)

    assert answer.status_code == 401
    assert "openbuild_" not in answer.text
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_figures_need_a_key_that_may_read_runs(client, app):
    assert client.get("/metrics", headers=bearer(key("run:orders"))).status_code == 403
    assert client.get("/metrics", headers=bearer(key("admin"))).status_code == 200


def test_figures_tell_what_is_in_the_database(client, all_alive, work):
    start_run(NAP, workflow=None)
    work()
    start_run(NOTE)

    text = client.get("/metrics", headers=bearer(key("runs:read"))).text

    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert lines["openbuild_in_line"] == "1.0"
    assert lines['openbuild_runs_unfinished{state="waiting"}'] == "1.0"
    assert lines['openbuild_processes{kind="worker"}'] == "1.0"
    assert lines["openbuild_holding"] == "0.0"
    assert float(lines["openbuild_disk_free_bytes"]) > 0


def test_figures_are_of_the_keys_workspace(client, people):
    run = start_run(NOTE)
    other = db.session.scalar(db.select(Workspace).where(Workspace.name == "other"))
    text = tokens.create(other.id, "Zoe's", ["runs:read"])[1]

    told = client.get("/metrics", headers=bearer(text)).text

    assert run.id not in told
    assert 'openbuild_runs_unfinished{state="queued"} 0.0' in told
    assert "workflow-" not in told


def test_the_health_page_names_what_is_broken(app, people, client_of):
    page = client_of(people.vera).get("/settings/health").text

    assert "work: web, workers, scheduler" in page
    assert "none: calls are kept in line until one is there" in page
    assert "Run the doctor" not in page
    assert "Copy now" not in page


def test_workers_that_are_alive_come_before_those_that_have_ended(app, all_alive):
    ended = {
        "kind": "worker",
        "host": "vm",
        "pid": 1,
        "started_at": clock.now() - timedelta(days=1),
    }
    with transaction() as session:
        for number, minutes in ((1, 20), (2, 10)):
            beat_at = clock.now() - timedelta(minutes=minutes)
            session.add(Process(id=f"old {number} 1", beat_at=beat_at, **ended))

    listed = overview.overview(workspace().id).workers

    assert [doing.is_alive for doing in listed] == [True, False, False]
    assert [doing.name for doing in listed[1:]] == ["old 2", "old 1"]


def test_the_health_page_says_when_all_is_well(people, client_of, all_alive, settings):
    config.use(replace(settings, durability="full"))

    page = client_of(people.olga).get("/settings/health").text

    assert "All is running" in page
    assert "thing to look at" not in page


@pytest.mark.parametrize(
    ("finished", "failed", "said"),
    [
        (timedelta(days=30), timedelta(days=90), "finished runs stay 30 days, failed ones 90 days"),
        (timedelta(hours=12), timedelta(days=1), "finished runs stay 12 hours, failed ones 1 day"),
        (
            timedelta(seconds=1),
            timedelta(hours=2),
            "finished runs stay 1 hour, failed ones 2 hours",
        ),
    ],
)
def test_the_health_page_says_how_long_runs_really_stay(settings, finished, failed, said):
    config.use(replace(settings, keep_runs=finished, keep_failed_runs=failed))

    assert overview.database_part().more == said


def test_the_doctor_is_asked_on_the_page(people, client_of, all_alive):
    found = client_of(people.olga).post("/settings/health/doctor", headers=HTMX).text

    assert "The doctor says: 1 thing to do" in found
    assert "a power cut can lose calls" in found


@pytest.mark.only_sqlite
def test_a_copy_is_made_on_demand(people, client_of, app):
    answer = client_of(people.ada).post("/settings/health/copy", headers=HTMX)

    assert answer.status_code == 200
    (copy,) = wait_until(copies.listing)
    assert copy.kind == copies.BY_HAND


def test_sending_is_started_on_any_page_by_those_who_may(people, client_of):
    holding.begin(clock.now() - timedelta(days=1))
    olga, max_ = client_of(people.olga), client_of(people.max)

    assert "Start sending" in olga.get("/runs").text
    assert "until an administrator starts it" in max_.get("/runs").text
    assert max_.post("/settings/health/start-sending").status_code == 403
    assert holding.is_on()

    olga.post("/settings/health/start-sending")

    assert not holding.is_on()
    assert "Start sending" not in olga.get("/runs").text


@pytest.mark.parametrize(
    ("reader", "is_wrong"),
    [
        ("https://flows.example.com", True),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]", False),
    ],
)
def test_links_to_loopback_are_wrong_for_whoever_is_elsewhere(app, reader, is_wrong):
    with app.test_request_context(base_url=reader):
        assert warnings.is_address_wrong() is is_wrong


def test_whoever_hears_pages_hears_their_banners(people, client_of, settings, monkeypatch):
    config.use(replace(settings, durability="normal", base_url="http://127.0.0.1:8000"))
    monkeypatch.setattr(config, "LOOPBACK", ("127.0.0.1",))  # the reader is at localhost

    page = client_of(people.olga).get("/runs").text

    assert "Links lead to the wrong address" in page
    assert "A power cut can lose accepted calls" in page
    assert page.count('class="banner" role="status"') == page.count('class="banner"') == 2


@pytest.mark.only_sqlite
def test_missing_copies_are_remarked(app):
    workspace()
    assert readiness.copy_problem() == ""
    with clock.freeze(clock.now() + timedelta(days=3)):
        assert readiness.copy_problem() == "no nightly copy exists"
        assert backups.is_night_due(clock.now())
