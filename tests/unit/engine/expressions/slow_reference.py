"""A slow second opinion: Python's own parser, and a plain walk over its tree."""

import ast

CONSTANTS = {"true": True, "false": False, "null": None}
WHOLE = 2**53


class Refused(Exception):
    """The expression has no value, or is none."""


def value_of(source, scope):
    """What the expression is worth, by a second reading of the contract."""
    return walk(tree_of(source), scope)


def tree_of(source):
    """Python's tree of the expression, when all its parts are in our grammar."""
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise Refused from error
    check(tree)
    return tree


def check(node, is_argument=False):
    """Raise Refused for all that Python knows and our grammar doesn't."""
    if isinstance(node, ast.GeneratorExp) and not is_argument:
        raise Refused
    known = PARTS.get(type(node), lambda _: None)(node)
    if known is None:
        raise Refused(ast.dump(node))
    is_only_argument = isinstance(node, ast.Call) and len(known) == 1
    for part in known:
        check(part, is_only_argument)


def parts_of_constant(node):
    return [] if type(node.value) in (int, float, str) else None


def parts_of_name(node):
    return [] if node.id not in ("True", "False", "None") else None


def parts_of_subscript(node):
    return None if isinstance(node.slice, ast.Tuple | ast.Slice) else [node.value, node.slice]


def parts_of_operation(node):
    if not isinstance(node.op, ast.BitOr):
        return [node.left, node.right] if isinstance(node.op, ARITHMETIC) else None
    if isinstance(node.right, ast.Name):
        return [node.left] if node.right.id == "max" else None
    is_call = isinstance(node.right, ast.Call) and parts_of_call(node.right) is not None
    return [node.left, *node.right.args] if is_call else None


def parts_of_turn(node):
    return None if isinstance(node.op, ast.Invert) else [node.operand]


def parts_of_comparison(node):
    return None if has_is(node.ops) else [node.left, *node.comparators]


def parts_of_object(node):
    return None if None in node.keys else [*node.keys, *node.values]


def parts_of_call(node):
    is_max = isinstance(node.func, ast.Name) and node.func.id == "max"
    return node.args if is_max and not node.keywords else None


def parts_of_loop(node):
    loop = node.generators[0]
    if len(node.generators) > 1 or not isinstance(loop.target, ast.Name):
        return None
    made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    return [*made, loop.iter, *loop.ifs]


ARITHMETIC = ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Mod
PARTS = {
    ast.Constant: parts_of_constant,
    ast.Name: parts_of_name,
    ast.Attribute: lambda node: [node.value],
    ast.Subscript: parts_of_subscript,
    ast.BinOp: parts_of_operation,
    ast.UnaryOp: parts_of_turn,
    ast.BoolOp: lambda node: node.values,
    ast.List: lambda node: node.elts,
    ast.Compare: parts_of_comparison,
    ast.IfExp: lambda node: [node.test, node.body, node.orelse],
    ast.Dict: parts_of_object,
    ast.Call: parts_of_call,
    ast.ListComp: parts_of_loop,
    ast.GeneratorExp: parts_of_loop,
    ast.DictComp: parts_of_loop,
}


def has_is(operators):
    return any(isinstance(operator, ast.Is | ast.IsNot) for operator in operators)


def walk(node, scope):
    return WALKS[type(node)](node, lambda part: walk(part, scope), scope)


def walk_operation(node, value, scope):
    if not isinstance(node.op, ast.BitOr):
        return compute(node.op, value(node.left), value(node.right))
    arguments = node.right.args if isinstance(node.right, ast.Call) else []
    return largest([value(node.left), *map(value, arguments)])


def walk_list_loop(node, value, scope):
    return [walk(node.elt, inner) for inner in turns(node.generators[0], scope)]


def walk_object_loop(node, value, scope):
    scopes = turns(node.generators[0], scope)
    return {key_of(walk(node.key, inner)): walk(node.value, inner) for inner in scopes}


WALKS = {
    ast.Constant: lambda node, value, scope: node.value,
    ast.Name: lambda node, value, scope: read(node.id, scope),
    ast.Attribute: lambda node, value, scope: look_up(value(node.value), node.attr),
    ast.Subscript: lambda node, value, scope: look_up(value(node.value), value(node.slice)),
    ast.BinOp: walk_operation,
    ast.UnaryOp: lambda node, value, scope: turn(node.op, value(node.operand)),
    ast.BoolOp: lambda node, value, scope: decide(node.op, node.values, value),
    ast.Compare: lambda node, value, scope: in_a_row(
        value(node.left), node.ops, node.comparators, value
    ),
    ast.IfExp: lambda node, value, scope: value(node.body if value(node.test) else node.orelse),
    ast.List: lambda node, value, scope: [value(item) for item in node.elts],
    ast.Dict: lambda node, value, scope: {
        key_of(value(key)): value(item) for key, item in zip(node.keys, node.values, strict=True)
    },
    ast.Call: lambda node, value, scope: largest([value(argument) for argument in node.args]),
    ast.ListComp: walk_list_loop,
    ast.GeneratorExp: walk_list_loop,
    ast.DictComp: walk_object_loop,
}


