"""Whether the installation holds still after a restore."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("holding_since", sa.Double(), nullable=True),
        sa.Column("restored_from", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
