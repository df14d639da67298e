import pytest
from sqlalchemy import event, text

from core.runtime import endpoints
from core.runtime.endpoints import disk, refusals
from core.storage import refused_call
from core.storage.db import db
from core.storage.refused_call import RefusedCall
from tests.integration.endpoints.conftest import runs


@pytest.fixture(autouse=True)
def each_is_written(monkeypatch):
    """Refusals come quickly here, and are all to be seen."""
    monkeypatch.setattr(refusals, "SECONDS_BETWEEN", 0)
    monkeypatch.setattr(refusals, "_counter", refusals._Counter())


def kept(workflow):
    db.session.rollback()
    return RefusedCall.of_workflow(workflow.id)


def test_every_refusal_is_kept_with_its_reason(publish, call):
    workflow = publish(auth={"scheme": "api_key"})
    hidden = publish("hidden", exposed=False)

    call(json={})
    call(json={}, headers={"Authorization": "Bearer x"})
    call(method="GET")
    call("hidden", json={})

    assert [(one.status, one.code, one.reason) for one in kept(workflow)] == [
        (405, "METHOD_NOT_ALLOWED", "This URL is called with POST."),
        (401, "NOT_AUTHORIZED", "the key is unknown, expired or revoked"),
        (401, "NOT_AUTHORIZED", "no key was sent"),
    ]
    assert [one.reason for one in kept(hidden)] == ["this URL is switched off"]
    assert kept(workflow)[0].remote_address == "127.0.0.1"
    assert kept(workflow)[0].mode == "live"


def test_bad_parameters_are_kept_with_all_that_is_wrong(publish, call):
    workflow = publish(parameters=[{"key": "a"}, {"key": "b", "type": "number"}])

    call(json={"b": "x"})

    assert kept(workflow)[0].reason == "“a” is missing; “b” must be a number, not the text “x”"


def test_only_the_newest_are_kept(publish, call, monkeypatch):
    monkeypatch.setattr(refused_call, "KEPT", 5)
    workflow, other = publish(), publish("other")
    call("other", "GET")

    for _ in range(8):
        call(method="GET")

    assert len(kept(workflow)) == 5
    assert len(kept(other)) == 1


def test_a_flood_is_counted_without_being_written(publish, call, monkeypatch):
    monkeypatch.setattr(refusals, "SECONDS_BETWEEN", 60)
    workflow = publish()

    for _ in range(5):
        call(method="GET")
    monkeypatch.setattr(refusals, "SECONDS_BETWEEN", 0)
    call(method="GET")

    assert sum(one.times for one in kept(workflow)) == 6
    assert len(kept(workflow)) == 2


@pytest.fixture
def broken_writes(publish, app):
    """A database that can be read and not written to, as a full disk leaves it."""
    publish()

    def refuse(connection, cursor, statement, *_):
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            connection.exec_driver_sql(
                "SET TRANSACTION READ ONLY"  # as after a move to another server
                if connection.dialect.name == "postgresql"
                else "SELECT * FROM a_table_that_is_not_there"
            )

    event.listen(db.engine, "before_cursor_execute", refuse)
    yield
    event.remove(db.engine, "before_cursor_execute", refuse)


def test_when_the_database_cannot_write_nothing_is_accepted(broken_writes, call):
    answer = call(json={})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.json["body"]["status"] == "UNAVAILABLE"
    assert runs() == []


def test_a_refusal_that_cannot_be_kept_is_still_a_refusal(broken_writes, call):
    assert call(method="GET").status_code == 405


@pytest.mark.only_sqlite
def test_when_the_database_is_gone_the_answer_is_503(publish, call):
    publish()
    db.session.execute(text("ALTER TABLE workspace RENAME TO elsewhere"))
    db.session.commit()

    assert call(json={}).status_code == 503


def test_when_the_disk_is_nearly_full_nothing_is_accepted(publish, call, monkeypatch):
    publish()
    monkeypatch.setattr(disk, "_looked_at", -disk.LOOK_EVERY)
    monkeypatch.setattr(disk, "is_nearly_full", lambda: True)

    answer = call(json={})

    assert answer.status_code == 503
    assert "disk" in answer.json["body"]["message"]
    assert runs() == []
    monkeypatch.setattr(disk, "_looked_at", -disk.LOOK_EVERY)
    monkeypatch.setattr(disk, "is_nearly_full", lambda: False)
    assert call(json={}).status_code == 202


def test_a_mistake_of_ours_names_a_reference_and_nothing_else(publish, call, app, monkeypatch):
    publish()
    app.testing = False

    def fail(*_):
        raise ValueError("secret detail")

    monkeypatch.setattr(endpoints.reception.disk, "check", fail)
    answer = call(json={})

    assert answer.status_code == 500
    assert answer.json["body"]["status"] == "INTERNAL_ERROR"
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text
