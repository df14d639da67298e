"""How PostgreSQL is spoken to: neither side waits long for the other when the line is dead.

A machine that is cut off in the middle of a transaction leaves its rows locked. The server lets go
of them before those who wait for them lose their own leases, which they can't renew meanwhile.
"""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

if TYPE_CHECKING:  # who uses SQLite does not carry it along
    import psycopg

# The client's side: a new connection within seconds, a dead one noticed within ten.
ARGUMENTS = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# The server's side. No transaction of ours pauses for long, or waits long for another.
SESSION = {
    "idle_in_transaction_session_timeout": "5s",
    "lock_timeout": "10s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10s",
}


def listen(engine: Engine) -> None:
    """Prepare every connection of this engine."""
    event.listen(engine, "connect", prepare)


def prepare(connection: "psycopg.Connection[Any]", _record: Any) -> None:
    """Tell the server how patient to be in this session."""
    connection.autocommit = True
    connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in SESSION.items()))
    connection.autocommit = False
