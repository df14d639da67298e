"""The same done to many runs at once, and what became of each."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two tables."""
    op.create_table(
        "bulk_action",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("on_published", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("gathered", sa.String(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("stopped_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_bulk_action_workspace", "bulk_action", ["workspace_id", "id"])
    op.create_index("ix_bulk_action_ended", "bulk_action", ["ended_at", "id"])
    op.create_table(
        "bulk_item",
        sa.Column("action_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("new_run_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["action_id"], ["bulk_action.id"]),
        sa.PrimaryKeyConstraint("action_id", "run_id"),
    )
    op.create_index("ix_bulk_item_state", "bulk_item", ["action_id", "state", "run_id"])
