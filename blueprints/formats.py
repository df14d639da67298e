"""How pages say times, durations and numbers; filters of the templates."""

import tomllib
from collections.abc import Sized
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from flask import Flask
from flask_login import current_user
from markupsafe import Markup

from core import clock

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"
REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


def install(app: Flask) -> None:
    """Give templates the filters and their helpers."""
    app.jinja_env.filters.update(
        ago=ago,
        clock=clock_time,
        day=day,
        moment=moment,
        lasted=lasted,
        number=number,
        plural=plural,
        size=size,
        city=city,
    )
    app.jinja_env.globals.update(time_zones=time_zones, product_version=product_version)


def zone() -> ZoneInfo:
    """The zone in which pages tell the time: the workspace's."""
    if current_user and current_user.is_authenticated:
        return ZoneInfo(current_user.signed_in.workspace.timezone)
    return ZoneInfo("UTC")


def ago(at: datetime | None) -> Markup:
    """How long ago, in a few words; the exact time is what a pointer is told."""
    if at is None:
        return Markup("–")
    return _time(at, since(at, clock.now()), element="local-time")


def since(at: datetime, now: datetime) -> str:
    """A past moment as a person would say it now."""
    passed = now - at
    if passed < MINUTE:
        return "just now"
    if passed < HOUR:
        return f"{passed // MINUTE} min ago"
    local, today = at.astimezone(zone()), now.astimezone(zone()).date()
    if local.date() == today:
        return f"{passed // HOUR} h ago"
    if (today - local.date()).days == 1:
        return "yesterday"
    if passed < 6 * DAY:
        return f"{local:%A}"
    return _date(local, today.year)


def clock_time(at: datetime | None) -> Markup:
    """The time of day to the second."""
    return Markup("–") if at is None else _time(at, f"{at.astimezone(zone()):%H:%M:%S}")


def day(at: datetime | None) -> Markup:
    """The date, without its year when that is this one."""
    if at is None:
        return Markup("–")
    return _time(at, _date(at.astimezone(zone()), clock.now().year))


def moment(at: datetime | None) -> Markup:
    """Date and time, as exact as a person needs it."""
    if at is None:
        return Markup("–")
    local = at.astimezone(zone())
    today = clock.now().astimezone(zone()).date()
    words = {0: "today", -1: "yesterday", 1: "tomorrow"}
    said = words.get((local.date() - today).days) or _date(local, today.year)
    return _time(at, f"{said} {local:%-H:%M}")


def lasted(milliseconds: float | None) -> str:
    """A duration: 38 ms, 0.98 s, 41 min, 3.2 h."""
    if milliseconds is None:
        return "–"
    if milliseconds < 1000:
        return f"{milliseconds:.0f}{THIN_SPACE}ms"
    for limit, unit, word in ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h")):
        if milliseconds < limit * 1000:
            return f"{_three_digits(milliseconds / 1000 / unit)}{THIN_SPACE}{word}"
    return f"{_three_digits(milliseconds / 86_400_000)}{THIN_SPACE}days"


def number(value: float) -> str:
    """A number with thin spaces between its thousands."""
    return f"{value:,}".replace(",", THIN_SPACE)


def plural(many: int | Sized, one: str, several: str = "") -> str:
    """The count with its noun: 1 step, 2 steps."""
    count = many if isinstance(many, int) else len(many)
    return f"{number(count)} {one if count == 1 else several or one + 's'}"


def size(octets: int) -> str:
    """An amount of data in its largest fitting unit."""
    amount, unit = float(octets), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{_three_digits(amount) if unit != 'B' else octets}{THIN_SPACE}{unit}"


def city(zone_name: str) -> str:
    """A time zone as people call it: Europe/Berlin is Berlin."""
    return zone_name.rpartition("/")[2].replace("_", " ")


@cache
def product_version() -> str:
    """The version of openBuild."""
    return str(tomllib.loads(PYPROJECT.read_text())["project"]["version"])


@cache
def time_zones() -> tuple[tuple[str, str], ...]:
    """All time zones with a city, as choices: name and what the page says."""
    names = [name for name in available_timezones() if name.partition("/")[0] in REGIONS]
    choices = sorted((city(name), name) for name in names)
    return (("UTC", "UTC"), *((name, f"{said} ({name})") for said, name in choices))


def _time(at: datetime, said: str, element: str = "") -> Markup:
    exact = f"{at.astimezone(zone()):%-d %B %Y, %H:%M:%S %Z}"
    html = Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), exact, said)
    return Markup("<{0}>{1}</{0}>").format(element, html) if element else html


def _date(local: datetime, this_year: int) -> str:
    return f"{local:%-d %b}" if local.year == this_year else f"{local:%-d %b %Y}"


def _three_digits(value: float) -> str:
    digits = 2 if value < 10 else 1 if value < 100 else 0
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text
