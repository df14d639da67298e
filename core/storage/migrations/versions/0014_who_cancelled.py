"""Who cancelled a run, so that its page can name them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of runs cancelled earlier nobody knows it any more."""
    op.add_column("run", sa.Column("cancelled_by", sa.String(), nullable=True))
