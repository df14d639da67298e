import pytest

from core.engine.expressions import ExpressionError, functions, parse, resolve
from tests.unit.engine.expressions.scopes import make_scope

NAMES = """
upper lower trim title replace split join slice length contains starts_with ends_with matches
extract pad format_number slug encode_url decode_url encode_base64 decode_base64 md5 sha256 uuid
markdown_to_html strip_html escape_html query_string
number round floor ceil abs min max sum average
range first last count unique sort sort_by reverse filter_by map group_by index_by flatten chunk
zip compact
keys values pick omit get set merge
now date add_time difference format_date parse_date start_of end_of weekday to_zone
default is_empty type text json parse_json yes_no parse_csv to_csv parse_xml callback_url
"""
CONTRACT = NAMES.split()
KINDS = {"text", "number", "list", "object", "date", "any"}


def test_all_functions_of_the_contract_are_there():
    assert sorted(functions()) == sorted(CONTRACT)


@pytest.mark.parametrize("name", CONTRACT)
def test_the_example_of_a_function_gives_what_it_says(name):
    info = functions()[name]

    assert parse(info.example).evaluate(make_scope(run={})) == info.result
    assert name in info.example


@pytest.mark.parametrize("name", CONTRACT)
def test_a_function_is_described(name):
    info = functions()[name]

    assert info.label
    assert info.help.endswith(".")
    assert "\n" not in info.help
    assert set(info.kinds) <= KINDS
    assert info.signature.startswith(name + "(")


NULL_SUBJECTS = {
    "length": 0,
    "contains": False,
    "starts_with": False,
    "ends_with": False,
    "matches": False,
    "join": "",
    "query_string": "",
    "sum": 0,
    "count": 0,
    "default": 1,
    "is_empty": True,
    "type": "null",
    "text": "",
    "json": "null",
    "to_csv": "",
    "merge": {"a": 1},
    "get": None,
    "set": {"a": 1},
    "index_by": {},
    "pick": {},
    "omit": {},
}
GIVES_A_LIST = """
unique sort sort_by reverse filter_by map group_by flatten chunk zip compact keys values
"""
ARGUMENTS = {
    "contains": "'a'",
    "starts_with": "'a'",
    "ends_with": "'a'",
    "matches": "'a'",
    "replace": "'a', 'b'",
    "slice": "0",
    "extract": "'a'",
    "pad": "3",
    "sort_by": "'a'",
    "filter_by": "'a', 1",
    "map": "'a'",
    "group_by": "'a'",
    "index_by": "'a'",
    "chunk": "2",
    "zip": "[1]",
    "get": "'a'",
    "set": "'a', 1",
    "merge": "{'a': 1}",
    "add_time": "'1d'",
    "difference": "now(), 'days'",
    "format_date": "'YYYY'",
    "parse_date": "'YYYY'",
    "start_of": "'day'",
    "end_of": "'day'",
    "to_zone": "'UTC'",
    "default": "1",
}


@pytest.mark.parametrize("name", [name for name in CONTRACT if name not in ("uuid", "now")])
def test_a_missing_subject_never_fails(name):
    source = f"{{{{ trigger.empty | {name}({ARGUMENTS.get(name, '')}) }}}}"

    gives_a_list = name in GIVES_A_LIST.split()
    assert resolve(source, make_scope()) == NULL_SUBJECTS.get(name, [] if gives_a_list else None)


