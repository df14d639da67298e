"""How long a batch had ended before one of its items was taken up again: no time that it took."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of items taken up earlier nobody knows it any more."""
    idle = sa.Column("idle_ms", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("batch", idle)
