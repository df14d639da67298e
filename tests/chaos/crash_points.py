"""Where a run's process can die: each is put into a process of a test's, never into openBuild.

The product has no such points of its own, so none can be switched on in production.
"""

import os
import signal
import threading
from types import SimpleNamespace

from flask import current_app
from sqlalchemy import event

from core import queue
from core.engine.states import RunState
from core.engine.step_type import Effect
from core.runtime import advance, batches, endings, leases, mail_posting, mailing
from core.runtime.journal import RunJournal
from core.steps import step_types
from core.storage.db import db, read_connection
from core.storage.run import Run
from worker import RunWorker

WATCHED = "watched"  # the id of the step that it is about
_committing = threading.RLock()  # nobody freezes while another thread has it
ROUNDS = 4  # a parent, its child, the parent again, and one to spare


def die():
    """As a power cut does it."""
    os.kill(os.getpid(), signal.SIGKILL)


def freeze():
    """As a machine does that is out of memory, or suspended.

    The signal goes to this thread, which therefore does not get past this line. One to the process
    would stop another of its threads first, and this one a moment after it has gone on.
    """
    with _committing:
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


def _effect(key):
    """Where steps of that type act: a mail has left before the outbox knows, so it is that."""
    if key == "send_email":
        return mailing, "deliver"
    return type(step_types()[key]), "run"


def before_the_claim(key, run_id):
    """The claim is sent to the database and not committed."""
    event.listen(db.engine, "commit", lambda *_: die())


def before_the_effect(key, run_id):
    """All is ready for the effect, which has not begun."""
    setattr(*_effect(key), lambda *_, **__: die())


def after_the_effect(key, run_id, stop=die):
    """The effect has happened and is written down nowhere."""
    whole = getattr(*_effect(key))

    def act(*given, **more):
        outcome = whole(*given, **more)
        stop()
        return outcome

    setattr(*_effect(key), act)


def after_the_record(key, run_id):
    """What the step gave is committed, and the next step has not begun."""
    whole = RunJournal.add

    def add(self, *added):
        whole(self, *added)
        if any(entry[:2] == ["done", WATCHED] for entry in added):
            self.flush()
            die()

    RunJournal.add = add


def before_the_final_state(key, run_id):
    """All steps are done, and the run has not ended."""
    whole = endings.end

    def end(claim, *arguments):
        if claim.row.id == run_id:
            die()
        whole(claim, *arguments)

    endings.end = end


def before_the_follow_up(key, run_id):
    """Something is committed, and nobody has been told: no worker, no parent, no reader of a mail.

    Of steps' own mails the delivery is the effect; of openBuild's own it follows a commit.
    """
    queue.ring_all = queue.announce = batches.fill = lambda *_, **__: die()
    mail_posting.mailing = SimpleNamespace(deliver=lambda *_, **__: die())


def frozen(key, run_id):
    """It stands still until its lease is over, then goes on as if nothing had been.

    It is stopped outside of transactions, in which it would hold the database: inside effects
    before their own, and no other thread is in one.
    """
    leases._beat = lambda: None
    commit = RunJournal.commit

    def commit_alone(self, *given, **more):
        with _committing:
            return commit(self, *given, **more)

    RunJournal.commit = commit_alone
    if step_types()[key].effect is not Effect.INSIDE:
        after_the_effect(key, run_id, freeze)
        return
    whole = RunJournal.inside

    def inside(self, perform, act):
        if self.run_id == run_id:
            freeze()
        return whole(self, perform, act)

    RunJournal.inside = inside


DEATHS = (
    before_the_claim,
    before_the_effect,
    after_the_effect,
    after_the_record,
    before_the_final_state,
    before_the_follow_up,
)
POINTS = (*DEATHS, frozen)


def carry_out(run_id, point, key):
    """Carry out all that is queued, in a process that stops at that point."""
    point(key, run_id)
    if point is before_the_follow_up:
        _carry_out_what_rings()
        return
    for _ in range(ROUNDS):
        for queued in _queued():
            advance.advance_run(queued)


def _carry_out_what_rings():
    """Hear of runs only by their bells, one after the other, and deliver mails."""
    RunWorker(current_app._get_current_object(), "one", hands=1).work(burst=True)
    mail_posting.send_queued()


def _queued():
    with read_connection() as connection:
        query = db.select(Run.id).where(Run.state == RunState.QUEUED).order_by(Run.id)
        return list(connection.scalars(query))
