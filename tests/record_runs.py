"""Record unfinished runs as this version leaves them, for later versions to finish.

    .venv/bin/python -m tests.record_runs

writes `tests/corpora/runs/<release>-<revision>.sql` with the runs of `scenarios.py`, and
beside it what must come of each. A recording that is there is never written again.
"""

import json
import sqlite3
import sys
import tempfile
from pathlib import Path

from core import config
from core.release import version
from core.storage import migrate
from tests.servers import Valkey

FOLDER = Path(__file__).parent / "corpora" / "runs"


def main():
    server = Valkey()
    server.start()
    try:
        with tempfile.TemporaryDirectory() as home:
            record(home, server.url)
    finally:
        server.close()


def record(home, queue_url):
    """Make a database with all scenarios and keep it."""
    from app import create_app

    given = {"OPENBUILD_HOME": home, "OPENBUILD_REDIS_URL": queue_url}
    config.use(config.load(given))
    with create_app().app_context():
        place = FOLDER / f"{version()}-{migrate.newest_revision()}.sql"
        if place.exists():
            sys.exit(f"{place.name} is there already, and recordings are never changed.")
        migrate.upgrade()
        expected = all_of()
        from core.storage.db import db

        database = db.engine.url.database
        db.session.remove()
        db.engine.dispose()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(database) as raw:
        lines = "\n".join(raw.iterdump())
    place.write_text(lines + "\n")
    beside = place.with_suffix(".json")
    beside.write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")
    print(f"Recorded {len(expected['runs'])} runs as {place.name}.")


def all_of():
    """Bring all scenarios about; what a recording says of them."""
    from tests.factories import make_workflow
    from tests.integration.running import recorded, scenarios

    make_workflow(*scenarios.CHILD, name="child")
    runs, counted = {}, {}
    for name, scenario in scenarios.SCENARIOS.items():
        run_id = recorded.bring_about(name)
        runs[name] = {
            "id": run_id,
            "answer": scenario.answer,
            "body": scenario.body,
            "sends": [f"{run_id}:{path}" for path in scenario.sends],
        }
        counted |= scenario.counted
    return {"runs": runs, "counted": counted}


if __name__ == "__main__":
    main()
