"""How deep a call stands in a chain of workflows that call each other's URLs."""

from core.engine.auth_scheme import Call
from core.runtime.children import MOST_DEPTH
from core.runtime.endpoints.refusals import Refused
from core.runtime.outgoing import DEPTH_HEADER


def depth_of(call: Call) -> int:
    """How many runs came before this call; raises Refused (400) when they are too many.

    Whoever writes something else into the header is a caller like any other.
    """
    said = call.all(DEPTH_HEADER)
    depth = max((int(text[:6]) for text in said if text.isascii() and text.isdigit()), default=0)
    if depth > MOST_DEPTH:
        raise Refused(
            400,
            "TOO_DEEP",
            f"Workflows have called each other {MOST_DEPTH} deep; this call would go on for ever.",
            reason=f"more than {MOST_DEPTH} workflows called each other in a chain",
        )
    return depth
