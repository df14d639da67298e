"""What tests ask for: an application on a fresh data folder, a caller, and a worker."""

import contextvars
import gc
import os
import shutil
import socket
from itertools import count

import psycopg
import pytest
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from core import config
from core.storage import postgresql_sessions
from tests import emptying
from tests.factories import forget_versions
from tests.json_suite import FOLDER as json_suite_folder
from tests.people import client_of, password_hash, people  # noqa: F401
from tests.servers import PostgreSQL, Valkey

UNIT_TESTS = "tests/unit"
# A test may look at the database, do something that takes long, and look again.
postgresql_sessions.SESSION["idle_in_transaction_session_timeout"] = "2min"
for name in [name for name in os.environ if name.startswith(config.PREFIX)]:
    del os.environ[name]


class Caller(FlaskClient):
    """A test client whose requests know nothing of the context in which the test runs."""

    def open(self, *args, **kwargs):
        return contextvars.Context().run(super().open, *args, **kwargs)


DATABASES = ("sqlite", "postgresql")


def pytest_addoption(parser):
    """Let one switch choose the database of every test that needs one and names none."""
    parser.addoption("--database", choices=DATABASES, help="run every test on this database alone")
    parser.addoption("--examples", type=int, default=100, help="random workflows to try")


def pytest_collection_modifyitems(config, items):
    """Mark what needs PostgreSQL, so that a machine without it can leave it out."""
    chosen = config.getoption("database")
    for item in items:
        uses = database_of(item) or chosen
        if uses == "postgresql" or "postgresql" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.postgresql)
    others = [item for item in items if chosen and database_of(item) not in (None, chosen)]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in set(others)]


def pytest_collection_finish():
    """Look for garbage seldom, and never in what is loaded by now: it took a third of the time."""
    import app  # noqa: F401
    import worker  # noqa: F401

    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


def database_of(item):
    """Which database a test insists on, if it does."""
    if item.get_closest_marker("only_sqlite"):
        return "sqlite"
    return getattr(getattr(item, "callspec", None), "params", {}).get("database")


@pytest.fixture(scope="session")
def json_suite():
    """The cases of JSONTestSuite, which the project carries no copy of."""
    if not json_suite_folder.is_dir():
        pytest.skip("JSONTestSuite is not in ../shared/corpora")


@pytest.fixture(scope="session")
def valkey():
    """A real Valkey for all tests of this process."""
    server = Valkey()
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgresql():
    """A real PostgreSQL for all tests of this process."""
    server = PostgreSQL()
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory):
    """An empty database with all tables, to copy: migrating takes longer than most tests."""
    home = tmp_path_factory.mktemp("migrated")
    config.use(config.load({"OPENBUILD_HOME": str(home), "OPENBUILD_DURABILITY": "normal"}))
    migrate()
    config.use(None)
    return home / "openbuild.db"


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql, tmp_path_factory):
    """The same on PostgreSQL: address and version of a database that tests leave empty."""
    with psycopg.connect(postgresql.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrated")
    home = str(tmp_path_factory.mktemp("migrated-postgresql"))
    address = postgresql.url("migrated")
    config.use(config.load({"OPENBUILD_HOME": home, "OPENBUILD_DATABASE_URL": address}))
    migrate()
    config.use(None)
    return address, emptying.version_of(address)


def migrate():
    """Bring the database of the current settings up to date, as `up` does."""
    from app import create_app
    from core.storage import migrate
    from core.storage.db import db

    with create_app().app_context():
        migrate.upgrade()
        db.engine.dispose()


@pytest.fixture
def database(request):
    """Which database this test uses; parametrize indirectly with DATABASES to use both."""
    return getattr(request, "param", request.config.getoption("database") or DATABASES[0])


@pytest.fixture
def database_url(request, database, tmp_path):
    """The address of a fresh database with all tables."""
    if database == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "openbuild.db")
        yield ""
        return
    url, version = request.getfixturevalue("migrated_postgresql")
    yield url
    emptying.empty(url, version)


@pytest.fixture(scope="session")
def fresh_database(request):
    """Make the database of an openBuild that is started for itself: its address, if it has one."""
    numbers = count(1)

    def make():
        if request.config.getoption("database") != "postgresql":
            return ""
        server, name = request.getfixturevalue("postgresql"), f"own{next(numbers)}"
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return server.url(name)

    return make


@pytest.fixture
def settings(tmp_path, database_url, valkey):
    """The settings of a fresh data folder."""
    given = {
        "OPENBUILD_HOME": str(tmp_path),
        "OPENBUILD_DATABASE_URL": database_url,
        "OPENBUILD_REDIS_URL": valkey.url,
        "OPENBUILD_DURABILITY": "normal",
    }
    config.use(config.load(given))
    yield config.current()
    config.use(None)


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory):
    """Where compiled templates are kept: every test has its own application."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(settings, compiled_templates):
    """The application on a fresh database and an empty queue, with its context for the test."""
    from app import create_app
    from core import queue
    from core.runtime import leases, processes, waiters
    from core.storage.db import db

    queue._silent_until = 0.0  # what was away before this test says nothing about its server
    queue.connection().flushall()
    forget_versions()
    app = create_app()
    app.testing = True
    app.test_client_class = Caller
    app.jinja_env.bytecode_cache = compiled_templates
    with app.app_context():
        yield app
        leases._held.clear()
        leases._beating.clear()
        processes._started.clear()
        waiters.close(app)
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app):
    """Somebody who isn't signed in."""
    return app.test_client()


@pytest.fixture
def work(app):
    """Let a real worker carry out what is in the queue, until it is empty."""
    from worker import RunWorker

    def work():
        contextvars.Context().run(RunWorker(app, "test").work, burst=True)

    return work


@pytest.fixture(autouse=True)
def no_network_in_unit_tests(request, monkeypatch):
    """What is pure opens no sockets."""
    if UNIT_TESTS in str(request.node.path):

        def refuse(*args):
            raise AssertionError("a unit test opened a connection")

        monkeypatch.setattr(socket.socket, "connect", refuse)
