"""Warnings that somebody accepted when a version was published, with the reasons."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("version", sa.Column("accepted", sa.Text(), nullable=True))
