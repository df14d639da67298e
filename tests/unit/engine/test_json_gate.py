import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.engine import json_gate
from core.engine.json_gate import JsonRefused
from core.engine.json_reader import StrictReader
from tests.json_suite import FOLDER, needs_suite

# Four good files are refused on purpose: readers of doubled keys disagree about the value, and
# PostgreSQL stores no null character.
STRICTER = {
    "y_object_duplicated_key": "duplicate_key",
    "y_object_duplicated_key_and_value": "duplicate_key",
    "y_object_escaped_null_in_key": "null_character",
    "y_string_null_escape": "null_character",
}
GOOD = sorted(path for path in FOLDER.glob("y_*.json") if path.stem not in STRICTER)
BAD = sorted(FOLDER.glob("n_*.json"))

# What the suite leaves open: the code of our refusal, or the value that we read.
OPEN = {
    "i_number_double_huge_neg_exp": [0.0],
    "i_number_huge_exp": "number_too_long",
    "i_number_neg_int_huge_exp": "number_too_large",
    "i_number_pos_double_huge_exp": "number_too_large",
    "i_number_real_neg_overflow": "number_too_large",
    "i_number_real_pos_overflow": "number_too_large",
    "i_number_real_underflow": [0.0],
    "i_number_too_big_neg_int": "number_too_large",
    "i_number_too_big_pos_int": "number_too_large",
    "i_number_very_big_negative_int": "number_too_large",
    "i_object_key_lone_2nd_surrogate": "lone_surrogate",
    "i_string_1st_surrogate_but_2nd_missing": "lone_surrogate",
    "i_string_1st_valid_surrogate_2nd_invalid": "lone_surrogate",
    "i_string_UTF-16LE_with_BOM": "encoding",
    "i_string_UTF-8_invalid_sequence": "encoding",
    "i_string_UTF8_surrogate_U+D800": "encoding",
    "i_string_incomplete_surrogate_and_escape_valid": "lone_surrogate",
    "i_string_incomplete_surrogate_pair": "lone_surrogate",
    "i_string_incomplete_surrogates_escape_valid": "lone_surrogate",
    "i_string_invalid_lonely_surrogate": "lone_surrogate",
    "i_string_invalid_surrogate": "lone_surrogate",
    "i_string_invalid_utf-8": "encoding",
    "i_string_inverted_surrogates_U+1D11E": "lone_surrogate",
    "i_string_iso_latin_1": "encoding",
    "i_string_lone_second_surrogate": "lone_surrogate",
    "i_string_lone_utf8_continuation_byte": "encoding",
    "i_string_not_in_unicode_range": "encoding",
    "i_string_overlong_sequence_2_bytes": "encoding",
    "i_string_overlong_sequence_6_bytes": "encoding",
    "i_string_overlong_sequence_6_bytes_null": "encoding",
    "i_string_truncated-utf-8": "encoding",
    "i_string_utf16BE_no_BOM": "encoding",
    "i_string_utf16LE_no_BOM": "encoding",
    "i_structure_500_nested_arrays": "too_deep",
    "i_structure_UTF-8_BOM_empty_object": "encoding",
}


@needs_suite
def test_the_suite_is_whole():
    assert (len(GOOD) + len(STRICTER), len(BAD), len(OPEN)) == (95, 188, 35)
    assert {path.stem for path in FOLDER.glob("i_*.json")} == set(OPEN)


@needs_suite
@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_what_is_json_is_read_as_the_standard_library_reads_it(path):
    raw = path.read_bytes()

    assert json_gate.parse(raw) == json.loads(raw)
    assert StrictReader(raw.decode()).read() == json.loads(raw)


@needs_suite
@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_what_is_not_json_is_refused_with_a_place(path):
    with pytest.raises(JsonRefused) as refusal:
        json_gate.parse(path.read_bytes())

    assert refusal.value.line >= 1
    assert refusal.value.column >= 1
    assert refusal.value.message


@needs_suite
@pytest.mark.parametrize("name", STRICTER)
def test_the_gate_is_stricter_than_the_suite_in_two_things(name):
    with pytest.raises(JsonRefused) as refusal:
        json_gate.parse((FOLDER / f"{name}.json").read_bytes())

    assert refusal.value.code == STRICTER[name]


@needs_suite
@pytest.mark.parametrize("name", OPEN)
def test_what_the_suite_leaves_open_is_decided_here(name):
    raw = (FOLDER / f"{name}.json").read_bytes()

    if not isinstance(OPEN[name], str):
        assert json_gate.parse(raw) == OPEN[name]
        return
    with pytest.raises(JsonRefused) as refusal:
        json_gate.parse(raw)
    assert refusal.value.code == OPEN[name]


