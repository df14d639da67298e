"""Warnings that somebody accepted when a version was published, with the reasons."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("version", sa.Column("accepted", sa.Text(), nullable=True))
