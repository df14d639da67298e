"""What kind of value an expression has, and what in it can't be computed from such values."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_origin

from core.engine.checking import shapes
from core.engine.checking.shapes import ANY, ANY_KIND, LIST, NUMBER, OBJECT, TEXT, YES_NO, Shape
from core.engine.expressions import ExpressionError, casts, nodes, parse
from core.engine.expressions.nodes import Literal, Name, Node, Path
from core.engine.reading.shapes import did_you_mean

CALLBACK_URL, KIND_OF = "callback_url", "type"
MISSING, UNFIT = "unknown_key", "unfit_value"
VERBS = {"-": "subtract from", "*": "multiply", "/": "divide", "%": "divide"}
ORDERS = ("<", "<=", ">", ">=")
RESULTS: Mapping[Any, Shape] = {
    str: TEXT,
    int: NUMBER,
    float: NUMBER,
    bool: YES_NO,
    list: LIST,
    dict: OBJECT,
}
NUMERIC = frozenset({"number", "round", "floor", "ceil", "abs", "sum", "average"})
SAME_LIST = frozenset({"unique", "sort", "sort_by", "reverse", "filter_by", "compact"})
ONE_ITEM = frozenset({"first", "last"})
TAKES: Mapping[Any, tuple[frozenset[str], str]] = {
    casts.cast_text: (frozenset({"text", "number", "yes_no"}), "text"),
    casts.cast_number: (frozenset({"text", "number"}), "a number"),
    casts.cast_whole: (frozenset({"text", "number"}), "a whole number"),
    casts.cast_items: (frozenset({"list"}), "a list"),
    casts.cast_object: (frozenset({"object"}), "a group"),
    casts.cast_moment: (frozenset({"text", "number"}), "a date"),
}


@dataclass(frozen=True, slots=True)
class Note:
    """Something in an expression that will not work; a guess if only a past run says so."""

    code: str
    message: str
    column: int
    is_guess: bool


@dataclass(slots=True)
class Inference:
    """One look at an expression. `root` gives the shapes of what it may read."""

    root: Callable[[str], Shape]
    names: dict[str, Shape] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    called_back: list[tuple[Any, int]] = field(default_factory=list)  # None: only a run knows whom

    def of_text(self, source: str) -> Shape:
        """The shape of a field's text; one that can't be read has none."""
        try:
            template = parse(source)
        except ExpressionError:
            return ANY
        found = [self.of(node) for node in template.nodes]
        return found[0] if template.is_single else TEXT

    def of_value(self, value: Any) -> Shape:
        """The shape of an input with expressions in it."""
        if isinstance(value, str):
            return self.of_text(value) if "{{" in value else TEXT
        if isinstance(value, Mapping):
            return shapes.of_keys({str(key): self.of_value(each) for key, each in value.items()})
        if isinstance(value, list | tuple):
            return shapes.of_items(shapes.united([self.of_value(each) for each in value]))
        return shapes.of_value(value)

    def of(self, node: Node) -> Shape:
        """The shape of a part of an expression."""
        look = LOOKS.get(type(node))
        return look(self, node) if look else ANY

    def _literal(self, node: Literal) -> Shape:
        return shapes.of_value(node.value)

    def _name(self, node: Name) -> Shape:
        return self.names[node.name] if node.name in self.names else self.root(node.name)

    def _path(self, node: Path) -> Shape:
        shape, said = self.of(node.base), getattr(node.base, "name", "it")
        for key in node.keys:
            if not isinstance(key, Literal):
                self.of(key)
                return ANY
            self._note_missing(shape, said, key.value, node.column)
            shape = shapes.inside(shape, key.value)
            said = f"{said}[{key.value}]" if isinstance(key.value, int) else str(key.value)
        return shape

    def _note_missing(self, shape: Shape, said: str, key: Any, column: int) -> None:
        if shape.kind in ("text", "number", "yes_no"):
            message = f"“{said}” is {shape.words}; there is no “{key}” in it"
            self._note(MISSING, message, column, shape)
        elif shape.kind == "list" and isinstance(key, str):
            message = f"“{said}” is a list; take an item first: {said}[0].{key}"
            self._note(MISSING, message, column, shape)
        elif shape.kind == "object" and shape.keys is not None and str(key) not in shape.keys:
            near = did_you_mean(str(key), shape.keys)
            if shape.is_closed:
                self._note(MISSING, f"there is no “{key}” in “{said}”{near}", column, shape)
            elif near and shape.is_sample:
                message = f"in the last run there was no “{key}” in “{said}”{near}"
                self._note(MISSING, message, column, shape)

    def _note(self, code: str, message: str, column: int, *because: Shape) -> None:
        is_guess = any(shape.is_sample for shape in because)
        if is_guess and "in the last run" not in message:
            message += ", as in the last run"
        self.notes.append(Note(code, message, column, is_guess))

    def _call(self, node: nodes.Call) -> Shape:
        given = [self.of(argument) for argument in node.arguments]
        if node.function.name == CALLBACK_URL and node.arguments:
            self.called_back.append((getattr(node.arguments[0], "value", None), node.column))
        last = len(node.function.arguments) - 1
        for position, shape in enumerate(given if last >= 0 else ()):
            cast = node.function.arguments[min(position, last)].cast
            fitting, wanted = TAKES.get(cast, (None, ""))
            if fitting is not None and shape.kind not in (*fitting, ANY_KIND):
                message = f"“{node.function.name}” needs {wanted}, not {shape.words}"
                self._note(UNFIT, message, node.column, shape)
        return result_of(node.function, given)

    def _sum(self, node: nodes.Sum) -> Shape:
        left = self.of(node.first)
        for sign, part, column in node.rest:
            right = self.of(part)
            left = self._added(left, right, column) if sign == "+" else self._computed(
                sign, left, right, column
            )  # fmt: skip
        return left

    def _added(self, left: Shape, right: Shape, column: int) -> Shape:
        kinds = {left.kind, right.kind}
        if "text" in kinds:
            return TEXT
        if ANY_KIND in kinds:
            return ANY
        if kinds == {"number"}:
            return NUMBER
        if kinds == {"list"}:
            return shapes.either(left, right)
        message = f"{left.words} and {right.words} can't be added"
        self._note(UNFIT, message, column, left, right)
        return ANY

    def _computed(self, sign: str, left: Shape, right: Shape, column: int) -> Shape:
        for shape in (left, right):
            if shape.kind not in ("number", ANY_KIND):
                hint = "; make a number of it with “| number”" if shape.kind == "text" else ""
                message = f"“{sign}” needs numbers, and this is {shape.words}{hint}"
                self._note(UNFIT, message, column, shape)
                break
        return NUMBER

    def _comparison(self, node: nodes.Comparison) -> Shape:
        left = self.of(node.first)
        for sign, part, column in node.rest:
            right = self.of(part)
            if sign in ORDERS:
                self._note_unordered((left, right), column)
            left = right
        return YES_NO

    def _note_unordered(self, sides: tuple[Shape, ...], column: int) -> None:
        for shape in sides:
            if shape.kind in ("list", "object"):
                message = f"{shape.words} can't be more or less than something"
                self._note(UNFIT, message, column, shape)

    def _logic(self, node: nodes.Logic) -> Shape:
        found, is_guarded = [], False
        for operand in node.operands:
            found.append(self._unjudged(operand) if is_guarded else self.of(operand))
            is_guarded = is_guarded or asks_for_kind(operand)
        return shapes.united(found)

    def _unjudged(self, node: Node) -> Shape:
        """The shape of a part that is computed only for values of some kind."""
        before = len(self.notes)
        shape = self.of(node)
        del self.notes[before:]
        return shape

    def _not(self, node: nodes.Not) -> Shape:
        self.of(node.operand)
        return YES_NO

    def _signed(self, node: nodes.Signed) -> Shape:
        return self._computed(node.sign, NUMBER, self.of(node.operand), node.column)

    def _choice(self, node: nodes.Choice) -> Shape:
        self.of(node.condition)
        look = self._unjudged if asks_for_kind(node.condition) else self.of
        return shapes.either(look(node.then), look(node.otherwise))

    def _list(self, node: nodes.ListOf) -> Shape:
        return shapes.of_items(shapes.united([self.of(item) for item in node.items]))

    def _object(self, node: nodes.ObjectOf) -> Shape:
        pairs = [(key, self.of(key), self.of(value)) for key, value in node.pairs]
        if all(isinstance(key, Literal) for key, _, _ in pairs):
            return shapes.of_keys({str(getattr(key, "value", "")): v for key, _, v in pairs})
        return OBJECT

    def _comprehension(self, node: nodes.Comprehension) -> Shape:
        source = self.of(node.source)
        item = source.item or ANY if source.kind == "list" else ANY
        outer = self.names
        self.names = {**outer, node.variable: item}
        for condition in node.conditions:
            self.of(condition)
        look = self._unjudged if any(map(asks_for_kind, node.conditions)) else self.of
        value = look(node.value)
        if node.key is not None:
            look(node.key)
        self.names = outer
        return OBJECT if node.key is not None else shapes.of_items(value)


LOOKS: Mapping[type, Callable[[Inference, Any], Shape]] = {
    Literal: Inference._literal,
    Name: Inference._name,
    Path: Inference._path,
    nodes.Call: Inference._call,
    nodes.Sum: Inference._sum,
    nodes.Comparison: Inference._comparison,
    nodes.Logic: Inference._logic,
    nodes.Not: Inference._not,
    nodes.Signed: Inference._signed,
    nodes.Choice: Inference._choice,
    nodes.ListOf: Inference._list,
    nodes.ObjectOf: Inference._object,
    nodes.Comprehension: Inference._comprehension,
}


def asks_for_kind(node: Node) -> bool:
    """Whether it depends on the kind of a value, so that not every value comes to what follows."""
    if isinstance(node, nodes.Call) and node.function.name == KIND_OF:
        return True
    return any(map(asks_for_kind, nodes.children(node)))


def result_of(function: Any, given: list[Shape]) -> Shape:
    """The shape of what a function makes of such values."""
    subject = given[0] if given else ANY
    if function.name in NUMERIC:
        return NUMBER
    if function.name in ONE_ITEM:
        return subject.item or ANY
    if function.name in SAME_LIST:
        return subject if subject.kind == "list" else LIST
    if function.name == "default" and len(given) > 1:
        return shapes.either(subject, given[1])
    returns = function.implementation.__annotations__.get("return")
    found = RESULTS.get(get_origin(returns) or returns, ANY)
    return replace(found, is_sample=False)


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a value that holds an expression."""
    if isinstance(value, str):
        if "{{" in value:
            yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_of(inner)
