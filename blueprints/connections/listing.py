"""What the list of connections says about each."""

from dataclasses import dataclass

from core.connectors import connectors
from core.engine.connector import Connector
from core.engine.mail_connector import MailConnector
from core.runtime import connections, mail_events
from core.storage.connection import Connection
from core.storage.workflow import Workflow

STATES = {
    "works": ("good", "Works"),
    "refused": ("bad", "Refused when last used"),
    "": ("off", "Not tried yet"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One connection of the list."""

    connection: Connection
    connector: Connector
    users: list[Workflow]

    @property
    def place(self) -> str:
        """Where or what it is for."""
        return self.connector.place(self.connection.fields)

    @property
    def state(self) -> tuple[str, str]:
        """A tone and a word for how its last use went."""
        if not (self.signs_requests or self.sends_mails):
            return ("good", "Ready")
        return STATES[self.connection.last_result]

    @property
    def signs_requests(self) -> bool:
        """Whether requests are sent with it, so that it can be tried."""
        has_address = bool(self.connector.addresses(self.connection.fields))
        return has_address and not self.sends_mails

    @property
    def events_address(self) -> str:
        """Where its service may tell what became of mails; empty: it can't."""
        is_able = mail_events.mailbox_of(self.connection) is not None
        return mail_events.address(self.connection) if is_able else ""

    @property
    def is_told(self) -> bool:
        """Whether that address is open."""
        return mail_events.is_open(self.connection)

    @property
    def sends_mails(self) -> bool:
        """Whether mails are sent through it, so that one can be sent for a trial."""
        return isinstance(self.connector, MailConnector)


def rows(workspace_id: int) -> list[Row]:
    """All connections of the workspace whose kind is known, by label."""
    users = connections.users_of(workspace_id)
    return [
        row_of(connection, users.get(connection.name, []))
        for connection in connections.listing(workspace_id)
        if connection.type in connectors()
    ]


def row_of(connection: Connection, users: list[Workflow]) -> Row:
    return Row(connection, connectors()[connection.type], users)
