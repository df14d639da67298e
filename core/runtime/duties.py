"""What the scheduler process does each second; any number of schedulers may do it at once."""

import logging
import time
from collections.abc import Callable

from sqlalchemy import select, update

from core.engine.states import RunState
from core.runtime import (
    admission,
    backups,
    batches,
    bulk_actions,
    cancelling,
    failure_mails,
    firing,
    holding,
    idempotency,
    mail_posting,
    outbox,
    places,
    rescue,
    retention,
    values,
)
from core.storage.columns import database_now
from core.storage.db import UNAVAILABLE, in_short, read_connection, write_connection
from core.storage.run import Run

RUN = Run.__table__
WOKEN = (RUN.c.id, RUN.c.lane, RUN.c.state, RUN.c.line, RUN.c.workflow_id, RUN.c.limit_key)
MOST_AT_ONCE = 500
CLEANING_SECONDS = 300.0
CANCELLING_SECONDS = 30.0
log = logging.getLogger(__name__)
_cleaned_at = 0.0
_cancelled_at = 0.0


def tick() -> None:
    """Start and wake what is due, rescue what was lost, ring what was not heard, and forget."""
    if holding.is_on():
        return
    for duty in DUTIES:
        _do(duty)


def wake_due() -> int:
    """Queue the runs whose wait is over; returns how many there were."""
    due = RUN.c.state == RunState.WAITING, RUN.c.wake_at <= database_now()
    with read_connection() as connection:
        query = select(RUN.c.id).where(*due).order_by(RUN.c.wake_at).limit(MOST_AT_ONCE)
        ids = list(connection.execute(query).scalars())
    if not ids:
        return 0
    with write_connection() as connection:
        woken = connection.execute(
            update(RUN).where(RUN.c.id.in_(ids), *due).values(**places.onward()).returning(*WOKEN)
        ).all()
    admission.enter_all(woken)
    return len(woken)


def clean() -> None:
    """Forget, every few minutes, what has a date on it."""
    global _cleaned_at
    if _cleaned_at and time.monotonic() - _cleaned_at < CLEANING_SECONDS:
        return
    _cleaned_at = time.monotonic()
    idempotency.forget_expired()
    values.forget_expired()
    failure_mails.forget_told()
    outbox.forget_old()
    bulk_actions.forget_old()


def cancel_forgotten() -> None:
    """Look now and then for what a cancellation should have reached; it seldom finds anything."""
    global _cancelled_at
    if _cancelled_at and time.monotonic() - _cancelled_at < CANCELLING_SECONDS:
        return
    _cancelled_at = time.monotonic()
    cancelling.cancel_forgotten()


def _do(duty: Callable[[], object]) -> None:
    """One duty's failure keeps no other from being done."""
    try:
        duty()
    except UNAVAILABLE as error:
        log.warning("%s: the database failed: %s", duty.__name__, in_short(error))
    except Exception:
        log.exception("%s failed; it is tried again in a second", duty.__name__)


DUTIES = (
    rescue.rescue_dead,
    firing.fire_due,
    firing.let_in,
    wake_due,
    admission.sweep,
    batches.sweep,
    bulk_actions.sweep,
    cancel_forgotten,
    rescue.ring_unheard,
    failure_mails.tell,
    mail_posting.send_beside,
    clean,
    retention.sweep,
    backups.make_nightly,
)
