"""Run migrations on the connection that `core.storage.migrate` hands over."""

from alembic import context

from core.storage.db import db
from core.storage.migrate import load_tables

load_tables()
connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=db.metadata,
    render_as_batch=True,
    transactional_ddl=False,  # the caller's transaction holds all of it
)
context.run_migrations()
