"""Lines that are too long, and workflows that call each other for ever."""

import pytest

from core import config
from core.runtime.endpoints import backlog
from core.storage.db import db
from core.storage.run import Run
from tests.conftest import DATABASES

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)


def settle(monkeypatch, most):
    monkeypatch.setattr(config, "_current", config.replace(config.current(), max_backlog=most))
    monkeypatch.setattr(backlog, "LOOK_EVERY", 0.0)


def run_count():
    db.session.rollback()
    return db.session.scalar(db.select(db.func.count()).select_from(Run))


def test_when_too_many_are_in_line_nothing_more_is_accepted(publish, call, work, monkeypatch):
    publish()
    settle(monkeypatch, 3)
    accepted = [call("intake", json={}).status_code for _ in range(3)]

    refused = call("intake", json={})

    assert accepted == [202, 202, 202]
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "10"
    assert "3 runs are in line already" in refused.get_json()["body"]["message"]
    assert run_count() == 3
    work()
    assert call("intake", json={}).status_code == 202


def test_without_a_limit_all_are_accepted(publish, call, monkeypatch):
    publish()
    settle(monkeypatch, 0)

    assert {call("intake", json={}).status_code for _ in range(5)} == {202}


def test_a_call_knows_how_deep_it_stands_and_ends_where_it_is_too_deep(publish, call):
    publish()

    assert call("intake", json={}, headers={"X-Workflow-Depth": "20"}).status_code == 202
    refused = call("intake", json={}, headers={"X-Workflow-Depth": "21"})

    assert db.session.scalar(db.select(Run.depth)) == 20
    assert refused.status_code == 400
    assert refused.get_json()["body"]["status"] == "TOO_DEEP"


@pytest.mark.parametrize("odd", ["", "-5", "many", "²", "1e3", "9" * 5000])
def test_odd_depths_harm_nobody(publish, call, odd):
    publish()

    answer = call("intake", json={}, headers={"X-Workflow-Depth": odd})

    assert answer.status_code in (202, 400)