@pytest.mark.parametrize(
    ("raw", "line", "column", "code"),
    [
        (b"", 1, 1, "syntax"),
        (b"{", 1, 2, "syntax"),
        (b'{"a": 1,\n "b": }', 2, 7, "syntax"),
        (b'{"a": 1,\n "a": 2}', 2, 2, "duplicate_key"),
        (b'{"a": {"b": 1, "c": 1, "b": 1}}', 1, 24, "duplicate_key"),
        (b'{"a": 1, "\\u0061": 2}', 1, 10, "duplicate_key"),
        (b"[1,\n2,\n NaN]", 3, 2, "not_a_number"),
        (b"-Infinity", 1, 1, "not_a_number"),
        (b'{"a": "\\u0000"}', 1, 8, "null_character"),
        (b'["\xc3\xa4", "\\ud83d"]', 1, 8, "lone_surrogate"),
        (b'["\\\\ud83d\\ude00"]', 1, 10, "lone_surrogate"),
        (b"[9223372036854775808]", 1, 2, "number_too_large"),
        (b"[-9223372036854775809]", 1, 2, "number_too_large"),
        (b"[1e309]", 1, 2, "number_too_large"),
        (b"0." + b"1" * 65, 1, 1, "number_too_long"),
        (b"1" * 5000, 1, 1, "number_too_long"),
        (b"{} x", 1, 4, "syntax"),
        (b'{"a":\xff}', 1, 6, "encoding"),
        (b"\xef\xbb\xbf{}", 1, 1, "encoding"),
        ("{}".encode("utf-16"), 1, 1, "encoding"),
        (b"[" * 65 + b"]" * 65, 1, 65, "too_deep"),
        (b'["' + b"," * 100_000 + b'"' + b",1" * 100_000 + b"]", 1, 300_001, "too_many_values"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_refusal_says_where_and_why(raw, line, column, code):
    with pytest.raises(JsonRefused) as refusal:
        json_gate.parse(raw)

    found = refusal.value
    assert (found.line, found.column, found.code) == (line, column, code)


@pytest.mark.parametrize("mark", [b"[", b'{"a":', b'[{"a":'])
def test_a_hundred_thousand_levels_are_a_plain_refusal(mark):
    with pytest.raises(JsonRefused) as refusal:
        json_gate.parse(mark * 100_000)

    assert refusal.value.code == "too_deep"


@pytest.mark.parametrize(
    "value",
    [
        9223372036854775807,
        -9223372036854775808,
        1.5e300,
        "a" * 1_000_000,
        {"text": "[" * 500 + ",{" * 200_000},
        "\\u0000 and \\ud83d as plain text",
        ["😀", "\u2028", "\ufeff"],
        [list(range(99_998))],
        [{"a": [index]} for index in range(300)],
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_stays_within_the_limits_is_kept_exactly(value):
    for ascii_only in (True, False):
        raw = json.dumps(value, ensure_ascii=ascii_only).encode()

        assert json_gate.parse(raw) == value
    assert json_gate.check(value) == value


def test_64_levels_are_enough():
    assert json_gate.parse(b"[" * 64 + b"]" * 64)
    assert json_gate.parse(b'{"a":' * 63 + b'["b"]' + b"}" * 63)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
FRAGMENTS = st.sampled_from(
    ["{", "}", "[", "]", ":", ",", '"', "\\", "\\u", "d83d", "\\ude00", "0000", "1", "-", ".", "e9"]
    + ["NaN", "true", "null", "a", " ", "\n", "\0", "\t", "9" * 20, '"a"', '"a":', "ä"]
)


@given(st.lists(FRAGMENTS, max_size=14).map("".join) | JSON_VALUES.map(json.dumps))
@example('"\\\\ud83d\\ude00"')
@example('"\\ud83d\\ud83d\\ude00\\ude00"')
@settings(max_examples=300)
def test_both_readers_agree_on_every_text(text):
    try:
        expected = StrictReader(text).read()
    except JsonRefused as refusal:
        with pytest.raises(JsonRefused) as found:
            json_gate.parse_text(text)
        assert str(found.value) == str(refusal)
    else:
        assert json_gate.parse_text(text) == expected == json.loads(text)
        assert json_gate.check(expected) == expected


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_a_refusal(raw):
    try:
        json_gate.parse(raw)
    except JsonRefused as refusal:
        assert refusal.line >= 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": [1, float("nan")]}, r"a\[1\]: nan is not a JSON number"),
        ({"a": {"b": 2**63}}, r"a\.b: an integer needs more than 64 bits"),
        ({"a": "x\0"}, r"a: the character \\u0000 is not allowed"),
        ({"a": "\ud800"}, "a: half of a surrogate pair"),
        ({"\ud800": 1}, "half of a surrogate pair"),
        ({1: 2}, "the key 1 is not text"),
        ([b"x"], "a bytes is not JSON"),
        (list(range(100_000)), "more than 100,000 values"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_value_that_never_was_text_passes_the_same_gate(value, message):
    with pytest.raises(JsonRefused, match=message):
        json_gate.check(value)


def test_a_value_nested_too_deep_is_refused_without_recursion():
    value = []
    for _ in range(100_000):
        value = [value]

    with pytest.raises(JsonRefused, match="nested deeper than 64 levels"):
        json_gate.check(value)
