"""Try a connection before a workflow depends on it."""

from dataclasses import dataclass

from core.connectors import connectors
from core.engine.http_messages import HttpFailed, OutgoingRequest, is_retryable_status
from core.engine.mail_connector import MailConnector
from core.engine.mail_messages import MailFailed, OutgoingMail, read_address
from core.runtime import outbox
from core.runtime.outgoing import REFUSALS, Outgoing
from core.storage.connection import Connection
from core.storage.db import db

TRIAL_SECONDS = 10.0
TRIAL_TEXT = """This mail was sent to see whether it arrives. It has.

You can answer it, forward it or delete it; nothing depends on it.
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it: good, bad or warn, a sentence, and what to think of it."""

    tone: str
    said: str
    more: str


def of_connection(connection: Connection) -> Trial | None:
    """Ask for the connection's own address with its key; None if it signs no requests."""
    connector = connectors()[connection.type]
    addresses = connector.addresses(connection.fields)
    if not addresses or isinstance(connector, MailConnector):
        return None
    request = OutgoingRequest("GET", addresses[0], timeout=TRIAL_SECONDS)
    workspace_id, name = connection.workspace_id, connection.name
    db.session.rollback()  # no transaction stays open while the other side thinks
    try:
        answer = Outgoing(workspace_id).send(request, connection=name)
    except HttpFailed as failure:
        return Trial("bad", "No answer.", failure.message)
    return _judge(answer.status)


def of_mailbox(connection: Connection, to: str) -> Trial | None:
    """Send a mail through the connection; None if it sends no mails."""
    if not isinstance(connectors()[connection.type], MailConnector):
        return None
    label, workspace_id, name = connection.label, connection.workspace_id, connection.name
    try:
        address = read_address(to, "To")
        mail = OutgoingMail((address,), f"It works: a mail through “{label}”", TRIAL_TEXT)
        outbox.send_test(workspace_id, mail, name, seconds=TRIAL_SECONDS)
    except MailFailed as failure:
        return Trial("bad", "Not sent.", f"{failure.message}.")
    return Trial("good", "Sent.", f"Look whether it has arrived at {address.email}.")


def _judge(status: int) -> Trial:
    if status in REFUSALS:
        return Trial("bad", f"The service refused the key ({status}).", "Enter it again.")
    if is_retryable_status(status):
        return Trial("warn", f"The service answers, but with {status}.", "Try again later.")
    if status >= 400:
        return Trial(
            "warn",
            f"The service answers with {status} at its address.",
            "It did not refuse the key; the first real request will tell.",
        )
    return Trial("good", "It works:", f"the service answered {status} and took the key.")
