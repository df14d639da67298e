"""What one evaluation carries along: scope, meter, and the items of comprehensions."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from core.engine import calendar
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.meter import Meter
from core.engine.expressions.values import look_up

NOW = "__now__"
CALLBACK_URL = "__callback_url__"


class Evaluation:
    """One evaluation of one field."""

    __slots__ = ("items", "meter", "scope")

    def __init__(self, scope: Mapping[str, Any], meter: Meter) -> None:
        self.scope = scope
        self.meter = meter
        self.items: dict[int, Any] = {}

    @property
    def zone(self) -> tzinfo:
        """The run's time zone."""
        name = look_up(self.scope["run"], "timezone") if "run" in self.scope else None
        return calendar.find_zone(name) if isinstance(name, str) and name else UTC

    def now(self) -> datetime:
        """The time that the engine gives."""
        if NOW not in self.scope:
            raise ExpressionError("the time is not available here")
        moment: datetime = self.scope[NOW]()
        return moment

    def callback_url(self, step_id: str) -> str:
        """The address that answers a waiting step."""
        if CALLBACK_URL not in self.scope:
            raise ExpressionError("a callback address is not available here")
        try:
            return str(self.scope[CALLBACK_URL](step_id, self.scope.get("loops") or {}))
        except LookupError as error:
            raise ExpressionError(f"there is no step called “{step_id}” that waits") from error
