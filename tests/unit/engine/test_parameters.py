import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine.errors import DefinitionError
from core.engine.parameter_checks import problems
from core.engine.parameter_shapes import infer, json_schema
from core.engine.parameters import (
    INVALID,
    MISSING,
    Parameter,
    all_in_query,
    declared,
    read,
    read_typed,
)

INDIA = "Asia/Kolkata"


def one(raw, **supplied):
    """The value of one declared parameter `p`, or the refusal's (code, message)."""
    values, bad = read(declared([{"key": "p"} | raw]), **supplied)
    return (bad[0].code, bad[0].message.removeprefix("“p” ")) if bad else values["p"]


@pytest.mark.parametrize(
    ("type", "sent", "value"),
    [
        ("text", "a", "a"),
        ("text", "", ""),
        ("text", 12, "12"),
        ("text", 1.5, "1.5"),
        ("text", True, "true"),
        ("number", 12, 12),
        ("number", -1.5, -1.5),
        ("number", "12", 12),
        ("number", "-1.5", -1.5),
        ("number", "1e3", 1000.0),
        ("number", "9007199254740993", 9007199254740993),
        ("yes_no", True, True),
        ("yes_no", "yes", True),
        ("yes_no", "no", False),
        ("yes_no", "false", False),
        ("yes_no", "True", True),
        ("date", "2026-11-22T08:00:00Z", "2026-11-22T08:00:00.000Z"),
        ("date", "2026-11-22T08:00:00.123456+02:00", "2026-11-22T06:00:00.123Z"),
        ("date", "2026-11-22t08:00z", "2026-11-22T08:00:00.000Z"),
        ("date", "2026-11-22T08:00:00,5+0200", "2026-11-22T06:00:00.500Z"),
        ("date", "2026-11-22T08:00:00-03", "2026-11-22T11:00:00.000Z"),
        ("date", "2026-11-22T08:00", "2026-11-22T02:30:00.000Z"),
        ("date", "2026-11-22", "2026-11-21T18:30:00.000Z"),
        ("date", 1795334400000, "2026-11-22T08:00:00.000Z"),
        ("date", -1, "1969-12-31T23:59:59.999Z"),
        ("object", {"a": [1]}, {"a": [1]}),
        ("email", "ana@example.com", "ana@example.com"),
        ("url", "https://example.com:8443/a?b=c", "https://example.com:8443/a?b=c"),
    ],
)
def test_a_json_value_becomes_its_type(type, sent, value):
    assert one({"type": type}, body={"p": sent}, timezone=INDIA) == value


@pytest.mark.parametrize(
    ("type", "sent"),
    [
        ("text", {}),
        ("text", []),
        ("number", "1,5"),
        ("number", "NaN"),
        ("number", ""),
        ("number", True),
        ("number", "9223372036854775808"),
        ("number", "1e999"),
        ("number", "1" * 65),
        ("number", " 1"),
        ("number", "١"),
        ("yes_no", 1),
        ("yes_no", 0),
        ("yes_no", "on"),
        ("yes_no", ""),
        ("date", "2026-02-30"),
        ("date", "2026-11-22T25:00"),
        ("date", "22.11.2026"),
        ("date", "2026-W47-7"),
        ("date", "1795334400000"),
        ("date", 1.5),
        ("date", True),
        ("date", 10**18),
        ("date", "0001-01-01T00:00+14:00"),
        ("object", []),
        ("object", "{}"),
        ("email", "ana"),
        ("email", "ana@exa mple.com"),
        ("url", "ftp://example.com"),
        ("url", "https://"),
        ("url", "https://example.com\r\nX: y"),
        ("url", "http://[1"),
        ("url", 5),
    ],
)
def test_what_is_not_of_the_type_is_refused(type, sent):
    code, message = one({"type": type}, body={"p": sent})

    assert code == INVALID
    assert message.startswith("must be")


