import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.runtime import yaml_reading, yaml_writing
from core.runtime.yaml_reading import BadYaml

some = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
FORBIDDEN = ("__proto__", "constructor", "prototype")
TEXT = (
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)
    | st.text(" \n\t-:{}[]'\"#&*!|>%@`?,.ab01e~<=\\", max_size=12)
    | st.sampled_from(["null", "yes", "1", "0x1", "---", "...", "2026-01-01", "{{ x }}", "~", ""])
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TEXT.filter(lambda key: key not in FORBIDDEN), inner, max_size=4)
    ),
    max_leaves=8,
)


@some
@given(JSON)
@example(["?0"])
@example([{"": "?0"}])
@example("a\n b\n")
def test_what_is_written_reads_the_same(value):
    read = yaml_reading.parse(yaml_writing.dump(value)).value

    assert (read, repr(read)) == (value, repr(value))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("2026-11-22", "2026-11-22"),
        ("12:30:00", "12:30:00"),
        ("1_000", "1_000"),
        ("0x1F", 31),
        ("0o17", 15),
        ("010", 10),
        ("1.5e3", 1500.0),
        ("true", True),
        ("~", None),
        ("'1'", "1"),
        ('{"a": [1, null]}', {"a": [1, None]}),
        ("a: Hello {{ name }}", {"a": "Hello {{ name }}"}),
    ],
)
def test_plain_values_are_those_of_yaml_1_2_and_dates_are_text(text, value):
    assert yaml_reading.parse(text).value == value


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x: 1\na: {{ x }}", 2, "put the value in quotes"),
        ("a: {{ x }} t", 1, "put the value in quotes"),
        ("- {{ x | upper }}", 1, "put the value in quotes"),
        ("{a: Hello {{ name }}}", 1, "put the value in quotes"),
        ("b: '{{ x }}'\nc: [ {{ x }}", 2, "put the value in quotes"),
        ("a: &x 1\nb: *x", 1, "anchors (&) and aliases (*)"),
        ("b: *x", 1, "aliases"),
        ("a: !!str 1", 1, "tags (!) are not used here"),
        ("a: 1\nb: 2\na: 3", 3, "the key “a” stands here twice"),
        ("a: .nan", 1, ".nan is not a number"),
        ("a: -.inf", 1, "is not a number"),
        ("a: 9223372036854775808", 1, "more than 64 bits"),
        ("a: " + "9" * 5000, 1, "more than 64 bits"),
        ("a: 1e999", 1, "too large"),
        ("a: 1\n---\nb: 2", 2, "one workflow a file"),
        ("a: b: c", 1, "a value that holds “: ” must be in quotes"),
        ("a: [1,\n b", 2, "this is not YAML"),
        ("\ta: 1", 1, "this is not YAML"),
        ("? [a]\n: 1", 1, "a key must be text"),
        ("__proto__: 1", 1, "can't be called “__proto__”"),
        ('a: "\\0"', 1, "can't be kept"),
        ('a: "\\uD800"', 1, "can't be kept"),
        ("[" * 200, 1, "levels deep"),
    ],
)
def test_what_would_surprise_is_refused_with_its_line(text, line, message):
    with pytest.raises(BadYaml) as refusal:
        yaml_reading.parse(text)

    assert refusal.value.line == line
    assert message in refusal.value.message


def test_a_file_that_is_too_long_is_not_read():
    with pytest.raises(BadYaml, match="more than 1,000,000 characters"):
        yaml_reading.parse(" " * 1_000_001)


def test_lines_are_known_by_path():
    parsed = yaml_reading.parse("a: 1\nsteps:\n  - id: x\n    inputs:\n      url: y\n  - id: z")

    assert parsed.line_of("steps[0].inputs.url") == 5
    assert parsed.line_of("steps[0].inputs.url.deeper") == 5
    assert parsed.line_of("steps[1].type") == 6
    assert parsed.line_of("missing") == 1


def test_files_are_written_as_people_would():
    value = {
        "auth": {"scheme": "api_key"},
        "parameters": [{"key": "email", "type": "text"}],
        "text": "{{ trigger.email }}",
        "quoted": '{{ x | default("a") }}',
        "lines": "one\ntwo\n",
        "words": "A usual sentence, with a comma.",
        "yes": "no",
        "none": {},
    }

    assert yaml_writing.dump(value) == (
        "auth: {scheme: api_key}\n"
        "parameters:\n"
        "  - {key: email, type: text}\n"
        'text: "{{ trigger.email }}"\n'
        "quoted: '{{ x | default(\"a\") }}'\n"
        "lines: |\n"
        "  one\n"
        "  two\n"
        "words: A usual sentence, with a comma.\n"
        '"yes": "no"\n'
        "none: {}\n"
    )
