"""Schedules, the runs they start, and the switch that pauses all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BY_SCHEDULE = sa.text("schedule_id IS NOT NULL")


def upgrade() -> None:
    """Add the table and the columns."""
    op.create_table(
        "schedule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("workflow_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("recurrence", sa.Text(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=True),
        sa.Column("missed", sa.String(), nullable=False),
        sa.Column("overlap", sa.String(), nullable=False),
        sa.Column("input", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.Double(), nullable=False),
        sa.Column("next_at", sa.Double(), nullable=True),
        sa.Column("moved_from", sa.Double(), nullable=True),
        sa.Column("last_at", sa.Double(), nullable=True),
        sa.Column("last_run_id", sa.String(), nullable=True),
        sa.Column("missed_count", sa.Integer(), nullable=False),
        sa.Column("skipped_count", sa.Integer(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("paused_by", sa.String(), nullable=False),
        sa.Column("paused_at", sa.Double(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"]),
        sa.ForeignKeyConstraint(["workflow_id"], ["workflow.id"]),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workflow_id", "key"),
    )
    op.create_index(op.f("ix_schedule_next_at"), "schedule", ["next_at"], unique=False)
    op.add_column("run", sa.Column("schedule_id", sa.Integer(), nullable=True))
    op.create_index(
        "ix_run_state_schedule",
        "run",
        ["state", "schedule_id", "due_at"],
        unique=False,
        sqlite_where=BY_SCHEDULE,
        postgresql_where=BY_SCHEDULE,
    )
    op.add_column("workspace", sa.Column("schedules_paused_at", sa.Double(), nullable=True))
    op.add_column("workspace", sa.Column("schedules_paused_by", sa.String(), nullable=True))
