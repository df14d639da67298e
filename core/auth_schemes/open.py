"""Anyone may call; a key that is shown all the same must be a good one."""

from collections.abc import Mapping
from typing import Any

from core.engine.auth_scheme import AuthScheme, Call, Caller


class Open(AuthScheme):
    """No proof is asked for."""

    label = "Anyone"
    help = "Whoever knows the URL can call it. For forms and links on public pages."
    keywords = ("public", "none", "anonymous", "no authentication")
    reads_key = True

    def check(self, call: Call, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Caller:
        """An unknown caller, or the owner of a valid key; a bad key is never just ignored."""
        if call.key is None and call.bearer() is None:
            return Caller("anonymous")
        key = call.shown_key()
        return Caller("admin" if key.is_admin else "key", key.id, key.name)
