import pytest

from blueprints.json_tree import (
    DEEPEST,
    LONGEST_TEXT,
    MOST_CHILDREN,
    MOST_ROWS,
    step_into,
    tree,
)


def rows(node):
    return 1 + sum(rows(child) for child in node.children)


def test_values_keep_their_kind_and_their_path():
    found = tree({"order": "A", "lines": [{"qty": 2}], "paid": False, "note": None})

    order, lines, paid, note = found.children
    assert (order.kind, order.text, order.path) == ("text", '"A"', "order")
    assert (lines.kind, lines.size, lines.path) == ("group", "1 item", "lines")
    assert lines.children[0].children[0].path == "lines[0].qty"
    assert lines.children[0].children[0].kind == "number"
    assert [(n.kind, n.text) for n in (paid, note)] == [("word", "false"), ("word", "null")]


@pytest.mark.parametrize(
    ("key", "path"), [("a", "x.a"), ("odd key", "x['odd key']"), ("it's", "x['it\\'s']")]
)
def test_a_path_is_what_an_expression_can_read(key, path):
    assert step_into("x", key) == path


def test_the_first_levels_are_open_and_long_lists_closed():
    found = tree({"few": [{}, {"a": 1}], "many": [{"a": 1}] * 5})

    few, many = found.children
    assert (found.is_open, few.is_open, many.is_open) == (True, True, True)
    assert not many.children[0].is_open
    assert not tree([{"a": 1}] * 5).children[0].is_open


@pytest.mark.parametrize(
    "value",
    [
        list(range(10_000)),
        {str(n): {str(m): m for m in range(50)} for n in range(50)},
    ],
)
def test_a_huge_value_is_cut_and_says_so(value):
    found = tree(value)

    assert rows(found) <= MOST_ROWS + 1
    assert len(found.children) <= MOST_CHILDREN
    assert found.left_out.endswith("more")


def test_a_long_text_and_a_deep_value_are_cut_and_say_so():
    value = "x" * (LONGEST_TEXT + 5)
    for _ in range(DEEPEST + 5):
        value = [value]

    assert tree("x" * (LONGEST_TEXT + 5)).left_out == "5 characters more"
    assert rows(tree(value)) == DEEPEST + 1