@pytest.mark.parametrize(
    ("raw", "sent", "value"),
    [
        ({"type": "number"}, ["12"], 12),
        ({"type": "yes_no"}, ["yes"], True),
        ({"type": "date"}, ["1795334400000"], "2026-11-22T08:00:00.000Z"),
        ({"type": "date"}, ["2026-11-22T08:00:00 02:00"], "2026-11-22T06:00:00.000Z"),
        ({"type": "date"}, ["2026-11-22 08:00"], "2026-11-22T08:00:00.000Z"),
        ({"type": "object"}, ['{"a": 1}'], {"a": 1}),
        ({"type": "number", "list": True}, ["1", "2"], [1, 2]),
        ({"type": "number", "list": True}, ["[1, 2]"], [1, 2]),
        ({"type": "number", "list": True}, ["1"], [1]),
        ({"type": "text", "optional": True}, [""], ""),
        ({"type": "number", "optional": True}, [""], None),
        ({"type": "number", "default": 3}, [""], 3),
    ],
)
def test_a_query_and_a_form_send_text(raw, sent, value):
    assert one(raw, form={"p": sent}) == value
    assert one(raw | {"in": "query"}, query={"p": sent}) == value


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        ({"type": "text"}, ["a", "b"]),
        ({"type": "number"}, [""]),
        ({"type": "object"}, ["{"]),
        ({"type": "object"}, ['{"a": 1, "a": 2}']),
        ({"type": "number", "list": True}, ["[1, 2"]),
        ({"type": "number", "list": True}, ["1", "x"]),
    ],
)
def test_text_that_does_not_fit_is_refused(raw, sent):
    assert one(raw, form={"p": sent})[0] == INVALID


@pytest.mark.parametrize("blank", [[""], ["  "], ["", " \n"], []])
@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ({"optional": True}, None),
        ({"optional": True, "choices": ["a", "b"]}, None),
        ({"optional": True, "list": True}, None),
        ({"optional": True, "type": "date"}, None),
        ({"default": "here"}, "here"),
    ],
)
def test_what_a_person_leaves_blank_is_not_given(raw, value, blank):
    wanted = declared([{"key": "p", "type": "text"} | raw])

    assert read_typed(wanted, {"p": blank}, INDIA) == ({"p": value}, [])


@pytest.mark.parametrize("blank", [[""], ["  "], []])
@pytest.mark.parametrize(
    "raw", [{}, {"choices": ["a"]}, {"type": "yes_no"}, {"type": "date"}, {"list": True}]
)
def test_what_a_person_has_to_fill_in_may_not_be_blank(raw, blank):
    _, [bad] = read_typed(declared([{"key": "p", "type": "text"} | raw]), {"p": blank}, INDIA)

    assert (bad.code, bad.message) == (MISSING, "“p” is missing")


def test_what_a_person_types_is_kept_as_typed():
    wanted = declared([{"key": "p", "type": "text"}])

    assert read_typed(wanted, {"p": [" a "]}, INDIA) == ({"p": " a "}, [])


def test_a_list_takes_each_element_by_the_same_rules():
    raw = {"type": "number", "list": True}

    assert one(raw, body={"p": []}) == []
    assert one(raw, body={"p": [1, "2"]}) == [1, 2]
    assert one(raw, body={"p": 1}) == (INVALID, "must be a list, not 1")
    assert one(raw, body={"p": [1, None]}) == (INVALID, "item 2 must be a number, not null")


def test_all_problems_come_at_once():
    parameters = declared(
        [{"key": "email"}, {"key": "total", "type": "number"}, {"key": "at", "type": "date"}]
    )

    values, bad = read(parameters, {"total": "many"})

    assert [(wrong.parameter, wrong.code) for wrong in bad] == [
        ("email", MISSING),
        ("total", INVALID),
        ("at", MISSING),
    ]
    assert values == {}


