"""See to it that no workflow waits behind the crowd of another's runs.

Bells are heard in the order in which they rang. While there are many, a worker also looks, a few
times a second, for the first runs of each workflow in line, and takes those first of whose
workspace and workflow the fewest are under way. While there are few, this costs nothing.
"""

import random
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

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
    """The first runs in line of each workflow; those come first of whom the fewest are under way.

    Often one hand alone is free: who always had the oldest run would get it at every look.
    """
    in_order = func.row_number().over(partition_by=RUN.c.workflow_id, order_by=RUN.c.id)
    queued = select(RUN.c.id, RUN.c.workspace_id, RUN.c.workflow_id, in_order.label("place"))
    queued = queued.where(RUN.c.state == RunState.QUEUED, RUN.c.lane == "io")
    line = queued.subquery()
    under_way = select(RUN.c.workspace_id, RUN.c.workflow_id, func.count())
    under_way = under_way.where(RUN.c.state == RunState.RUNNING)
    with read_connection() as connection:
        first = connection.execute(select(line).where(line.c.place <= EACH)).all()
        held = connection.execute(under_way.group_by(RUN.c.workspace_id, RUN.c.workflow_id)).all()
    return _in_turn(first, held)[:most]


def _in_turn(first: Sequence[Any], held: Sequence[Any]) -> list[str]:
    """A run's turn comes by how many others of its workspace go before it, as in its workflow."""
    by_workspace: Counter[int] = Counter()
    by_workflow: Counter[int] = Counter()
    for workspace_id, workflow_id, count in held:
        by_workspace[workspace_id] += count
        by_workflow[workflow_id] += count
    lines: dict[int, list[tuple[int, str]]] = {}
    for run in first:
        turn = by_workflow[run.workflow_id] + run.place
        lines.setdefault(run.workspace_id, []).append((turn, run.id))
    turns = []
    for workspace_id, line in lines.items():
        for place, (_, run_id) in enumerate(sorted(line)):
            turns.append((by_workspace[workspace_id] + place, random.random(), run_id))
    return [run_id for *_, run_id in sorted(turns)]
