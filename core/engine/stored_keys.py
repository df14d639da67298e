"""What the steps that share values between runs have in common: a key and how long it lasts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.engine.durations import parse
from core.engine.errors import StepFailed
from core.engine.fields import Field

LONGEST_KEY = 200  # characters

KEY = Field("key", "Key", help="Any name; the same key means the same value in all workflows.")
EXPIRES = Field(
    "expires",
    "Forget it after",
    kind="duration",
    required=False,
    placeholder="7d",
    advanced=True,
    help="Empty: kept for ever. For example 15m, 12h or 7d.",
)


def read_key(inputs: Mapping[str, Any]) -> str:
    """The key as text; raises StepFailed."""
    given = inputs.get("key")
    if given is None or isinstance(given, bool | dict | list) or str(given).strip() == "":
        raise StepFailed("“Key” is empty; give the value a name")
    key = str(given).strip()
    if len(key) > LONGEST_KEY:
        raise StepFailed(f"“Key” has {len(key)} characters; at most {LONGEST_KEY} are kept")
    return key


def read_expiry(inputs: Mapping[str, Any], now: datetime) -> datetime | None:
    """When the value is forgotten; raises StepFailed."""
    given = inputs.get("expires")
    if given is None or given == "":
        return None
    try:
        return now + parse(given)
    except (ValueError, OverflowError) as error:
        raise StepFailed(f"“Forget it after”: {error}") from error
