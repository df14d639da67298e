"""The web application: settings, database, and the rooms and rules found in blueprints/."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from flask import Flask
from htmx_flask import Htmx
from jinja2 import StrictUndefined

import blueprints
from blueprints.url_rules import LazyRule
from core import config
from core.storage import postgresql_sessions
from core.storage.db import db, prepare_engine

FORM_PARTS = 1000
# What is written may be secret, so no error of the database repeats it into a log.
QUIET = {"hide_parameters": True}
SQLITE_POOL = {"pool_size": 16, "max_overflow": 128, **QUIET}
POSTGRES_POOL = {
    "pool_size": 8,
    "max_overflow": 16,
    "pool_timeout": 10,
    "connect_args": postgresql_sessions.ARGUMENTS,
    **QUIET,
}


class Application(Flask):
    """Flask, for views of which none is a coroutine: it need not look at each again and again."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The view as it is."""
        return func


def create_app(*, only: str | None = None) -> Flask:
    """Build the application; `only` leaves the public calls, or the pages, to other processes.

    A module of blueprints/ with `install(app)` is called with the application, and a package with
    `bp` is registered: neither is listed here. A package says with DOOR = "calls" that it answers
    public calls, or with DOOR = "both" that every process needs it; all others are pages.
    """
    settings = config.current()
    app = Application(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=pool(settings.database_url),
        MAX_CONTENT_LENGTH=settings.max_body,
        MAX_FORM_MEMORY_SIZE=settings.max_body,
        MAX_FORM_PARTS=FORM_PARTS,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https://"),
    )
    app.jinja_env.undefined = StrictUndefined
    app.json.sort_keys = False
    app.url_rule_class = LazyRule
    Htmx(app)
    open_database(app, settings)
    for install in installers():
        install(app)
    for room in blueprints.rooms():
        if is_open(room, only):
            app.register_blueprint(room.bp)
    return app


def is_open(room: ModuleType, only: str | None) -> bool:
    """Whether this process answers what the room offers."""
    door = getattr(room, "DOOR", "pages")
    return only is None or door in (only, "both")


def installers() -> Iterator[Callable[[Flask], None]]:
    """What the modules of blueprints/ add to the application as a whole."""
    for module in iter_modules(blueprints.__path__):
        if not module.ispkg:
            found = import_module(f"{blueprints.__name__}.{module.name}")
            if hasattr(found, "install"):
                yield found.install


def open_database(app: Flask, settings: config.Settings) -> None:
    """Connect the tables to the database that the settings name."""
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine, home=settings.home, fsync=settings.durability == "full")


def pool(database_url: str) -> dict[str, Any]:
    """How many connections a process may open: SQLite's cost nothing, PostgreSQL's are few."""
    return dict(POSTGRES_POOL if database_url.startswith("postgresql") else SQLITE_POOL)


def __getattr__(name: str) -> Flask:
    """`app` itself, for servers that look for it here; built when first asked for."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = create_app()
    return globals()["app"]


if __name__ == "__main__":
    from blueprints.cli import main

    sys.exit(main(["web", *sys.argv[1:]]))
