from sqlalchemy import func, select

from core.runtime import duties
from core.storage.db import db
from core.storage.run import Run
from tests.bench import bench_idle
from tests.factories import make_workflow
from tests.unit.engine.machines import step


def test_the_runs_of_the_bench_sleep_and_nothing_wakes_them(app):
    make_workflow(step("pause", "wait", **{"for": "30d"}), name="sleeper")

    bench_idle.put_to_sleep(20)
    duties.tick()

    db.session.rollback()
    counted = db.session.execute(select(Run.state, func.count()).group_by(Run.state)).all()
    assert counted == [("waiting", 20)]