def read(name, scope):
    if name in scope:
        return scope[name]
    if name in CONSTANTS:
        return CONSTANTS[name]
    raise Refused(name)


def look_up(value, key):
    if is_number(key) and key == int(key):
        key = int(key)
    if isinstance(value, dict):
        return value.get(str(key) if is_number(key) else key if isinstance(key, str) else None)
    if isinstance(value, list) and is_number(key) and -len(value) <= key < len(value):
        return value[key] if isinstance(key, int) else None
    return None


def turns(loop, scope):
    items = walk(loop.iter, scope)
    if items is not None and not isinstance(items, list):
        raise Refused
    for item in items or []:
        inner = {**scope, loop.target.id: item}
        if all(walk(condition, inner) for condition in loop.ifs):
            yield inner


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_number(text):
    try:
        return float(text) if any(mark in text for mark in ".eE") else int(text)
    except ValueError:
        return None


def key_of(value):
    if is_number(value):
        return written(value)
    if not isinstance(value, str):
        raise Refused
    return value


def written(value):
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case float() if value == int(value) and abs(value) < WHOLE:
            return str(int(value))
        case int() | float():
            return str(value)
    raise NotComparedHere


class NotComparedHere(Exception):
    """The reference says nothing about this."""


def compute(operator, left, right):
    if isinstance(operator, ast.Add) and (isinstance(left, str) or isinstance(right, str)):
        return written(left) + written(right)
    if isinstance(operator, ast.Add) and isinstance(left, list) and isinstance(right, list):
        return left + right
    if not (is_number(left) and is_number(right)):
        raise Refused
    match operator:
        case ast.Add():
            return in_range(left + right)
        case ast.Sub():
            return in_range(left - right)
        case ast.Mult():
            return in_range(left * right)
    if right == 0:
        raise Refused
    return in_range(left % right) if isinstance(operator, ast.Mod) else divide(left, right)


def divide(left, right):
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return in_range(left // right)
    quotient = left / right
    return int(quotient) if quotient == int(quotient) and abs(quotient) < WHOLE else quotient


def in_range(number):
    if isinstance(number, int) and not -(2**63) <= number < 2**63:
        raise Refused
    return number


def turn(operator, value):
    if isinstance(operator, ast.Not):
        return not value
    if not is_number(value):
        raise Refused
    return -value if isinstance(operator, ast.USub) else value


def decide(operator, operands, value):
    stops_at = isinstance(operator, ast.Or)
    for operand in operands:
        found = value(operand)
        if bool(found) is stops_at:
            break
    return found


def in_a_row(left, operators, others, value):
    for operator, other in zip(operators, others, strict=True):
        right = value(other)
        if not compare(operator, left, right):
            return False
        left = right
    return True


def compare(operator, left, right):
    match operator:
        case ast.Eq():
            return equal(left, right)
        case ast.NotEq():
            return not equal(left, right)
        case ast.In():
            return is_in(left, right)
        case ast.NotIn():
            return not is_in(left, right)
    if left is None or right is None:
        return False
    left, right = comparable(left, right)
    return {
        ast.Lt: left < right,
        ast.LtE: left <= right,
        ast.Gt: left > right,
        ast.GtE: left >= right,
    }[type(operator)]


def comparable(left, right):
    if isinstance(left, str) and isinstance(right, str):
        return left, right
    sides = [as_number(side) if isinstance(side, str) else side for side in (left, right)]
    if not all(is_number(side) for side in sides):
        raise Refused
    return sides


def equal(left, right):
    if is_number(left) and isinstance(right, str):
        return as_number(right) == left
    if is_number(right) and isinstance(left, str):
        return as_number(left) == right
    return alike(left, right)


def alike(left, right):
    if is_number(left) and is_number(right):
        return left == right
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(alike, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(alike(left[key], right[key]) for key in left)
    return left == right


def is_in(part, whole):
    match whole:
        case None:
            return False
        case str():
            if isinstance(part, list | dict):
                raise Refused
            return part is not None and written(part) in whole
        case list():
            return any(equal(part, item) for item in whole)
        case dict():
            return isinstance(part, str) and part in whole
    raise Refused


def largest(values):
    if len(values) == 1:
        values = values[0] if isinstance(values[0], list) else values
    present = [value for value in values if value is not None]
    if not present:
        return None
    kinds = {is_number(value) or type(value) for value in present}
    if len(kinds) > 1 or kinds & {list, dict}:
        raise Refused
    if kinds == {str}:
        return max(present, key=lambda text: (text.casefold(), text))
    return max(present)
