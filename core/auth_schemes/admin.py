"""Only a key that may do everything can call."""

from collections.abc import Mapping
from typing import Any

from core.engine.auth_scheme import AuthScheme, Call, Caller, Forbidden


class Admin(AuthScheme):
    """A key in the header Authorization, with the scope admin."""

    label = "Only admin keys"
    help = "The caller sends `Authorization: Bearer …` with a key that has the scope admin."
    keywords = ("admin only", "token", "bearer", "owner")
    reads_key = True

    def check(self, call: Call, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Caller:
        """The key's owner."""
        key = call.shown_key()
        if not key.is_admin:
            raise Forbidden("Only a key with the scope admin may call this URL.")
        return Caller("admin", key.id, key.name)
