from dataclasses import replace

import pytest

from core import config
from core.runtime import connections
from core.runtime.connections import Values
from core.storage.db import db
from core.storage.mail import Mail
from tests.factories import workspace
from tests.mailboxes import Mailbox

PASSWORD = "canary-7a1c/+ü"


@pytest.fixture(autouse=True)
def opened(app):
    """Steps may reach this machine."""
    config.use(replace(config.current(), allowed_hosts_out=("127.0.0.0/8",)))


@pytest.fixture
def open_mailbox():
    servers = []

    def open_mailbox(**options):
        servers.append(Mailbox(**options))
        return servers[-1]

    yield open_mailbox
    for server in servers:
        server.close()


@pytest.fixture
def mailbox(open_mailbox):
    """A mail server, and the connection “office” to it."""
    server = open_mailbox()
    connect(server.port)
    return server


def connect(port, name="office", **fields):
    """A mailbox on this machine, as a connection."""
    usual = {"host": "127.0.0.1", "port": str(port), "security": "none"}
    usual |= {"from_email": "orders@example.org", "from_name": "Lindgren Supply"}
    values = Values("Office", usual | fields, {})
    return connections.create(workspace().id, name, "smtp", values=values, by="Olga")


def mails():
    """Everything in the outbox, newest first."""
    db.session.rollback()
    db.session.expire_all()
    return Mail.of_workspace(workspace().id)
