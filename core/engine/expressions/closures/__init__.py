"""From the tree of an expression to a Python closure that computes it."""

from core.engine.expressions.closures import computing, deciding, making, reading
from core.engine.expressions.closures.building import Closure, build
from core.engine.expressions.closures.reading import direct_reader

__all__ = ["Closure", "build", "computing", "deciding", "direct_reader", "making", "reading"]
