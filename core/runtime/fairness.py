"""See to it that no workflow waits behind the crowd of another's runs.

Bells are heard in the order in which they rang. While there are many, a worker also looks, a few
times a second, for the first runs of each workflow in line, and takes those of the workspaces in
turn. While there are few, this costs nothing.
"""

import random
import time
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from sqlalchemy import func, select

from core import queue
from core.engine.states import RunState
from core.storage.db import read_connection
from core.storage.run import Run

CROWD = 64  # bells
LOOK_EVERY = 0.25  # seconds
SHARE = 0.1  # of a worker's time, at most
EACH = 4  # runs of a workflow at one look
RUN = Run.__table__


class Lookout:
    """When one worker looks past the bells."""

    def __init__(self) -> None:
        self.due_at = 0.0
        self.was_full = False

    def note(self, heard: int, wanted: int) -> None:
        """Whether there were as many bells as could be taken: then there may be a crowd."""
        self.was_full = wanted > 0 and heard >= wanted

    def first_in_line(self, most: int) -> list[str]:
        """The runs that are to be taken before those that the next bells name."""
        if not self.was_full or time.monotonic() < self.due_at:
            return []
        began = time.monotonic()
        found = overlooked(most) if (queue.length() or 0) >= CROWD else []
        spent = time.monotonic() - began
        self.due_at = time.monotonic() + max(LOOK_EVERY, spent / SHARE)
        return found


def overlooked(most: int) -> list[str]:
    """The first runs in line of each workflow, the workspaces in turn."""
    in_order = func.row_number().over(partition_by=RUN.c.workflow_id, order_by=RUN.c.id)
    queued = select(RUN.c.id, RUN.c.workspace_id, in_order.label("place"))
    queued = queued.where(RUN.c.state == RunState.QUEUED, RUN.c.lane == "io")
    line = queued.subquery()
    query = select(line.c.id, line.c.workspace_id).where(line.c.place <= EACH)
    by_workspace: dict[int, list[str]] = {}
    with read_connection() as connection:
        for row in connection.execute(query.order_by(line.c.place, line.c.id)):
            by_workspace.setdefault(row.workspace_id, []).append(row.id)
    lines = list(by_workspace.values())
    random.shuffle(lines)  # if not all get a turn now, others do at the next look
    return list(_in_turn(lines))[:most]


def _in_turn(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    for turn in zip_longest(*lines):
        yield from (run_id for run_id in turn if run_id is not None)
