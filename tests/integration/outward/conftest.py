import ipaddress
import socket
import threading

import pytest
from flask import Flask

from app import open_database
from core import clock, config
from core.storage.db import db, transaction
from core.storage.workspace import Workspace
from tests.integration.outward.listener import Listener


@pytest.fixture
def listen():
    """Start listeners; they are closed at the end of the test."""
    opened = []

    def start(*answers, **options):
        opened.append(Listener(*answers, **options))
        return opened[-1]

    yield start
    for listener in opened:
        listener.close()


class Names:
    """What names resolve to in this test; each question takes an answer, the last stays."""

    def __init__(self, resolve):
        self.resolve = resolve
        self.answers = {}
        self.asked = []
        self.hangs = False
        self.released = threading.Event()

    def set(self, name, *answers):
        self.answers[name] = list(answers)

    def getaddrinfo(self, host, port, *args, **options):
        if is_literal(host):
            return self.resolve(host, port, *args, **options)
        self.asked.append(host)
        if self.hangs:
            self.released.wait()
        answers = self.answers.get(host)
        if answers is None:
            options["flags"] = socket.AI_NUMERICHOST  # never ask a real name server
            return self.resolve(host, port, *args, **options)
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [row for a in addresses for row in self.resolve(a, port, type=socket.SOCK_STREAM)]


def is_literal(host):
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@pytest.fixture
def names(monkeypatch):
    names = Names(socket.getaddrinfo)
    monkeypatch.setattr(socket, "getaddrinfo", names.getaddrinfo)
    yield names
    names.released.set()


@pytest.fixture
def tables(tmp_path):
    """An empty database in a data folder of its own, inside an application context."""
    config.use(config.load({"OPENBUILD_HOME": str(tmp_path), "OPENBUILD_DURABILITY": "normal"}))
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = config.current().database_url
    open_database(app, config.current())
    with app.app_context():
        db.create_all()
        yield db
        db.session.remove()
        db.engine.dispose()
    config.use(None)


@pytest.fixture
def workspaces(tables):
    """Two strangers to each other."""
    rooms = [Workspace(name=name, label=name, created_at=clock.now()) for name in ("main", "other")]
    with transaction() as session:
        session.add_all(rooms)
    return [room.id for room in rooms]


@pytest.fixture
def workspace(workspaces):
    return workspaces[0]
