"""Bars over every page, for what everybody must know; each room says in its `__init__.py` which.

BANNERS = (Banner("operating/_holding_banner.html", is_shown=holding.is_on),)
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask import Flask

import blueprints


@dataclass(frozen=True)
class Banner:
    """A template, and when it is shown; it is asked on every page, so it must be quick."""

    template: str
    is_shown: Callable[[], bool]


def install(app: Flask) -> None:
    """Give the layout the banners of this moment."""
    app.jinja_env.globals.update(banners=banners)


def banners() -> Iterator[str]:
    """The templates of all banners that are shown now."""
    for room in blueprints.rooms():
        for banner in getattr(room, "BANNERS", ()):
            if banner.is_shown():
                yield banner.template