def test_what_may_be_missing_is_null_or_its_default():
    parameters = declared(
        [
            {"key": "note", "optional": True},
            {"key": "lines", "type": "number", "default": "5"},
            {"key": "paid", "type": "yes_no", "default": False},
        ]
    )

    assert read(parameters, {}) == ({"note": None, "lines": 5, "paid": False}, [])
    assert read(parameters, {"note": None, "lines": None, "more": 1})[1] == []


def test_null_does_not_fill_a_required_parameter():
    assert one({}, body={"p": None})[0] == MISSING


def test_a_query_parameter_is_read_only_from_the_query():
    raw = {"in": "query"}

    assert one(raw, body={"p": "a"}, query={})[0] == MISSING
    assert one({}, body={}, query={"p": ["a"]})[0] == MISSING
    assert one(raw, body={"p": "a"}) == "a"


def test_a_get_reads_everything_from_the_query():
    parameters = all_in_query(declared([{"key": "p", "type": "number"}]))

    assert read(parameters, {}, query={"p": ["3"]}) == ({"p": 3}, [])


@pytest.mark.parametrize(
    ("raw", "fits", "fails", "message"),
    [
        ({"type": "number", "min": 2, "max": 3}, 2, 1, "must be at least 2"),
        ({"type": "number", "min": 2, "max": 3}, 3, 3.5, "must be at most 3"),
        ({"min": 2}, "ab", "a", "must be at least 2 characters long"),
        ({"max": 2}, "ab", "abc", "must be at most 2 characters long"),
        ({"type": "date", "min": "2026-01-01"}, "2026-01-01", "2025-12-31", "must be at least"),
        ({"pattern": "[A-Z]{2}"}, "DE", "DEU", "must match"),
        ({"choices": ["a", "b"]}, "a", "c", "must be one of a, b; not the text “c”"),
        ({"type": "number", "choices": [1, 2]}, "2", 3, "must be one of 1, 2; not 3"),
        ({"list": True, "pattern": "[a-z]+"}, ["a"], ["a", "1"], "item 2 must match"),
    ],
)
def test_limits_patterns_and_choices_hold(raw, fits, fails, message):
    assert not isinstance(one(raw, body={"p": fits}), tuple)
    code, words = one(raw, body={"p": fails})
    assert code == INVALID
    assert words.startswith(message)


def test_a_pattern_cannot_be_made_slow():
    assert one({"pattern": "(a+)+b"}, body={"p": "a" * 100_000})[0] == INVALID


def test_a_parameter_is_written_as_it_was_read():
    raw = [
        {"key": "a", "type": "text"},
        {"key": "b", "type": "number", "list": True, "optional": True, "min": 0, "max": 5},
        {"key": "c", "type": "yes_no", "default": False, "in": "query"},
        {"key": "d", "type": "text", "pattern": "x+", "choices": ["x"]},
    ]

    assert [parameter.to_json() for parameter in declared(raw)] == raw


def test_an_unknown_type_is_refused():
    with pytest.raises(DefinitionError, match="unknown type thing:order"):
        declared([{"key": "order", "type": "thing:order"}])


def test_an_example_body_declares_parameters():
    example = {
        "id": 7,
        "email": "ana@example.com",
        "paid": True,
        "at": "2026-11-22T08:00:00Z",
        "note": None,
        "customer": {"name": "Ana"},
        "lines": [{"sku": "a"}, {"sku": "b"}],
        "tags": ["a", 1],
        "nothing": [],
        "body": "reserved",
    }

    assert infer(example) == [
        Parameter("id", "number"),
        Parameter("email", "text"),
        Parameter("paid", "yes_no"),
        Parameter("at", "date"),
        Parameter("note", "text", optional=True),
        Parameter("customer", "object"),
        Parameter("lines", "object", is_list=True),
        Parameter("tags", "text", is_list=True),
        Parameter("nothing", "text", is_list=True),
    ]


def test_several_examples_are_merged():
    assert infer([{"a": 1, "b": "x"}, {"a": "2"}]) == [
        Parameter("a", "text"),
        Parameter("b", "text", optional=True),
    ]
    assert infer("text") == []


