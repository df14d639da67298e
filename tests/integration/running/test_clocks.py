"""A process whose own clock is wrong: what falls due falls due by the database's."""

from datetime import timedelta

import pytest

from core import clock, queue
from core.engine.http_messages import OutgoingAnswer
from core.engine.mail_messages import MailAddress, OutgoingMail
from core.runtime import advance, firing, leases, mail_posting, mailing, outgoing, rescue
from core.runtime.outbox import Origin
from core.storage import columns
from core.storage.db import db, transaction
from core.storage.mail import Mail
from core.storage.run import Run, Wait
from core.storage.schedule import Schedule
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, start_run, workspace
from tests.processes import outcome_of
from tests.unit.engine.machines import step

pytestmark = [
    pytest.mark.parametrize("database", DATABASES, indirect=True),
    pytest.mark.parametrize("wrong", [-1, 1], ids=["an hour behind", "an hour ahead"]),
]
HOUR = timedelta(hours=1)
LATER = "{{ now() | add_time('1h') }}"
true_now = clock.now


class Busy:
    """Another system that wants to be left alone for an hour, and says so in its way."""

    def __init__(self, headers):
        self.headers = headers

    def send(self, request, **_):
        return OutgoingAnswer(503, {}, None, request.url, retry_after=3600)


def elsewhere(wrong, act, *given):
    """Do something in a process whose clock is so many hours wrong."""
    assert outcome_of(_with_a_wrong_clock, wrong, act, given) == 0


def _with_a_wrong_clock(wrong, act, given):
    clock.now = lambda: true_now() + wrong * HOUR
    act(*given)


def carry_out(wrong, *runs):
    """Carry runs out as far as they go, in such a process, where all others are busy."""
    elsewhere(wrong, _carry_out, [run.id for run in runs])


def _carry_out(ids):
    outgoing.http.send = Busy({"retry-after": "3600"}).send
    for run_id in ids:
        advance.advance_run(run_id)


def database_time():
    db.session.rollback()
    return columns.database_time(db.session())


@pytest.fixture
def an_hour_on():
    """Whether a moment is an hour after the test began, by the database's clock."""
    before = database_time()
    return lambda moment: before + HOUR <= moment <= database_time() + HOUR + timedelta(seconds=1)


def test_what_a_run_waits_for_is_due_in_an_hour(app, wrong, an_hour_on):
    retried = {"attempts": 2, "wait": "1ms"}
    waiting = [
        start_run(step("nap", "wait", **{"for": "1h"})),
        start_run(step("nap", "wait", until=LATER)),
        start_run(
            step("call", "call_api", method="PUT", url="https://a.test") | {"retry": retried}
        ),
        start_run(step("answer", "wait_for_call", timeout="1h")),
        start_run(step("ask", "ask_approval", who="ana@example.org", message="?", timeout="1h")),
    ]

    carry_out(wrong, *waiting)

    assert [(run.state, an_hour_on(run.wake_at)) for run in map(fresh, waiting)] == [
        ("waiting", True)
    ] * len(waiting)
    asked = db.session.get(Wait, (waiting[-1].id, "ask", 1))
    assert an_hour_on(asked.wake_at)


def test_what_is_planned_is_due_in_an_hour(app, wrong, an_hour_on):
    make_workflow(step("log", "log_message", message="late"), name="late")
    plans = step("plan", "schedule_workflow", workflow="late", at=LATER)
    several = step("plan", "schedule_on_list", workflow="late", list=[{}, {}], interval="1h")
    planners = start_run(plans), start_run(several)

    carry_out(wrong, *planners)

    assert [fresh(run).state for run in planners] == ["succeeded", "succeeded"]
    planned = db.session.scalars(
        db.select(Run).where(Run.due_at.is_not(None)).order_by(Run.parent_run_id, Run.batch_index)
    ).all()
    assert [an_hour_on(run.due_at) for run in planned] == [True, False, True]
    assert planned[0].wake_at == planned[0].due_at
    assert planned[1].due_at <= database_time()


def test_a_moment_that_is_fixed_is_that_moment(app, wrong):
    at = (database_time() + HOUR).replace(microsecond=0)
    run = start_run(step("nap", "wait", until=at.isoformat()))

    carry_out(wrong, run)

    assert (fresh(run).state, run.wake_at) == ("waiting", at)


def test_a_short_wait_is_waited_and_the_run_took_as_long_as_it_did(app, wrong):
    run = start_run(step("nap", "wait", **{"for": "300ms"}))

    carry_out(wrong, run)

    assert fresh(run).state == "succeeded"
    assert timedelta(milliseconds=299) <= run.finished_at - run.started_at < timedelta(seconds=20)


def test_a_clock_that_is_set_while_a_run_is_held_changes_nothing(app, wrong):
    claim = leases.claim(start_run(step("log", "log_message", message="held")).id)

    with clock.freeze(true_now() + wrong * HOUR):
        assert abs(claim.now() - database_time()) < timedelta(seconds=1)

    leases.forget(claim.row.id)


def test_a_scheduler_starts_what_is_due_and_nothing_else(app, wrong):
    nap = step("log", "log_message", message="due")
    make_workflow(nap, triggers={"schedules": [{"key": "often", "every": "30m"}]})
    elsewhere(wrong, firing.fire_due)
    assert runs_of_schedules() == []

    due = (database_time() - timedelta(seconds=1)).replace(microsecond=0)
    with transaction() as session:
        session.execute(db.update(Schedule).values(starts_at=due, next_at=due))
    elsewhere(wrong, firing.fire_due)
    elsewhere(wrong, firing.fire_due)
    assert [run.due_at for run in runs_of_schedules()] == [due]


def runs_of_schedules():
    db.session.rollback()
    return db.session.scalars(db.select(Run).where(Run.schedule_id.is_not(None))).all()


def test_a_bell_that_a_wrong_clock_dates_into_the_future_is_rung_again(app, wrong, valkey):
    run = start_run(step("log", "log_message", message="heard"))
    with transaction() as session:
        session.execute(db.update(Run).values(rung_at=clock.now() + wrong * HOUR))
    queue.connection().flushall()

    assert rescue.ring_unheard() == 1
    assert fresh(run).rung_at <= database_time()


def test_a_mail_of_ours_that_a_wrong_clock_writes_is_due_at_once(app, wrong):
    """While there is a mailbox; a mail for later is due when it should be."""
    mail = OutgoingMail([MailAddress("ana@example.org")], "Hello", text="…")
    origin = Origin(workspace().id, "now")

    elsewhere(wrong, post_with_a_mailbox, origin, mail)

    db.session.rollback()
    assert db.session.scalars(db.select(Mail.next_try_at)).one() <= database_time()


def post_with_a_mailbox(origin, mail):
    mail_posting.default_connection = lambda _: "box"
    mailing.sender_of = lambda *_: None
    mail_posting.post(origin, mail)
