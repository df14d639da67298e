"""An openBuild inside a bench's own process, which leaves nothing open behind it."""

import os
import tempfile
from contextlib import contextmanager


@contextmanager
def both_databases():
    """The name of each database with the settings that choose it; both flush what is durable."""
    from tests.servers import PostgreSQL

    server = PostgreSQL()
    server.start(is_durable=True)
    try:
        yield {"SQLite": {}, "PostgreSQL": {"database_url": server.url()}}
    finally:
        server.close()


@contextmanager
def own_app(redis_url="", **more):
    """An application on a fresh database, with its context; gives it.

    `more` are further settings, without their prefix and in small letters.
    """
    from app import create_app
    from core import config
    from core.storage import migrate
    from core.storage.db import db
    from tests.factories import forget_versions

    with tempfile.TemporaryDirectory(
        prefix="openbuild-bench-", dir=os.environ.get("TMPDIR")
    ) as home:
        given = {"home": home, "redis_url": redis_url, **more}
        config.use(config.load({f"OPENBUILD_{name.upper()}": given[name] for name in given}))
        forget_versions()
        try:
            app = create_app()
            with app.app_context():
                try:
                    migrate.upgrade()
                    yield app
                finally:
                    db.session.remove()
                    db.engine.dispose()
        finally:
            config.use(None)
