"""URL rules that learn to build their URLs when one is wanted: most never are in a process."""

from collections.abc import Callable
from functools import cache
from typing import Any

from werkzeug.routing import Rule


class LazyRule(Rule):
    """A rule of Werkzeug, which is pinned, since this reaches below its public surface.

    Werkzeug compiles two functions for each rule at once, a third of all that starting costs.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(lambda: super(LazyRule, self)._compile_builder(append_unknown))

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            return compiled()(rule, **values)

        return build
