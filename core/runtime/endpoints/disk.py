"""Accept nothing that might not find room on the disk."""

import shutil
import time

from core import config
from core.runtime.endpoints.refusals import unavailable

LOWEST_SHARE = 0.05
ENOUGH_BYTES = 2 * 1024**3  # a nearly full large disk still has room
LOOK_EVERY = 5.0  # seconds
_looked_at = -LOOK_EVERY
_is_full = False


def check() -> None:
    """Raise Refused (503) while the data folder's disk is nearly full."""
    global _looked_at, _is_full
    now = time.monotonic()
    if now - _looked_at >= LOOK_EVERY:
        _looked_at, _is_full = now, is_nearly_full()
    if _is_full:
        raise unavailable("The disk is nearly full, so no calls are accepted. Make room on it.")


def is_nearly_full() -> bool:
    """Whether less than 5 % is left, and not much in bytes either."""
    return room().free < least_free()


def room() -> "shutil._ntuple_diskusage":
    """How large the data folder's disk is, and how much of it is free."""
    return shutil.disk_usage(config.current().home)


def least_free() -> float:
    """Below so many free bytes, new calls are refused."""
    return min(room().total * LOWEST_SHARE, ENOUGH_BYTES)