COMPUTED = [
    ("'straße' | upper", "STRASSE"),
    ("5 | upper", "5"),
    ("true | upper", "TRUE"),
    ("title('HELLO  wORLD')", "Hello  World"),
    ("replace('aaa', 'a', 'bb')", "bbbbbb"),
    ("replace('abc', '', '-')", "abc"),
    ("'a,b' | split", ["a", "b"]),
    ("split('abc', '')", ["a", "b", "c"]),
    ("[1, null, true, [2]] | join", "1, , true, [2]"),
    ("slice('hello', 1, -1)", "ell"),
    ("slice('hello', -3)", "llo"),
    ("slice([1, 2, 3], 1)", [2, 3]),
    ("slice('a', 5, 9)", ""),
    ("length({'a': 1})", 1),
    ("length('😀')", 1),
    ("length(12345)", 5),
    ("contains([1, '2'], 2)", True),
    ("contains({'a': 1}, 'a')", True),
    ("contains('abc', 'B')", False),
    ("starts_with(2026, '20')", True),
    ("matches('abc', '(?i)B')", True),
    ("extract('a1b22', r'\\d+', 'all')", ["1", "22"]),
    ("extract('k=1 k=2', r'k=(\\d)', 'all')", ["1", "2"]),
    ("extract('abc', 'x')", None),
    ("extract('ab', '(x)?b')", None),
    ("pad('ab', 5, 'xyz', 'end')", "abxyz"),
    ("pad('abcdef', 3)", "abcdef"),
    ("format_number(1234567.891)", "1,234,567.891"),
    ("format_number(1234567.891, 2, ',')", "1.234.567,89"),
    ("format_number(1234.5, 1, '.', ' ')", "1 234.5"),
    ("format_number(2.675, 2)", "2.68"),
    ("format_number(-0.5, 0)", "-1"),
    ("format_number(1e21)", "1,000,000,000,000,000,000,000"),
    ("format_number('12.5', 2)", "12.50"),
    ("slug('  Ärger — 100 %!')", "arger-100"),
    ("encode_url('ä/é?')", "%C3%A4%2F%C3%A9%3F"),
    ("decode_url('%FF+')", "\ufffd+"),
    ("decode_base64('YT9i')", "a?b"),
    ("decode_base64('w6TDtsO8_-' | replace('_-', ''))", "äöü"),
    ("escape_html('\"it\\'s\"')", "&quot;it&#x27;s&quot;"),
    ("strip_html('<style>x{}</style>a<br>b &amp; <!-- c -->d 1 < 2')", "a\nb & d 1 < 2"),
    ("query_string({'a': null, 'b': true, 'ä': 'ß&'})", "b=true&%C3%A4=%C3%9F%26"),
    ("number('1.234,50', ',')", 1234.5),
    ("number('1,234.50')", 1234.5),
    ("number(' 12 ')", 12),
    ("number('1 234')", 1234),
    ("number('-1e3')", -1000.0),
    ("round(2.5)", 3),
    ("round(-2.5)", -3),
    ("round(1234, -2)", 1200),
    ("round(1.005, 2)", 1.01),
    ("round('7.7')", 8),
    ("floor(-2.1)", -3),
    ("ceil(-2.1)", -2),
    ("min(3, null, 1)", 1),
    ("max([])", None),
    ("max(['a', 'B'])", "B"),
    ("min('2026-01-02', '2026-01-01T10:00:00Z')", "2026-01-01T10:00:00Z"),
    ("sum([1, null, '2.5'])", 3.5),
    ("average([])", None),
    ("range(3)", [0, 1, 2]),
    ("range(3, 0, -1)", [3, 2, 1]),
    ("range(5, 1)", []),
    ("first([])", None),
    ("count({'a': 1})", 1),
    ("unique([1, 1.0, '1', true, null, null, [1], [1.0], {'a': 1}, {'a': 1}])", None),
    ("sort([3, null, 1])", [1, 3, None]),
    ("sort([3, null, 1], 'desc')", [3, 1, None]),
    ("sort(['b', 'A', 'a'])", ["A", "a", "b"]),
    ("sort(['2026-01-01T10:00+02:00', '2026-01-01T09:00Z'])", None),
    ("trigger.items | sort_by('price', 'desc') | map('sku')", ["A", "B", "C"]),
    ("trigger.items | filter_by('qty', '5') | map('sku')", ["C"]),
    ("[{'a': {'b': [1, 2]}}] | map('a.b[1]')", [2]),
    ("[{'x': 1}] | map(\"['odd key']\")", [None]),
    ("index_by([{'id': 7}, {'id': null}], 'id')[7].id", 7),
    ("flatten([[1, [2]], 3])", [1, [2], 3]),
    ("zip([1, 2, 3], [4, 5], [6, 7])", [[1, 4, 6], [2, 5, 7]]),
    ("compact([0, false, '', null, [], {}])", [0, False]),
    ("pick({'a': 1, 'b': 2}, ['b', 'c'])", {"b": 2}),
    ("omit({'a': 1, 'b': 2}, 'a', 'c')", {"b": 2}),
    ("get({'a': null}, 'a', 5)", 5),
    ("get([1, 2], '[1]')", 2),
    ("set(null, 'a.b', 1)", {"a": {"b": 1}}),
    ("set({'a': [1, {'b': 2}]}, 'a[1].b', 3)", {"a": [1, {"b": 3}]}),
    ("set([1], '[1]', 2)", [1, 2]),
    ("merge({'a': 1}, null, {'a': 2})", {"a": 2}),
    ("default('', 'x')", "x"),
    ("default(0, 5)", 0),
    ("default(false, true)", False),
    ("type(null) + type('') + type(1.5) + type(true) + type({})", "nulltextnumberyes_noobject"),
    ("text(null)", ""),
    ("json('ä\"')", '"ä\\""'),
    ("json({'a': 1}, 2)", '{\n  "a": 1\n}'),
    ("parse_json(' {\"a\": [1.5, null]} ').a[0]", 1.5),
    ("yes_no('YES')", True),
    ("yes_no(0)", False),
    ("parse_csv('a;b\\n1;\"x\\ny\"\\n2')", [{"a": "1", "b": "x\ny"}, {"a": "2", "b": ""}]),
    ("to_csv([['=1+1', '-5', '@x', 'a\"b']])", '"\'=1+1","-5","\'@x","a""b"\r\n'),
    ("parse_xml('<a>x<b/>y</a>')", {"a": {"b": None, "#text": "xy"}}),
    ("callback_url('wait')", "https://example.com/callbacks/wait"),
]
SPELLED_OUT = {
    "unique": [1, "1", True, None, [1], {"a": 1}],
    "sort": ["2026-01-01T10:00+02:00", "2026-01-01T09:00Z"],
}


