"""Keys by which a repeated call is recognised, each with the run that the first one started."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant, new_id
from core.storage.db import db
from core.storage.workflow import Workflow


class CallKey(db.Model):  # type: ignore[name-defined,misc]
    """One key of one workflow; the unique constraint is what makes the first call the first."""

    __table_args__ = (UniqueConstraint("workflow_id", "mode", "kind", "key"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    workflow_id: Mapped[int] = mapped_column(ForeignKey(Workflow.id))
    mode: Mapped[str]  # live | draft
    kind: Mapped[str]  # header | duplicate | replay
    key: Mapped[str]  # a fingerprint
    body_hash: Mapped[str] = mapped_column(default="")
    run_id: Mapped[str]
    reply: Mapped[str] = mapped_column(default="")  # what the first call got: accepted | final
    waited_until: Mapped[datetime | None] = mapped_column(Instant)  # a connection waits till then
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
