import pytest

from core.runtime import duties, journal, retention
from core.runtime.large_values import LARGE, LargeValues
from core.runtime.run_view import view
from core.storage.db import db, write_connection
from core.storage.run import Payload, Run, Segment
from tests.conftest import DATABASES
from tests.factories import fresh, start_run
from tests.times import two_hours_later
from tests.unit.engine.machines import step

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)

TEXT = "ä€x" * LARGE
ROWS = [{"name": f"row {number}", "n": number} for number in range(3000)]


def handed_on(value):
    """Steps that hand the same value on, whole and inside others."""
    return (
        step("first", value=value),
        step("second", value="{{ steps.first }}"),
        step("third", value={"inside": "{{ steps.second }}", "small": 1}),
    )


def payloads():
    return db.session.scalar(db.select(db.func.count()).select_from(Payload))


@pytest.mark.parametrize("value", [TEXT, ROWS], ids=["text", "list"])
def test_a_value_that_is_handed_on_is_written_once(app, work, value):
    run = start_run(*handed_on("{{ trigger.n }}"), input={"n": value})

    work()

    assert fresh(run).state == "succeeded"
    assert payloads() == 1
    sizes = db.session.scalars(db.select(db.func.length(Segment.entries)))
    assert sum(sizes) < LARGE


@pytest.mark.parametrize("value", [TEXT, ROWS], ids=["text", "list"])
def test_what_is_restored_is_what_was_written_and_one_value_stays_one(app, work, value):
    run = start_run(*handed_on("{{ trigger.n }}"), input={"n": value})

    work()

    outputs = journal.load(run.id, 1).outputs
    assert outputs == {
        "first": value,
        "second": value,
        "third": {"inside": value, "small": 1},
    }
    assert outputs["first"] is outputs["second"] is outputs["third"]["inside"]


def test_after_a_sleep_a_value_is_known_again_and_not_written_twice(app, work):
    run = start_run(
        step("first", value="{{ trigger.n }}"),
        step("kept", "store_value", key="k", value=1),
        step("pause", "wait", **{"for": "1h"}),
        step("second", value="{{ steps.first }}"),
        step("answer", "return_data", body="{{ steps.second == trigger.n }}"),
        input={"n": TEXT},
    )

    work()
    assert fresh(run).state == "waiting"
    with two_hours_later(run):
        duties.wake_due()
        work()

    assert fresh(run).state == "succeeded"
    assert run.response["body"] is True
    assert payloads() == 1


def test_what_a_refused_commit_has_not_written_is_written_by_the_next(app):
    run = start_run(step("a", value=1))
    large = LargeValues(run.id)
    entries = [["done", "a", TEXT, None, 1, 0.0]]

    class Refused(Exception):
        pass

    with pytest.raises(Refused), write_connection() as connection:
        large.lighten(entries, 1)
        large.write(connection)
        raise Refused
    with write_connection() as connection:
        light = large.lighten(entries, 1)
        large.write(connection)
    large.settle()

    assert payloads() == 1
    with write_connection() as connection:
        assert list(LargeValues(run.id).read(connection, light)) == entries
    assert entries[0][2] == TEXT  # what is in memory stays whole


def test_turns_of_a_long_loop_keep_their_large_results(app, work):
    body = step("copy", value="{{ trigger.n if item == 7 else item }}")
    loop = step("each", "for_each", {"body": [body]}, list="{{ range(300) }}")
    run = start_run(loop, input={"n": ROWS})

    work()

    assert fresh(run).state == "succeeded"
    items = journal.load(run.id, 1).items["each"]
    assert items[7][1] == ROWS
    assert items[8][1] == 8


def test_the_page_shows_them_and_forgetting_the_run_forgets_them(app, work, monkeypatch):
    run = start_run(*handed_on("{{ trigger.n }}"), input={"n": ROWS})
    work()

    assert view(fresh(run)).step("second").output == ROWS

    monkeypatch.setattr(retention, "_promised", lambda *_: set())
    assert retention._delete([run.id]) == 1
    db.session.rollback()
    assert payloads() == 0
    assert db.session.scalar(db.select(db.func.count()).select_from(Run)) == 0
