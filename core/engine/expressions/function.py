"""How a Python function becomes a function of the language."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.engine.errors import EngineError
from core.engine.expressions.casts import CASTS, NEVER_NULL, Cast
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation

Implementation = Callable[..., Any]

# What a function may raise: its own words, or Python's about values that it never foresaw.
FAULTS = (EngineError, ValueError, TypeError, ArithmeticError, LookupError, RecursionError)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a function."""

    name: str
    is_optional: bool
    takes_many: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    """How a value is handed to the Python function; `needs_value` ones are never null."""

    cast: Cast
    needs_value: bool
    default: Any


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """A function of the language, as the editor and the docs show it and as it is called."""

    name: str
    label: str
    help: str
    example: str
    result: Any
    kinds: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    group: str
    arguments: tuple[Argument, ...]
    implementation: Implementation

    @property
    def signature(self) -> str:
        """How it is called: `slice(x, from, to?)`."""
        shown = (
            parameter.name + ("…" if parameter.takes_many else "?" * parameter.is_optional)
            for parameter in self.parameters
        )
        return f"{self.name}({', '.join(shown)})"

    @property
    def fewest(self) -> int:
        """How many arguments it needs."""
        return sum(not parameter.is_optional for parameter in self.parameters)

    @property
    def most(self) -> int | None:
        """How many arguments it takes; None if any number."""
        takes_many = any(parameter.takes_many for parameter in self.parameters)
        return None if takes_many else len(self.parameters)

    def call(self, evaluation: Evaluation, values: list[Any]) -> Any:
        """Cast the values and call; null comes of a null subject. Raises one of FAULTS."""
        self._cast(evaluation, values)
        if values and values[0] is None and self.arguments[0].needs_value:
            return None
        return self.implementation(evaluation, *values)

    def explain(self, error: Exception, column: int) -> ExpressionError:
        """The error of a call, with the function's name and place."""
        reason = "this cannot be computed from these values"
        return ExpressionError(
            f"{self.name}: {error if isinstance(error, EngineError) else reason}", column
        )

    def _cast(self, evaluation: Evaluation, values: list[Any]) -> None:
        last = len(self.arguments) - 1
        for position, value in enumerate(values):
            argument = self.arguments[position if position < last else last]
            value = argument.cast(evaluation, value)
            if value is None and argument.needs_value and position:
                value = argument.default
                if value is inspect.Parameter.empty:
                    missing = self.parameters[min(position, last)].name
                    raise ExpressionError(f"“{missing}” is null")
            values[position] = value


REGISTRY: dict[str, FunctionInfo] = {}


def function(
    label: str,
    example: str,
    result: Any,
    *kinds: str,
) -> Callable[[Implementation], Implementation]:
    """Put a function into the language; its docstring's first line is its help."""

    def register(implementation: Implementation) -> Implementation:
        name = implementation.__name__.rstrip("_")
        parameters = list(inspect.signature(implementation).parameters.values())[1:]
        REGISTRY[name] = FunctionInfo(
            name=name,
            label=label,
            help=(implementation.__doc__ or "").strip().splitlines()[0],
            example=example,
            result=result,
            kinds=kinds or ("any",),
            parameters=tuple(_parameter(parameter) for parameter in parameters),
            group=implementation.__module__.rpartition(".")[2],
            arguments=tuple(_argument(parameter) for parameter in parameters),
            implementation=implementation,
        )
        return implementation

    return register


def _parameter(parameter: inspect.Parameter) -> Parameter:
    takes_many = parameter.kind is inspect.Parameter.VAR_POSITIONAL
    is_optional = takes_many or parameter.default is not inspect.Parameter.empty
    return Parameter(parameter.name.rstrip("_"), is_optional, takes_many)


def _argument(parameter: inspect.Parameter) -> Argument:
    needs_value = parameter.annotation in NEVER_NULL
    return Argument(CASTS[parameter.annotation], needs_value, parameter.default)