def test_parameters_are_a_json_schema():
    parameters = declared(
        [
            {"key": "age", "type": "number", "min": 0, "max": 99},
            {"key": "tags", "list": True, "max": 9, "pattern": "[a-z]+", "optional": True},
            {"key": "size", "choices": ["s", "l"], "default": "s"},
        ]
    )

    assert json_schema(parameters) == {
        "type": "object",
        "properties": {
            "age": {"type": "number", "minimum": 0, "maximum": 99},
            "tags": {
                "type": "array",
                "items": {"type": "string", "maxLength": 9, "pattern": "^(?:[a-z]+)$"},
            },
            "size": {"type": "string", "enum": ["s", "l"], "default": "s"},
        },
        "required": ["age"],
    }


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ({}, "parameters"),
        ([1], "parameters[0]"),
        ([{}], "parameters[0].key"),
        ([{"key": "headers"}], "parameters[0].key"),
        ([{"key": "a"}, {"key": "a"}], "parameters[1].key"),
        ([{"key": "a", "typ": "text"}], "parameters[0].typ"),
        ([{"key": "a", "type": "thing:order"}], "parameters[0].type"),
        ([{"key": "a", "type": ["text"]}], "parameters[0].type"),
        ([{"key": "a", "list": "yes"}], "parameters[0].list"),
        ([{"key": "a", "in": "header"}], "parameters[0].in"),
        ([{"key": "a", "min": "2"}], "parameters[0].min"),
        ([{"key": "a", "min": 3, "max": 2}], "parameters[0].min"),
        ([{"key": "a", "type": "yes_no", "min": 3}], "parameters[0].min"),
        ([{"key": "a", "type": "date", "max": "soon"}], "parameters[0].max"),
        ([{"key": "a", "pattern": "("}], "parameters[0].pattern"),
        ([{"key": "a", "pattern": 5}], "parameters[0].pattern"),
        ([{"key": "a", "type": "number", "pattern": "1"}], "parameters[0].pattern"),
        ([{"key": "a", "choices": []}], "parameters[0].choices"),
        ([{"key": "a", "type": "number", "choices": [1, "x"]}], "parameters[0].choices[1]"),
        ([{"key": "a", "type": "number", "default": "x"}], "parameters[0].default"),
        ([{"key": "a", "choices": ["x"], "default": "y"}], "parameters[0].default"),
        ([{"key": str(index)} for index in range(201)], "parameters"),
    ],
    ids=str,
)
def test_a_wrong_declaration_is_a_problem_with_its_place(raw, place):
    assert [found for found, _ in problems(raw)] == [place]


def test_a_good_declaration_has_no_problem():
    raw = [
        {"key": "a", "type": "date", "min": "2026-01-01", "max": "2027-01-01T00:00Z"},
        {"key": "b", "type": "number", "list": True, "default": [1, 2], "choices": [1, 2]},
        {"key": "c", "pattern": "x+", "optional": True, "in": "query"},
    ]

    assert problems(raw) == []


SENT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
DECLARED = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "number", "yes_no", "date", "object", "email", "url"])},
    optional={"list": st.booleans(), "optional": st.booleans(), "in": st.just("query")},
)


@given(DECLARED, SENT, st.lists(st.text(), max_size=3))
@settings(max_examples=300)
def test_nothing_that_is_sent_is_more_than_a_value_or_a_refusal(raw, sent, texts):
    for supplied in ({"body": {"p": sent}}, {"form": {"p": texts}}, {"query": {"p": texts}}):
        values, bad = read(declared([{"key": "p"} | raw]), **supplied)

        assert len(values) + len(bad) == 1


@given(SENT)
@settings(max_examples=200)
def test_any_declaration_is_checked_without_an_accident(raw):
    problems(raw)
    problems([raw])
    problems([{"key": "a", "default": raw}, {"key": "b", "min": raw, "choices": raw}])
