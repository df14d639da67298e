"""What a bulk action would do: to how many runs, to how many not, and why not."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from core.engine.states import FINAL, RunState
from core.runtime import bulk_windows, resuming
from core.runtime.bulk_actions import MOST, RunsMissing
from core.runtime.bulk_kinds import DELETED, ENDED, NOT_ENDED, NOT_FAILED, UNPUBLISHED
from core.runtime.resuming import NotResumable
from core.runtime.run_filter import RunFilter
from core.storage.db import read_connection
from core.storage.run import Run
from core.storage.workflow import Workflow

SECONDS = 2.0  # of looking for what fits
LOOKED_AT = 200  # failed runs that are looked at one by one
RUN, WORKFLOW = Run.__table__, Workflow.__table__


@dataclass(frozen=True, slots=True)
class Foreseen:
    """How many runs are meant, how many it can be done to, and why not to the others."""

    total: int
    cannot: Sequence[tuple[str, int]] = ()
    is_sure: bool = True  # otherwise some may turn out to be impossible
    is_whole: bool = True  # otherwise there may be more

    def and_also(self, other: "Foreseen") -> "Foreseen":
        """Both together."""
        cannot = Counter(dict(self.cannot))
        cannot.update(dict(other.cannot))
        total, is_sure = self.total + other.total, self.is_sure and other.is_sure
        return Foreseen(total, cannot.most_common(), is_sure)

    @property
    def can(self) -> int:
        """To how many it can be done, as far as is known."""
        return self.total - sum(count for _, count in self.cannot)

    @property
    def is_too_many(self) -> bool:
        """Whether there are more than one bulk action takes."""
        return self.total > MOST


def of_chosen(
    workspace_id: int, kind: str, ids: Sequence[str], *, on_published: bool = False
) -> Foreseen:
    """For runs that were chosen one by one; raises RunsMissing."""
    wanted = set(ids)
    here = [RUN.c.workspace_id == workspace_id, RUN.c.id.in_(sorted(wanted))]
    found = _foresee(kind, here, on_published)
    if not wanted or found.total < len(wanted):
        raise RunsMissing
    return found


def of_matching(
    workspace_id: int, kind: str, wanted: RunFilter, *, on_published: bool = False
) -> Foreseen:
    """For all runs that fit, as far as they are found in a little time."""
    until = time.monotonic() + SECONDS
    found = Foreseen(0)
    with read_connection() as connection:
        for piece in bulk_windows.pieces(connection, workspace_id, wanted):
            if found.is_too_many or time.monotonic() > until:
                return replace(found, is_whole=False)
            found = found.and_also(_foresee(kind, piece, on_published))
    return found


def count(workspace_id: int, wanted: RunFilter) -> int:
    """How many runs fit; one more than a bulk action takes, if there are more."""
    fit = select(RUN.c.id).where(*wanted.conditions(workspace_id)).limit(MOST + 1).subquery()
    with read_connection() as connection:
        return int(connection.execute(select(func.count()).select_from(fit)).scalar_one())


def _foresee(kind: str, meant: list[ColumnElement[bool]], on_published: bool) -> Foreseen:
    some = select(RUN.c.workflow_id, RUN.c.state, RUN.c.mode).where(*meant).limit(MOST + 1)
    runs = some.subquery()
    of_workflow = WORKFLOW.c.id, WORKFLOW.c.deleted_at, WORKFLOW.c.published_id
    groups = runs.c.state, runs.c.mode, *of_workflow
    query = select(*groups, func.count().label("many")).select_from(runs)
    query = query.join(WORKFLOW, WORKFLOW.c.id == runs.c.workflow_id).group_by(*groups)
    cannot: Counter[str] = Counter()
    with read_connection() as connection:
        found = connection.execute(query).all()
        total, open_count = sum(row.many for row in found), 0
        for row in found:
            if reason := _reason(kind, row, on_published):
                cannot[reason] += row.many
            else:
                open_count += row.many
        is_sure = kind != "retry" or open_count <= LOOKED_AT
        failed = select(RUN).where(*meant, RUN.c.state == RunState.FAILED).limit(LOOKED_AT)
        rows = list(connection.execute(failed)) if kind == "retry" and is_sure else []
    known = set(cannot)
    for row in rows:
        reason = _not_resumable(row, on_published)
        if reason and reason not in known:
            cannot[reason] += 1
    return Foreseen(total, cannot.most_common(), is_sure)


def _reason(kind: str, row: Row[Any], on_published: bool) -> str:
    """Why it can't be done to such runs; empty if it can."""
    if kind == "cancel":
        return ENDED if row.state in FINAL else ""
    if kind == "rerun":
        if row.state not in FINAL:
            return NOT_ENDED
        if row.deleted_at is not None:
            return DELETED
        return UNPUBLISHED if row.mode == "live" and row.published_id is None else ""
    if row.state != RunState.FAILED:
        return NOT_FAILED
    if on_published and row.deleted_at is not None:
        return DELETED
    return UNPUBLISHED if on_published and row.published_id is None else ""


def _not_resumable(row: Row[Any], on_published: bool) -> str:
    try:
        resuming.plan(row, is_published=on_published)
    except NotResumable as refused:
        return str(refused)
    return ""
