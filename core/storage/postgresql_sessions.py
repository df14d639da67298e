"""How PostgreSQL is spoken to: neither side waits long for the other when the line is dead.

A machine that is cut off in the middle of a transaction leaves its rows locked. The server lets go
of them before those who wait for them lose their own leases, which they can't renew meanwhile.
"""

import select
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

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
# Large values are packed about three times as fast, where the server was built with it.
FAST_PACKING = """
SELECT set_config(name, 'lz4', false) FROM pg_settings
WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)
"""


def listen(engine: Engine) -> None:
    """Prepare every connection of this engine, and look at it each time it is used again."""
    event.listen(engine, "connect", prepare)
    event.listen(engine, "checkout", check)


def prepare(connection: "psycopg.Connection[Any]", _record: Any) -> None:
    """Tell the server how patient to be in this session."""
    connection.autocommit = True
    connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in SESSION.items()))
    connection.execute(FAST_PACKING)
    connection.autocommit = False


def check(connection: "psycopg.Connection[Any]", _record: Any, _proxy: Any) -> None:
    """Use no line on which the server has said something unasked: most often that it hangs up.

    Asking it, as `pool_pre_ping` does, costs a round trip each time. Raises DisconnectionError,
    upon which the pool opens another line.
    """
    lookout = select.poll()
    lookout.register(connection.fileno(), select.POLLIN | select.POLLHUP)
    if lookout.poll(0):
        raise DisconnectionError("the database has hung up")
