"""Any value: defaults, kinds, other formats."""

import json as python_json
from typing import Any, NoReturn

from core.engine.expressions import tables, xml
from core.engine.expressions.casts import Items
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.function import function
from core.engine.expressions.values import (
    check_number,
    kind,
    measure,
    name,
    shown,
    to_json,
    to_text,
)
from core.engine.expressions.values import is_empty as has_nothing

WORDS = {
    **dict.fromkeys(("yes", "true", "on", "1"), True),
    **dict.fromkeys(("no", "false", "off", "0"), False),
}


@function("if empty use", "{{ null | default('nobody') }}", "nobody")
def default(evaluation: Evaluation, x: Any, otherwise: Any) -> Any:
    """Another value where there is none: for null, empty texts, lists and objects."""
    return otherwise if has_nothing(x) else x


@function("is empty", "{{ is_empty([]) }}", True)
def is_empty(evaluation: Evaluation, x: Any) -> bool:
    """Whether it is null or an empty text, list or object; 0 and false are not."""
    return has_nothing(x)


@function("kind", "{{ type([1, 2]) }}", "list")
def type_(evaluation: Evaluation, x: Any) -> str:
    """Its kind: text, number, yes_no, list, object or null."""
    return kind(x)


@function("as text", "{{ text(12.5) }}", "12.5")
def text(evaluation: Evaluation, x: Any) -> str:
    """As it stands in a text: null as nothing, lists and objects as JSON."""
    return to_text(x, evaluation.meter)


@function("as JSON", "{{ json({'a': [1, true]}) }}", '{"a":[1,true]}')
def json(evaluation: Evaluation, x: Any, indent: int | None = None) -> str:
    """As JSON text; an indent of 2 makes it easy to read."""
    if indent is not None and not 0 <= indent <= 8:
        raise ExpressionError("the indent is between 0 and 8")
    return to_json(x, evaluation.meter, indent)


@function("read JSON", "{{ parse_json('[1, 2]') }}", [1, 2], "text")
def parse_json(evaluation: Evaluation, text: str) -> Any:
    """The value that a JSON text holds."""
    try:
        value = python_json.loads(
            text, parse_constant=_refuse, parse_int=_read_int, parse_float=_read_float
        )
    except RecursionError as error:
        raise ExpressionError("the JSON is nested too deeply") from error
    except ValueError as error:
        raise ExpressionError(f"this is not JSON: {error}") from error
    measure(value, evaluation.meter.spend)
    return value


@function("as yes/no", "{{ yes_no('no') }}", False, "text")
def yes_no(evaluation: Evaluation, x: Any) -> bool | None:
    """True or false from yes, no, true, false, on, off, 1 or 0."""
    if x is None or isinstance(x, bool):
        return x
    if isinstance(x, str | int | float):
        word = to_text(x, evaluation.meter).strip().lower()
        if word in WORDS:
            return WORDS[word]
        raise ExpressionError(f"yes or no is expected, not {shown(x)}")
    raise ExpressionError(f"yes or no is expected, not {name(x)}")


@function(
    "read CSV",
    r"{{ parse_csv('name,age\nAda,36') }}",
    [{"name": "Ada", "age": "36"}],
    "text",
)
def parse_csv(evaluation: Evaluation, text: str, separator: str | None = None) -> list[Any]:
    """A list of objects from a table; the first line names the columns."""
    return tables.read(text, separator, evaluation.meter)


@function(
    "as CSV", "{{ to_csv([{'name': 'Ada', 'age': 36}]) }}", '"name","age"\r\n"Ada","36"\r\n', "list"
)
def to_csv(evaluation: Evaluation, list_: Items, separator: str = ",") -> str:
    """A table from a list of objects; cells that spreadsheets would compute are made harmless."""
    return tables.write(list_, separator, evaluation.meter)


@function("read XML", "{{ parse_xml('<a id=\"1\"><b>x</b><b>y</b></a>').a.b[1] }}", "y", "text")
def parse_xml(evaluation: Evaluation, text: str) -> dict[str, Any]:
    """An object from XML: attributes as “@name”, text as “#text”, repeated tags as a list."""
    return xml.read(text, evaluation.meter)


@function(
    "callback address",
    "{{ callback_url('answer') }}",
    "https://example.com/callbacks/answer",
)
def callback_url(evaluation: Evaluation, step_id: str) -> str:
    """The address that answers a “wait for an answer” step of this run."""
    return evaluation.callback_url(step_id)


def _refuse(constant: str) -> NoReturn:
    raise ExpressionError(f"{constant} is no number in JSON")


def _read_int(digits: str) -> Any:
    return check_number(int(digits))


def _read_float(digits: str) -> Any:
    return check_number(float(digits))
