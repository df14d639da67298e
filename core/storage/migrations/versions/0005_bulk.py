"""Places that runs of a workflow share, batches of runs, and how deep runs start each other."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BY_LIMIT = sa.text("limit_key IS NOT NULL")
IN_LINE = sa.text("line IS NOT NULL")
BY_BATCH = sa.text("batch_id IS NOT NULL")
INDEXES = (
    ("ix_run_limit", ["workflow_id", "limit_key", "state"], BY_LIMIT),
    ("ix_run_line", ["line", "workflow_id", "limit_key", "id"], IN_LINE),
    ("ix_run_batch", ["batch_id", "state", "line"], BY_BATCH),
    ("ix_run_batch_line", ["batch_id", "line", "batch_index"], BY_BATCH),
)


def upgrade() -> None:
    """Add the columns and the tables; older runs have no place, no line and no batch."""
    op.add_column("run", sa.Column("chain", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("run", sa.Column("batch_id", sa.String(), nullable=True))
    op.add_column("run", sa.Column("batch_index", sa.Integer(), nullable=True))
    op.add_column("run", sa.Column("limit_key", sa.String(), nullable=True))
    op.add_column("run", sa.Column("line", sa.String(), nullable=True))
    for name, columns, where in INDEXES:
        op.create_index(name, "run", columns, sqlite_where=where, postgresql_where=where)
    add_batches()


def add_batches() -> None:
    """The table of batches, and that of items without runs."""
    op.create_table(
        "batch",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("workflow_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("path", sa.String(), nullable=True),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("chain", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.Double(), nullable=False),
        sa.Column("interval", sa.Float(), nullable=True),
        sa.Column("when_finished", sa.String(), nullable=True),
        sa.Column("finished_run_id", sa.String(), nullable=True),
        sa.Column("unfilled", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=True),
        sa.Column("again_id", sa.String(), nullable=True),
        sa.Column("again_of", sa.String(), nullable=True),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"]),
        sa.ForeignKeyConstraint(["workflow_id"], ["workflow.id"]),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("run_id", "path"),
    )
    op.create_index("ix_batch_workspace", "batch", ["workspace_id", "id"])
    op.create_index("ix_batch_state", "batch", ["state", "id"])
    op.create_table(
        "batch_part",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("given", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"]),
        sa.PrimaryKeyConstraint("batch_id", "number"),
    )
