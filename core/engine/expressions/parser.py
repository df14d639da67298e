"""From tokens to the tree of an expression: Python's grammar, with pipes."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches

from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.function import FunctionInfo
from core.engine.expressions.nodes import (
    Call,
    Choice,
    Comparison,
    Comprehension,
    ListOf,
    Literal,
    Logic,
    Name,
    Node,
    Not,
    ObjectOf,
    Path,
    Signed,
    Sum,
)
from core.engine.expressions.tokens import Token

DEEPEST_NESTING = 24
MOST_PIPES = 50

OR, AND, NOT, COMPARISON, PIPE, SUM, PRODUCT = range(1, 8)
POWERS = {
    "or": OR,
    "and": AND,
    "in": COMPARISON,
    "not": COMPARISON,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), COMPARISON),
    "|": PIPE,
    **dict.fromkeys(("+", "-"), SUM),
    **dict.fromkeys(("*", "/", "%"), PRODUCT),
}
CONSTANTS = {"true": True, "false": False, "null": None}
KEYWORDS = frozenset({"and", "or", "not", "in", "if", "else", "for"})
FOREIGN = {
    "True": "write “true” in small letters",
    "False": "write “false” in small letters",
    "None": "write “null” for nothing",
    "is": "write “==” instead of “is”",
}
CLOSERS = {"(": ")", "[": "]", "{": "}"}


class Parser:
    """Reads one expression; what is wrong but readable is gathered in `problems`."""

    def __init__(self, tokens: tuple[Token, ...], functions: Mapping[str, FunctionInfo]) -> None:
        self.tokens = tokens
        self.functions = functions
        self.position = 0
        self.depth = 0
        self.pipes = 0
        self.problems: list[ExpressionError] = []

    def parse(self) -> Node:
        """The whole expression; raises ExpressionError."""
        if self.token.kind == "end":
            raise ExpressionError("the expression is empty", self.token.start + 1)
        node = self._expression()
        if self.token.kind != "end":
            raise self._unexpected("an operator is missing before it")
        return node

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def _next(self) -> Token:
        token = self.tokens[self.position]
        self.position += token.kind != "end"
        return token

    def _is(self, text: str) -> bool:
        token = self.tokens[self.position]
        return token.text == text and token.kind in ("sign", "word")

    def _accept(self, text: str) -> bool:
        if not self._is(text):
            return False
        self.position += 1
        return True

    def _expect(self, text: str, purpose: str = "") -> None:
        if not self._accept(text):
            raise self._unexpected(f"“{text}” is expected{purpose}")

    def _unexpected(self, expected: str) -> ExpressionError:
        token = self.token
        if token.text in FOREIGN and token.kind == "word":
            return ExpressionError(FOREIGN[token.text], token.start + 1)
        told = f"“{token.text[:40]}” does not fit here"
        if token.kind == "end":
            told = "the expression ends too soon"
        return ExpressionError(f"{told}: {expected}", token.start + 1)

    def _nested(self, read: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            column = self.token.start + 1
            raise ExpressionError(f"at most {DEEPEST_NESTING} levels may be nested", column)
        node = read()
        self.depth -= 1
        return node

    def _expression(self) -> Node:
        return self._nested(self._choice)

    def _choice(self) -> Node:
        value = self._binary(0)
        if not self._accept("if"):
            return value
        condition = self._binary(0)
        self._expect("else", " after the condition")
        return Choice(condition, value, self._expression())

    def _operand(self) -> Node:
        return self._binary(0)

    def _binary(self, floor: int) -> Node:
        """Operands joined by operators that bind tighter than `floor`."""
        left = self._not() if self._is("not") and floor <= NOT else self._signed()
        while (power := self._power()) > floor:
            left = self._chain(left, power)
        return left

    def _power(self) -> int:
        token = self.token
        if token.kind not in ("sign", "word") or (token.text == "not" and not self._is_not_in()):
            return 0
        return POWERS.get(token.text, 0)

    def _is_not_in(self) -> bool:
        following = self.tokens[self.position + 1]
        return following.kind == "word" and following.text == "in"

    def _chain(self, first: Node, power: int) -> Node:
        if power == PIPE:
            return self._pipe(first)
        rest: list[tuple[str, Node, int]] = []
        while self._power() == power:
            token = self._next()
            operator = "not in" if token.text == "not" and self._accept("in") else token.text
            rest.append((operator, self._binary(power), token.start + 1))
        if power in (OR, AND):
            return Logic(rest[0][0], (first, *(operand for _, operand, _ in rest)))
        return (Comparison if power == COMPARISON else Sum)(first, tuple(rest))

    def _pipe(self, value: Node) -> Node:
        while self._accept("|"):
            self.pipes += 1
            token = self._next()
            if token.kind != "word" or token.text in KEYWORDS:
                self.position -= token.kind != "end"
                raise self._unexpected("after “|” stands a function")
            if self.pipes > MOST_PIPES:
                raise self._unexpected(f"an expression has at most {MOST_PIPES} pipes")
            arguments = self._arguments() if self._accept("(") else ()
            value = self._call(token, (value, *arguments))
        if self._power() > PIPE:
            raise self._unexpected("put what stands before it in brackets: (x | f) + 1")
        return value

    def _not(self) -> Node:
        self._next()
        return Not(self._nested(lambda: self._binary(NOT)))

    def _signed(self) -> Node:
        token = self.token
        if token.kind == "sign" and token.text in "+-":
            self._next()
            operand = self._nested(self._signed)
            if isinstance(operand, Literal) and type(operand.value) in (int, float):
                return Literal(-operand.value if token.text == "-" else operand.value)
            return Signed(token.text, operand, token.start + 1)
        return self._path()

    def _path(self) -> Node:
        column = self.token.start + 1
        base = self._atom()
        keys: list[Node] = []
        while True:
            if self._accept("."):
                keys.append(self._word_after_dot())
            elif self._accept("["):
                keys.append(self._position())
            elif self._is("(") and (keys or isinstance(base, Name)):
                raise self._no_method(keys)
            else:
                return Path(base, tuple(keys), column) if keys else base

    def _word_after_dot(self) -> Node:
        token = self.token
        if token.kind == "number":
            raise self._unexpected(f"write [{token.text}] for a position")
        if token.kind != "word":
            raise self._unexpected("after a point stands a key; write ['odd key'] for odd ones")
        self._next()
        return Literal(token.text)

    def _position(self) -> Node:
        key = self._expression()
        if self._is(":"):
            raise self._unexpected("write slice(x, from, to) for a part")
        self._expect("]")
        return key

    def _no_method(self, keys: list[Node]) -> ExpressionError:
        last = keys[-1] if keys else None
        if isinstance(last, Literal) and last.value in self.functions:
            return self._unexpected(f"write it as a function: x | {last.value}(…)")
        return self._unexpected("only functions can be called")

    def _atom(self) -> Node:
        token = self._next()
        if token.kind in ("number", "text"):
            return Literal(token.value)
        if token.kind == "word" and token.text not in KEYWORDS and token.text not in FOREIGN:
            return self._named(token)
        if token.kind == "sign" and token.text in CLOSERS:
            return {"(": self._group, "[": self._list, "{": self._object}[token.text](token)
        self.position -= token.kind != "end"
        raise self._unexpected("a value is missing before it")

    def _named(self, token: Token) -> Node:
        if token.text in CONSTANTS:
            return Literal(CONSTANTS[token.text])
        if self._accept("("):
            return self._call(token, self._arguments())
        return Name(token.text, token.start + 1)

    def _group(self, opening: Token) -> Node:
        node = self._expression()
        if self._is(","):
            raise self._unexpected("a list stands in square brackets: [1, 2]")
        self._expect(")")
        return node

    def _list(self, opening: Token) -> Node:
        column = opening.start + 1
        items: list[Node] = []
        while not self._accept("]"):
            items.append(self._expression())
            if len(items) == 1 and self._is("for"):
                node = self._comprehension(None, items[0])
                self._expect("]")
                return node
            self._separator("]")
        return ListOf(tuple(items), column)

    def _object(self, opening: Token) -> Node:
        column = opening.start + 1
        pairs: list[tuple[Node, Node]] = []
        while not self._accept("}"):
            key = self._expression()
            self._expect(":", " after the key")
            pairs.append((key, self._expression()))
            if len(pairs) == 1 and self._is("for"):
                node = self._comprehension(*pairs[0])
                self._expect("}")
                return node
            self._separator("}")
        return ObjectOf(tuple(pairs), column)

    def _separator(self, closer: str) -> None:
        if not self._is(closer) and not self._accept(","):
            raise self._unexpected(f"“,” or “{closer}” is expected")

    def _comprehension(self, key: Node | None, value: Node) -> Node:
        self._expect("for")
        variable = self._next()
        if variable.kind != "word" or variable.text in KEYWORDS or variable.text in CONSTANTS:
            self.position -= variable.kind != "end"
            raise self._unexpected("after “for” stands a name for each item")
        if self._is(","):
            raise self._unexpected("only one name may stand after “for”; use x[0] and x[1]")
        self._expect("in", " after the name")
        source = self._nested(self._operand)
        conditions = []
        while self._accept("if"):
            conditions.append(self._nested(self._operand))
        if self._is("for"):
            raise self._unexpected("only one “for” may stand here; use flatten")
        column = variable.start + 1
        return Comprehension(key, value, variable.text, source, tuple(conditions), column)

    def _arguments(self) -> tuple[Node, ...]:
        arguments: list[Node] = []
        while not self._accept(")"):
            arguments.append(self._expression())
            if len(arguments) == 1 and self._is("for"):
                node = self._comprehension(None, arguments[0])
                self._expect(")")
                return (node,)
            self._separator(")")
        return tuple(arguments)

    def _call(self, token: Token, arguments: tuple[Node, ...]) -> Node:
        column = token.start + 1
        function = self.functions.get(token.text)
        if function is None:
            self.problems.append(unknown("function", token.text, self.functions, column))
            return Literal(None)
        if wrong := _wrong_count(function, len(arguments)):
            self.problems.append(ExpressionError(wrong, column))
        return Call(function, arguments, column)


def unknown(what: str, name: str, known: Mapping[str, object], column: int) -> ExpressionError:
    """The problem that nothing is called so, with what may have been meant."""
    close = get_close_matches(name[:60], [key for key in known if key[:2] != "__"], 1)
    hint = f"; did you mean “{close[0]}”?" if close else ""
    return ExpressionError(f"there is no {what} called “{name[:60]}”{hint}", column)


def _wrong_count(function: FunctionInfo, count: int) -> str:
    most = function.most
    if count < function.fewest:
        return f"{function.name} needs more values: {function.signature}"
    if most is not None and count > most:
        return f"{function.name} takes fewer values: {function.signature}"
    return ""
