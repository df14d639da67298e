"""Runs that earlier versions left unfinished: this one brings their database up and ends them."""

import json
import sqlite3
from pathlib import Path

import pytest

from core.release import version
from core.runtime import run_view
from core.storage import migrate
from core.storage.db import db
from core.storage.run import Run
from tests.integration.running import recorded

FOLDER = Path(__file__).parents[2] / "corpora" / "runs"
RECORDINGS = sorted(FOLDER.glob("*.sql"))
DATABASES = [pytest.param("sqlite", marks=pytest.mark.only_sqlite)]


@pytest.fixture
def left_behind(app, request):
    """The database of an older version in the place of a fresh one; what is expected of it."""

    def left_behind(recording):
        place = Path(db.engine.url.database)
        db.session.remove()
        db.engine.dispose()
        for file in place.parent.glob(f"{place.name}*"):
            file.unlink()
        with sqlite3.connect(place) as raw:
            raw.executescript(recording.read_text())
        return json.loads(recording.with_suffix(".json").read_text())

    return left_behind


def test_this_release_is_recorded():
    """If not: `.venv/bin/python -m tests.record_runs`, with the code that is released."""
    assert version() in {recording.stem.rpartition("-")[0] for recording in RECORDINGS}


@pytest.mark.parametrize("database", DATABASES, indirect=True)
@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_recorded_runs_of_earlier_versions_are_shown_and_finish(
    left_behind, recording, monkeypatch
):
    expected = left_behind(recording)
    assert migrate.revision_here() == recording.stem.rpartition("-")[2]
    migrate.upgrade()

    shown = {name: states_of(run["id"]) for name, run in expected["runs"].items()}
    runs = {run["id"]: run["answer"] for run in expected["runs"].values()}
    sent = recorded.finish_all(runs, monkeypatch)

    ended = {name: outcome_of(run["id"]) for name, run in expected["runs"].items()}
    assert ended == {name: ("succeeded", run["body"]) for name, run in expected["runs"].items()}
    assert recorded.stored() == expected["counted"]
    assert sorted(sent) == sorted(key for run in expected["runs"].values() for key in run["sends"])
    assert all(states for name, states in shown.items() if name != "never begun")


def states_of(run_id):
    return [step.state for step in run_view.view(db.session.get_one(Run, run_id)).steps]


def outcome_of(run_id):
    db.session.rollback()
    run = db.session.get_one(Run, run_id)
    db.session.refresh(run)
    return run.state, run.response and run.response["body"]
