"""Take what mail services tell of our mails, at an address that only a connection's key opens."""

import base64
import hashlib
import hmac
from binascii import Error as NotBase64
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection as Database
from sqlalchemy import Row, select, update

from core import config
from core.connectors import connectors
from core.engine import json_gate
from core.engine.mail_connector import MailConnector
from core.engine.mail_events import EventCall, MailEvent, worse
from core.runtime import connections, mailing, marked_addresses
from core.runtime.gateways.secrets import SecretsUnreadable
from core.runtime.marked_addresses import Mark
from core.storage.connection import Connection
from core.storage.db import db, is_new, write_connection
from core.storage.mail import Mail
from core.storage.mail_event import MailEvent as Stored

MAIL, EVENT = Mail.__table__, Stored.__table__
LONGEST_TOKEN = 100
MOST_AT_ONCE = 200  # events in one transaction: others write, too
LARGEST_BODY = 2 * 1024 * 1024


class NotGenuine(Exception):
    """Nothing proves that the call is the service's."""


class NotEvents(Exception):
    """The call is the service's, and yet it tells nothing that can be read."""


def mailbox_of(connection: Connection) -> MailConnector | None:
    """The kind of this connection, if its service can tell what became of mails."""
    connector = connectors().get(connection.type)
    is_able = isinstance(connector, MailConnector) and bool(connector.events_field)
    return connector if is_able and isinstance(connector, MailConnector) else None


def is_open(connection: Connection) -> bool:
    """Whether the address is open: only once there is something to prove calls with."""
    connector = mailbox_of(connection)
    if connector is None:
        return False
    key = connector.events_field
    return bool(connection.fields.get(key)) or key in connection.secret_keys


def address(connection: Connection) -> str:
    """What is pasted at the service; it is the same as long as the connection exists."""
    return f"{config.current().base_url}/mail-events/{token(connection)}"


def token(connection: Connection) -> str:
    """The last part of the address: nobody can guess it."""
    secret = config.current().secret_key.encode()
    subject = f"mail-events:{connection.workspace_id}:{connection.id}:{connection.name}"
    signature = hmac.digest(secret, subject.encode(), "sha256")[:24]
    return f"{connection.id}-{base64.urlsafe_b64encode(signature).decode()}"


def opened(given: str) -> Connection | None:
    """The connection that this token opens; None if it opens nothing."""
    number = given.partition("-")[0]
    if len(given) > LONGEST_TOKEN or not given.isascii() or not number.isdigit():
        return None
    connection = db.session.get(Connection, int(number)) if len(number) < 10 else None
    if connection is None or not hmac.compare_digest(token(connection), given):
        return None
    return connection if is_open(connection) else None


def receive(connection: Connection, call: EventCall) -> int:
    """Take what is new in the call; says how many events that were.

    Raises NotGenuine, NotEvents or JsonRefused.
    """
    connector = mailbox_of(connection)
    if connector is None or not _is_proved(connector, connection, call):
        raise NotGenuine
    events = connector.read_events(json_gate.parse(call.raw))
    if events is None:
        raise NotEvents
    workspace_id, name = connection.workspace_id, connection.name
    db.session.rollback()
    starts = range(0, len(events), MOST_AT_ONCE)
    return sum(_take(workspace_id, name, events[at : at + MOST_AT_ONCE]) for at in starts)


def is_signed(key: str, signature: str, signed: bytes) -> bool:
    """Whether this is the key's ECDSA signature over SHA-256, key and signature in base 64."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        public = load_der_public_key(base64.b64decode(key))
        if not isinstance(public, ec.EllipticCurvePublicKey):
            return False
        public.verify(base64.b64decode(signature, validate=True), signed, ec.ECDSA(SHA256()))
    except (ValueError, NotBase64, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_proved(connector: MailConnector, connection: Connection, call: EventCall) -> bool:
    try:
        secrets = connections.secrets_in(connection)
    except SecretsUnreadable:
        return False
    return connector.proves(call, connection.fields, secrets, is_signed)


def _take(workspace_id: int, connection: str, events: Sequence[MailEvent]) -> int:
    taken = 0
    with write_connection() as database:
        mails = _mails(database, workspace_id, {event.message_id for event in events})
        outcomes = {mail.id: mail.outcome for mail in mails.values()}
        for event in events:
            mail = mails.get(event.message_id)
            if mail is None or event.email not in _recipients(mail):
                continue  # not a mail of ours, or forgotten
            if not _note(database, mail.id, event):
                continue
            taken += 1
            outcomes[mail.id] = worse(outcomes[mail.id], event.kind)
            if event.marks:
                marked = Mark(event.email, event.kind, event.reason, connection, event.at, mail.id)
                marked_addresses.mark(database, workspace_id, marked)
        for mail in mails.values():
            if outcomes[mail.id] != mail.outcome:
                change = update(MAIL).where(MAIL.c.id == mail.id)
                database.execute(change.values(outcome=outcomes[mail.id]))
    return taken


def _mails(database: Database, workspace_id: int, ids: Collection[str]) -> Mapping[str, Row[Any]]:
    """Our mails of these Message-IDs, locked in one order, by what the service calls them."""
    names = {full: given for given in sorted(ids) for full in _full(given)}
    columns = MAIL.c.id, MAIL.c.message_id, MAIL.c.recipients, MAIL.c.outcome
    here = MAIL.c.workspace_id == workspace_id, MAIL.c.message_id.in_(sorted(names))
    query = select(*columns).where(*here).order_by(MAIL.c.id).with_for_update()
    return {names[mail.message_id]: mail for mail in database.execute(query)}


def _full(given: str) -> Iterator[str]:
    """A Message-ID may come back cut short: our own part of it is what counts."""
    yield given
    own = given.strip("<>").partition("@")[0]
    yield f"<{own}@{mailing.domain()}>"


def _recipients(mail: Row[Any]) -> set[str]:
    kinds = (mail.recipients.get(kind) or () for kind in ("to", "cc", "bcc"))
    return {str(email).lower() for people in kinds for email, *_ in people}


def _note(database: Database, mail_id: int, event: MailEvent) -> bool:
    """Write the event down; False when it was taken before."""
    row = {
        "mail_id": mail_id,
        "key": hashlib.sha256(event.key.encode()).hexdigest(),
        "kind": event.kind,
        "email": event.email,
        "reason": event.reason,
        "at": event.at,
    }
    return is_new(database, EVENT, row)
