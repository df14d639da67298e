"""All runs that fit, looked through in pieces: what lies in the rows is not read at one go."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from core.runtime.run_filter import RunFilter
from core.storage.run import Run

WINDOW = 20_000  # runs whose inputs and answers are read at a time
RUN = Run.__table__
Conditions = list[ColumnElement[bool]]


def pieces(connection: Connection, workspace_id: int, wanted: RunFilter) -> Iterator[Conditions]:
    """What the runs of each piece fulfil, the oldest piece first."""
    after: str | None = ""
    while after is not None:
        before, after = after, end_of_piece(connection, workspace_id, wanted, after)
        yield within(workspace_id, wanted, before, after)


def within(workspace_id: int, wanted: RunFilter, after: str, until: str | None) -> Conditions:
    """That a run fits and is newer than the one, but not newer than the other."""
    bounds = [RUN.c.id > after] if after else []
    return [
        *wanted.conditions(workspace_id),
        *bounds,
        *([RUN.c.id <= until] if until is not None else []),
    ]


def end_of_piece(
    connection: Connection, workspace_id: int, wanted: RunFilter, after: str
) -> str | None:
    """The last run of the piece that begins after this one; None: it goes to the end."""
    if not wanted.text:
        return None
    bare = replace(wanted, text="")
    query = select(RUN.c.id).where(*within(workspace_id, bare, after, None))
    last: Any = query.order_by(RUN.c.id).offset(WINDOW).limit(1)
    found: str | None = connection.execute(last).scalar_one_or_none()
    return found
