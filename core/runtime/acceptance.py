"""Write the runs of many callers in one commit, and ring for them in one message."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_
from sqlalchemy.exc import IntegrityError

from core import clock, queue
from core.storage.call_key import CallKey
from core.storage.db import write_connection
from core.storage.run import Run

MOST_AT_ONCE = 64
RUN, KEY = Run.__table__, CallKey.__table__
KEY_COLUMNS = ("workflow_id", "mode", "kind", "key")


@dataclass(slots=True)
class Order:
    """A run and its call keys, to be written both or neither."""

    run: Mapping[str, Any]
    keys: Sequence[Mapping[str, Any]] = ()
    is_done: bool = False
    error: BaseException | None = field(default=None, repr=False)


_waiting: list[Order] = []
_list_lock = threading.Lock()
_commit_lock = threading.Lock()


def write(order: Order) -> None:
    """Return once the order is committed; raises IntegrityError if one of its keys is taken.

    Whoever gets the lock commits for all who wait, and rings for them. When the next one gets it,
    its own order is often done already.
    """
    with _list_lock:
        _waiting.append(order)
    done: list[Order] = []
    with _commit_lock:
        while not order.is_done:
            with _list_lock:
                batch = _waiting[:MOST_AT_ONCE]
                del _waiting[:MOST_AT_ONCE]
            commit(batch)
            done += batch
    ring(done)
    if order.error is not None:
        raise order.error


def ring(done: Sequence[Order]) -> None:
    """Tell the workers of what was written; runs that begin in line are let in by their callers."""
    goes = [one.run["id"] for one in done if one.error is None and not one.run["line"]]
    if goes:
        queue.ring_all(goes)


def commit(batch: Sequence[Order]) -> None:
    """Write the orders together; one that can't be written keeps no other from it."""
    try:
        with write_connection() as connection:
            insert_all(connection, batch)
    except IntegrityError as error:
        if len(batch) > 1:
            for order in batch:
                commit([order])
            return
        batch[0].error = error
    except BaseException as error:  # handed to every thread whose order it was
        for order in batch:
            order.error = error
    for order in batch:
        order.is_done = True


def insert_all(connection: Connection, batch: Sequence[Order]) -> None:
    # In one order for all processes, so that no two can wait for each other's keys.
    keys = sorted((key for order in batch for key in order.keys), key=place)
    if keys:
        connection.execute(delete(KEY).where(KEY.c.expires_at <= clock.now(), any_of(keys)))
    connection.execute(insert(RUN), [dict(order.run) for order in batch])
    if keys:
        connection.execute(insert(KEY), [dict(key) for key in keys])


def place(key: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(key[column] for column in KEY_COLUMNS)


def any_of(keys: Sequence[Mapping[str, Any]]) -> Any:
    return or_(*(and_(*(KEY.c[name] == key[name] for name in KEY_COLUMNS)) for key in keys))
