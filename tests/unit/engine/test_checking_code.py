import pytest

from core.engine.code import CodeProblem
from tests.drafts import problems_of, the_only, where


class Reader:
    """Remembers which code it was shown, and finds in it what it is told to."""

    def __init__(self, *found):
        self.found = found
        self.shown = []

    def __call__(self, code, names):
        self.shown.append((code, names))
        return self.found


def code(**inputs):
    return [{"id": "total", "type": "run_code", "inputs": inputs}]


def test_what_is_wrong_with_code_is_said_with_its_line():
    reader = Reader(CodeProblem(2, 5, "Expected “)”, found name"))

    problem = the_only(problems_of(code(code="x = (\ny = 2"), read_code=reader))

    assert where(problem) == ("total", "inputs.code", "code", "error")
    assert problem.message == "line 2, column 5: Expected “)”, found name"


def test_the_names_of_values_are_known_in_the_code():
    reader = Reader()

    found = problems_of(
        code(code="return a + b", values={"b": 1, "a": "{{ 1 }}"}), read_code=reader
    )

    assert found == ()
    assert reader.shown == [("return a + b", ("a", "b"))]


def test_values_that_only_a_run_knows_leave_the_names_open():
    reader = Reader(CodeProblem(1, 1, "there is no “a” here"))

    assert problems_of(code(code="a", values="{{ {'a': 1} }}"), read_code=reader) == ()


@pytest.mark.parametrize(
    ("inputs", "field", "said"),
    [
        ({"code": " "}, "inputs.code", "empty"),
        ({"code": "x" * 20_001}, "inputs.code", "longer than 20,000"),
        ({"code": "1", "values": {"my lines": 1}}, "inputs.values", "“my lines” is no name"),
        ({"code": "1", "limits": {"seconds": 60}}, "inputs.limits", "from 0.1 to 30"),
    ],
)
def test_what_cannot_run_is_an_error(inputs, field, said):
    problem = the_only(problems_of(code(**inputs)))

    assert (problem.field, problem.is_error) == (field, True)
    assert said in problem.message


def test_braces_in_code_are_no_expressions():
    assert problems_of(code(code='return f"{{ {1} }}"'), read_code=Reader()) == ()
