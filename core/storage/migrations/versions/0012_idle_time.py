"""How long a run lay failed before somebody took it up again: no time that it took."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of runs taken up earlier nobody knows it any more."""
    op.add_column("run", sa.Column("idle_ms", sa.BigInteger(), nullable=False, server_default="0"))
