"""The outside world: the only rooms that open sockets or hold keys."""
