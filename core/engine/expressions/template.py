"""A field's text with expressions in it: parsed once, evaluated often."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from core.engine.expressions.closures import Closure, build, direct_reader
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.functions import functions
from core.engine.expressions.meter import Meter
from core.engine.expressions.nodes import Comprehension, Literal, Name, Node, Path, children
from core.engine.expressions.parser import Parser, unknown
from core.engine.expressions.tokens import Piece, pieces
from core.engine.expressions.values import (
    PLAIN,
    SCALARS,
    check_length,
    check_text,
    measure,
    plain,
    to_text,
)

ROOTS = frozenset(
    {
        "trigger",
        "steps",
        "vars",
        "item",
        "index",
        "loops",
        "error",
        "run",
        "workspace",
        "options",
        "env",
        "this_thing",
        "before_thing",
        "now_thing",
        "changed_fields",
    }
)
DEEPEST_INPUT = 100  # levels of lists and objects in a step's input
REMEMBERED = 4096  # parsed texts


@dataclass(frozen=True, slots=True)
class Reference:
    """What an expression reads: a root and the keys that are known before it runs."""

    path: tuple[str | int, ...]
    column: int


class Template:
    """A parsed text with any number of expressions."""

    __slots__ = ("_direct", "_is_path", "_parts", "is_single", "nodes", "references", "source")

    def __init__(
        self, source: str, parts: tuple[str | Closure, ...], nodes: tuple[Node, ...]
    ) -> None:
        self.source = source
        self.nodes = nodes
        self.is_single = len(parts) == 1 and len(nodes) == 1
        self.references = tuple(reference for node in nodes for reference in _references(node))
        self._parts = parts
        self._direct = direct_reader(nodes[0]) if self.is_single else None
        self._is_path = self.is_single and isinstance(nodes[0], Path | Name | Literal)

    def evaluate(self, scope: Mapping[str, Any], meter: Meter | None = None) -> Any:
        """The value of the text in that scope; raises ExpressionError."""
        if self._direct:
            try:
                value = self._direct(scope)
                if type(value) in PLAIN:
                    return value
            except (KeyError, TypeError):
                pass  # the long way says what is missing, and where
        try:
            return self._compute(Evaluation(scope, meter or Meter()))
        except ExpressionError as error:
            error.source = error.source or self.source
            raise
        except RecursionError as error:
            raise ExpressionError("this is nested too deeply", 1, self.source) from error

    def _compute(self, evaluation: Evaluation) -> Any:
        if not self.is_single:
            return self._join(evaluation)
        value = self._parts[0](evaluation)  # type: ignore[operator]
        if type(value) in SCALARS or (self._is_path and type(value) in PLAIN):
            return value
        return value if measure(value, evaluation.meter.keep) else plain(value)

    def _join(self, evaluation: Evaluation) -> str:
        texts, length = [], 0
        for part in self._parts:
            text = part if isinstance(part, str) else to_text(part(evaluation), evaluation.meter)
            length += len(text)
            check_length(length)
            texts.append(text)
        return check_text("".join(texts))


@lru_cache(maxsize=REMEMBERED)
def parse(source: str) -> Template:
    """The parsed text; raises ExpressionError with the first problem."""
    parts: list[str | Closure] = []
    nodes: list[Node] = []
    for piece in _located(source, lambda: pieces(source)):
        if not piece.is_expression:
            parts.append(piece.text)
            continue
        node, problems = _read(piece, source)
        if problems:
            raise problems[0]
        parts.append(build(node, {}))
        nodes.append(node)
    return Template(source, tuple(parts), tuple(nodes))


def resolve(value: Any, scope: Mapping[str, Any], meter: Meter | None = None) -> Any:
    """A step's input with all its expressions computed, under one meter."""
    return _resolve(value, scope, meter or Meter(), ())


def is_computed(value: Any) -> bool:
    """Whether there are expressions in an input, so that only a run knows it."""
    return any(True for _ in _texts(value, ()))


