"""Indexes for the filters of the list of runs, and smaller ones for what only open runs need."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

WITH_REASON = sa.text("reason IS NOT NULL")
WAKES = sa.text("wake_at IS NOT NULL")
LEASED = sa.text("lease_until IS NOT NULL")


def upgrade() -> None:
    """Each new one first, so that nothing is ever without."""
    op.create_index("ix_run_workspace_origin", "run", ["workspace_id", "id", "origin", "mode"])
    partly("ix_run_workspace_reason", ["workspace_id", "reason", "id"], WITH_REASON)
    partly("ix_run_wake_at", ["state", "wake_at"], WAKES)
    partly("ix_run_lease", ["state", "lease_until"], LEASED)
    for old in ("ix_run_workspace_id", "ix_run_state_wake_at", "ix_run_state_lease"):
        op.drop_index(old, "run")


def partly(name: str, columns: list[str], where: sa.TextClause) -> None:
    """An index of some of the rows."""
    op.create_index(name, "run", columns, sqlite_where=where, postgresql_where=where)
