"""Anyone with a key that may run this workflow can call."""

from collections.abc import Mapping
from typing import Any

from core.engine.auth_scheme import AuthScheme, Call, Caller, Forbidden


class ApiKey(AuthScheme):
    """A key in the header Authorization, with the scope to run the workflow."""

    label = "Anyone with a key"
    help = "The caller sends `Authorization: Bearer …` with a key that may run this workflow."
    keywords = ("token", "bearer", "authorization", "user & admin")
    reads_key = True

    def check(self, call: Call, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Caller:
        """The key's owner."""
        key = call.shown_key()
        if not key.may_run(call.workflow):
            raise Forbidden(f"This key may not run {call.workflow}.")
        return Caller("admin" if key.is_admin else "key", key.id, key.name)