def references(value: Any) -> tuple[Reference, ...]:
    """All that the expressions in an input read; texts that cannot be read have none."""
    found: list[Reference] = []
    for _, source in _texts(value, ()):
        try:
            found += parse(source).references
        except ExpressionError:
            continue
    return tuple(found)


def problems(value: Any) -> tuple[ExpressionError, ...]:
    """All that is wrong with the expressions in an input before they run."""
    found: list[ExpressionError] = []
    for path, source in _texts(value, ()):
        for problem in text_problems(source):
            problem.path = path
            found.append(problem)
    return tuple(found)


def is_sound(source: str) -> bool:
    """Whether all expressions of a text are well-formed and read from known roots."""
    try:
        found = parse(source).references
    except ExpressionError:
        return False
    return all(reference.path[0] in ROOTS for reference in found)


def text_problems(source: str) -> Iterator[ExpressionError]:
    """What is wrong with the expressions of one text."""
    if is_sound(source):
        return
    try:
        for piece in _located(source, lambda: pieces(source)):
            if piece.is_expression:
                yield from _expression_problems(piece, source)
    except ExpressionError as error:
        yield error


def _expression_problems(piece: Piece, source: str) -> Iterator[ExpressionError]:
    try:
        node, found = _read(piece, source)
    except ExpressionError as error:
        yield error
        return
    yield from found
    known = functions()
    for reference in _references(node):
        root = str(reference.path[0])
        if root not in ROOTS:
            problem = unknown("value", root, dict.fromkeys(ROOTS), reference.column)
            if root in known:
                problem.message = f"“{root}” is a function: write {known[root].signature}"
            problem.source = source
            yield problem


def _read(piece: Piece, source: str) -> tuple[Node, list[ExpressionError]]:
    parser = Parser(piece.tokens, functions())
    try:
        node = parser.parse()
    except ExpressionError as error:
        error.source = source
        raise
    for problem in parser.problems:
        problem.source = source
    return node, parser.problems


def _located(source: str, read: Callable[[], Iterator[Piece]]) -> Iterator[Piece]:
    try:
        yield from read()
    except ExpressionError as error:
        error.source = source
        raise


def _resolve(
    value: Any, scope: Mapping[str, Any], meter: Meter, path: tuple[str | int, ...]
) -> Any:
    if type(value) is str:
        if "{{" not in value:
            return value
        try:
            return parse(value).evaluate(scope, meter)
        except ExpressionError as error:
            error.path = path
            raise
    if type(value) in SCALARS:
        return value
    if len(path) > DEEPEST_INPUT:
        raise ExpressionError(f"the input lies more than {DEEPEST_INPUT} levels deep")
    if isinstance(value, Mapping):
        return {key: _resolve(item, scope, meter, (*path, key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_resolve(item, scope, meter, (*path, i)) for i, item in enumerate(value)]
    return value


def _texts(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        if "{{" in value:
            yield path, value
    elif len(path) > DEEPEST_INPUT:
        return
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            yield from _texts(item, (*path, position))


def _references(node: Node, own: frozenset[str] = frozenset()) -> Iterator[Reference]:
    """The roots that a part reads, without the names that comprehensions give."""
    match node:
        case Name(name, column) if name not in own:
            yield Reference((name,), column)
        case Path(Name(name, column), keys) if name not in own:
            yield Reference((name, *_fixed(keys)), column)
            for key in keys:
                yield from _references(key, own)
        case Comprehension(key, value, variable, source, conditions):
            inner = own | {variable}
            for part in (key, value, *conditions):
                if part is not None:
                    yield from _references(part, inner)
            yield from _references(source, own)
        case _:
            for part in children(node):
                yield from _references(part, own)


def _fixed(keys: tuple[Node, ...]) -> Iterator[str | int]:
    for key in keys:
        if not isinstance(key, Literal) or type(key.value) not in (str, int):
            return
        yield key.value
