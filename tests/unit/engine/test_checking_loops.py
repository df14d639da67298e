import pytest

from tests.drafts import block, compose, log, problems_of, remember, stop, the_only, where


def repeat(inputs, *steps):
    return block("again", "repeat", inputs, body=list(steps))


@pytest.mark.parametrize(
    ("inputs", "field"),
    [({}, "inputs.until"), ({"max": 5}, "inputs.until"), ({"while": "{{ true }}"}, "inputs.while")],
)
def test_a_loop_that_nothing_ends_is_a_doubt(inputs, field):
    problem = the_only(problems_of([repeat(inputs, log("a", "x"))]))

    assert where(problem) == ("again", field, "endless_loop", "warning")
    assert "after “At most” turns it fails" in problem.message


def test_a_loop_that_a_stop_inside_ends_has_its_end():
    body = stop("end", only_when="{{ index > 3 }}")

    assert problems_of([repeat({}, body)]) == ()


@pytest.mark.parametrize("key", ["until", "while"])
def test_a_stop_inside_ends_a_loop_whose_condition_never_changes(key):
    body = stop("end", only_when="{{ index > 3 }}")
    switched_off = body | {"disabled": True}

    assert problems_of([compose("n", 1), repeat({key: "{{ steps.n > 3 }}"}, body)]) == ()
    found = problems_of([compose("n", 1), repeat({key: "{{ steps.n > 3 }}"}, switched_off)])
    assert the_only(found).code == "unchanging_loop"


def test_nothing_comes_after_a_loop_without_an_end():
    _, behind = problems_of([repeat({}, log("a", "x")), log("b", "y")])

    assert where(behind) == ("b", "", "unreachable", "warning")


@pytest.mark.parametrize("key", ["until", "while"])
def test_a_condition_that_no_turn_changes_is_a_doubt(key):
    loop = repeat({key: "{{ steps.first > 3 }}"}, log("a", "x"))

    problem = the_only(problems_of([compose("first", 1), loop]))

    assert where(problem) == ("again", f"inputs.{key}", "unchanging_loop", "warning")


@pytest.mark.parametrize(
    "condition",
    [
        "{{ steps.page > 3 }}",
        "{{ index >= 3 }}",
        "{{ loops.again.index > 3 }}",
        "{{ vars.n > 3 }}",
        "{{ now() > trigger.body.deadline }}",
        {"all": [{"left": "{{ steps.page }}", "is": "equals", "right": "{{ steps.first }}"}]},
    ],
)
def test_a_condition_that_turns_can_change_is_none(condition):
    body = [compose("page", "{{ index }}"), remember("keep", n="{{ index }}")]

    assert problems_of([compose("first", 1), repeat({"until": condition}, *body)]) == ()
