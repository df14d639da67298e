"""What an endpoint allows: from where, how large, how often."""

import threading
import time
from typing import Final

from core import clock, config, queue
from core.engine.auth_scheme import Call, Caller
from core.engine.endpoint_limits import Rate, is_in, read_network, read_rate, read_size
from core.runtime.endpoints.addresses import Endpoint
from core.runtime.endpoints.refusals import Refused
from core.runtime.idempotency import fingerprint

QUOTA_EXCEEDED: Final = "RATE_LIMITED"
MOST_COUNTED: Final = 10_000  # windows that a process counts itself while Valkey is away


def largest_body(endpoint: Endpoint) -> int:
    """The endpoint's own limit, never above this installation's."""
    own = endpoint.settings.get("max_body")
    limit = config.current().max_body
    return limit if own is None else min(limit, read_size(own))


def check_length(endpoint: Endpoint, length: int | None) -> None:
    """Refuse a body that says it is too large, before it is read."""
    if length is not None and length > largest_body(endpoint):
        raise too_large(endpoint)


def too_large(endpoint: Endpoint) -> Refused:
    """The body is longer than allowed here."""
    limit = largest_body(endpoint)
    return Refused(413, "BODY_TOO_LARGE", f"The body is larger than {limit:,} bytes.")


def check_address(endpoint: Endpoint, call: Call) -> None:
    """Refuse callers from elsewhere, if the author says from where."""
    allowed = endpoint.settings.get("allowed_addresses")
    if allowed and not is_in(call.remote_address, [read_network(one) for one in allowed]):
        reason = f"the address {call.remote_address} is not in allowed_addresses"
        message = "This URL can't be called from your address."
        raise Refused(403, "PERMISSION_DENIED", message, reason=reason)


def check_rate(endpoint: Endpoint, call: Call, caller: Caller) -> None:
    """Refuse a caller who calls too often; each caller has a count of their own."""
    given = endpoint.settings.get("rate_limit")
    if not given:
        return
    rate = read_rate(given)
    now = clock.now().timestamp()
    window, passed = divmod(now, rate.seconds)
    who = caller.id or call.remote_address
    key = fingerprint(str(endpoint.workflow.id), caller.kind, who, str(int(window)))
    if count(key, rate.seconds) > rate.count:
        raise too_often(rate, max(1, int(rate.seconds - passed) + 1))


def too_often(rate: Rate, seconds: int) -> Refused:
    """When to come back, in the words of the standard's draft."""
    headers = {
        "Retry-After": str(seconds),
        "RateLimit-Policy": f'"default";q={rate.count};w={rate.seconds}',
        "RateLimit": f'"default";r=0;t={seconds}',
    }
    message = f"Too many calls: {rate.count} in {rate.seconds} seconds are allowed."
    return Refused(429, QUOTA_EXCEEDED, message, headers=headers)


def count(key: str, seconds: int) -> int:
    """Which call of its window this is, over all processes; over this one while Valkey is away."""
    counted = queue.count(f"calls:{key}", seconds)
    return _own.count(key, seconds) if counted is None else counted


class _OwnCount:
    """Counts of one process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts: dict[str, tuple[int, float]] = {}

    def count(self, key: str, seconds: int) -> int:
        """One more under this key."""
        now = time.monotonic()
        with self.lock:
            if len(self.counts) >= MOST_COUNTED:
                self.counts = {k: v for k, v in self.counts.items() if v[1] > now}
            counted, ends = self.counts.get(key, (0, now + seconds))
            self.counts[key] = (counted + 1, ends)
            return counted + 1


_own = _OwnCount()
