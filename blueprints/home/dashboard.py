"""What the dashboard is asked for in its address, and what it shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for

from blueprints.formats import lasted, number
from blueprints.home import charts
from core.runtime import attention, backlog, dashboard, run_list
from core.runtime.dashboard import Figures
from core.runtime.periods import PERIODS
from core.runtime.run_filter import RunFilter
from core.storage.workspace import Workspace

USUAL = "day"
WORDS = {
    "hour": ("1 h", "Last hour", "the hour before", "minute"),
    "day": ("24 h", "Last 24 hours", "the day before", "half hour"),
    "week": ("7 d", "Last 7 days", "the week before", "4 hours"),
    "month": ("30 d", "Last 30 days", "", "day"),
}
RANKED = 6
RECENT = 7
LINES_OF_EACH = 4  # what needs somebody: the rest is counted
MUCH_MORE = 10  # times as many: a percentage would say less than the numbers do


@dataclass(frozen=True, slots=True)
class Asked:
    """The choices in the address; what makes no sense is the usual."""

    period: str = USUAL
    is_slowest: bool = False
    table: str = ""  # runs | time

    @classmethod
    def of(cls, args: Mapping[str, Any]) -> "Asked":
        """From an address's arguments."""
        table = args.get("table", "")
        return cls(
            args.get("period", "") if args.get("period") in PERIODS else USUAL,
            args.get("order") == "slowest",
            table if table in ("runs", "time") else "",
        )

    def address(self, **changes: Any) -> str:
        """The dashboard's address with some choices changed."""
        chosen = {
            "period": None if self.period == USUAL else self.period,
            "order": "slowest" if self.is_slowest else None,
            "table": self.table or None,
            **changes,
        }
        return url_for("home.index", **{name: value for name, value in chosen.items() if value})


def shown(workspace: Workspace, asked: Asked) -> dict[str, Any]:
    """Everything that the page and its partial need."""
    zone = ZoneInfo(workspace.timezone)
    figures = dashboard.figures(workspace.id, PERIODS[asked.period], zone)
    chart = charts.draw(figures, zone)
    ranked = figures.slowest if asked.is_slowest else figures.busiest
    return {
        "asked": asked,
        "words": WORDS,
        "figures": figures,
        "chart": chart,
        "charts": charts,
        "zone": zone,
        "needs": attention.attention(workspace),
        "most": LINES_OF_EACH,
        "line": backlog.backlog(workspace.id),
        "ranked": ranked[:RANKED],
        "recent": run_list.listed(workspace.id, RunFilter(), limit=RECENT)[0],
        "change": change(figures),
        "share": share,
        "amount": amount,
        "measured": dashboard.MEASURED,
    }


def change(figures: Figures) -> str:
    """How the number of runs changed against the time before, in a few words."""
    before = figures.before
    if before is None:
        return ""
    if not before.runs or figures.runs > before.runs * MUCH_MORE:
        return f"{number(before.runs)} in"
    percent = 100 * (figures.runs - before.runs) / before.runs
    digits = 1 if abs(percent) < 10 else 0
    return f"{percent:+.{digits}f} % to".replace("-", "−").replace("+0.0 % to", "as many as in")


def share(part: int, whole: int) -> str:
    """A share in percent, never rounded to nothing or to all."""
    if not whole or not part:
        return "0 %"
    percent = 100 * part / whole
    if percent < 0.1:
        return "under 0.1 %"
    return f"{min(percent, 99.9) if part < whole else 100:.{0 if part == whole else 1}f} %"


def amount(milliseconds: float | None) -> tuple[str, str]:
    """A duration as its number and its unit."""
    text, _, unit = lasted(milliseconds).partition("\N{NARROW NO-BREAK SPACE}")
    return text, unit