@pytest.mark.parametrize(("expression", "value"), COMPUTED)
def test_a_function_has_its_value(expression, value):
    computed = resolve("{{ " + expression + " }}", make_scope())

    expected = SPELLED_OUT.get(expression.split("(")[0]) if value is None else value
    assert computed == expected
    assert type(computed) is type(expected)


REFUSED = [
    ("upper([1])", "upper: text is expected, not a list"),
    ("sum('abc')", "sum: a list is expected, not text"),
    ("sum([1, 'x'])", "a list of numbers is expected, but “x” is in it"),
    ("sum([1, true])", "a list of numbers is expected, but a yes/no is in it"),
    ("sort([1, 'a'])", "numbers and text cannot be put in one order"),
    ("sort([[1]])", "a list has no place in an order"),
    ("sort([1], 'down')", "the order is 'asc' or 'desc'"),
    ("number('12 apples')", "a number is expected, not “12 apples”"),
    ("number('1,5')", "a number is expected, not “1,5”"),
    ("number([])", "a number is expected, not a list"),
    ("number('1', ';')", "the decimal mark is"),
    ("round(1, 99)", "digits are between"),
    ("round(1, 1.5)", "a whole number is expected, not 1.5"),
    ("slice('a', null)", "“from” is null"),
    ("slice(5, 0)", "text or a list is expected, not a number"),
    ("count('abc')", "use length for the characters of a text"),
    ("first('abc')", "a list is expected"),
    ("range(1, 5, 0)", "the step is not 0"),
    ("chunk([1], 0)", "the size is at least 1"),
    ("group_by([{'a': []}], 'a')", "only texts, numbers and yes/no make groups"),
    ("index_by([{'a': true}], 'a')", "only texts and numbers can be keys"),
    ("map([1], 'a..b')", "“a..b” is not a path"),
    ("map([1], 'a[')", "“a[” is not a path"),
    ("set({'a': 1}, 'a.b', 1)", "there is no place for b in a number"),
    ("set([1], '[5]', 1)", "the list has no position 5"),
    ("pick({}, 1)", "keys are texts"),
    ("keys([1])", "an object is expected, not a list"),
    ("matches('a', '(')", "“(” is not a pattern"),
    ("matches('a', '(?=a)')", "is not a pattern"),
    ("extract('a', 'a', 'each')", "the last value is 'first' or 'all'"),
    ("pad('a', 5, '-', 'left')", "the side is 'start' or 'end'"),
    ("decode_base64('!')", "this is no base64 of a text"),
    ("decode_base64('/w==')", "this is no base64 of a text"),
    ("parse_json('{')", "this is not JSON"),
    ("parse_json('NaN')", "NaN is no number in JSON"),
    ("parse_json('1e999')", "too large"),
    ("parse_json('99999999999999999999')", "larger than 64 bits"),
    ("yes_no('maybe')", "yes or no is expected, not “maybe”"),
    ("yes_no([])", "yes or no is expected, not a list"),
    ("parse_csv('a,a\\n1,2')", "two columns have the same name"),
    ("parse_csv('a\\n1,2')", "line 2 has more cells"),
    ("parse_csv('a\\n\"1')", "line 2 is not CSV"),
    ("parse_csv('a', 'x')", "the separator is"),
    ("to_csv([1])", "a list of objects is expected"),
    ("parse_xml('<a>')", "this is not XML"),
    ("parse_xml('<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>')", "a document type is not read"),
    ("json(1, 99)", "the indent is between"),
    ("date('tomorrow')", "“tomorrow” is not a date"),
    ("date('2026-02-30')", "there is no such date"),
    ("date([1])", "a date is expected, not a list"),
    ("date(1e30)", "too far away"),
]


@pytest.mark.parametrize(("expression", "words"), REFUSED)
def test_a_function_says_what_it_expected(expression, words):
    with pytest.raises(ExpressionError) as refusal:
        resolve("{{ " + expression + " }}", make_scope())

    name = expression.split("(")[0]
    assert refusal.value.message.startswith(name + ": ")
    assert words in refusal.value.message
    assert refusal.value.column == 4


def test_a_function_never_changes_its_arguments():
    scope = make_scope()
    before = str(scope["trigger"])

    for call in ("sort_by('qty')", "reverse", "set('[0].sku', 'X')", "map('sku')", "chunk(2)"):
        resolve("{{ trigger.items | " + call + " }}", scope)

    assert str(scope["trigger"]) == before
