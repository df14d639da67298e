"""Expressions: values computed from earlier data, written between `{{` and `}}`."""

from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.function import FunctionInfo, Parameter
from core.engine.expressions.functions import functions
from core.engine.expressions.meter import Meter
from core.engine.expressions.template import (
    ROOTS,
    Reference,
    Template,
    is_computed,
    parse,
    problems,
    references,
    resolve,
)

__all__ = [
    "ROOTS",
    "ExpressionError",
    "FunctionInfo",
    "Meter",
    "Parameter",
    "Reference",
    "Template",
    "functions",
    "is_computed",
    "parse",
    "problems",
    "references",
    "resolve",
]
