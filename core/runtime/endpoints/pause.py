"""Accept nothing between a restore and the moment when somebody presses Start sending."""

from core.runtime import holding
from core.runtime.endpoints.refusals import unavailable

RETRY_AFTER = 60  # seconds


def check() -> None:
    """Raise Refused (503) while the installation holds still."""
    if holding.is_on():
        raise unavailable(
            "openBuild was restored from a backup and takes no calls until an administrator "
            "starts sending. Nothing was accepted; call again later.",
            seconds=RETRY_AFTER,
        )
