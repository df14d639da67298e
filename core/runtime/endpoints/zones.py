"""The time zone in which a call's dates without one are meant."""

from functools import cache
from zoneinfo import available_timezones

from core.engine.auth_scheme import Call
from core.runtime.endpoints.refusals import bad_call

HEADER = "x-timezone"


def zone_of(call: Call, usual: str) -> str:
    """The zone the caller names, else the workspace's; raises Refused for one that isn't."""
    asked = call.header(HEADER)
    if asked is None:
        return usual
    if asked not in known_zones():
        raise bad_call("X-Timezone", f"“{asked[:60]}” is not a time zone such as Europe/Berlin.")
    return asked


@cache
def known_zones() -> frozenset[str]:
    """All zones of the database; read once, because it walks through files."""
    return frozenset(available_timezones())
