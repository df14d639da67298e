import pytest

from tests.drafts import problems_of, the_only, where


def call(method, **options):
    inputs = {"method": method, "url": "https://x.example"}
    return {"id": "pay", "type": "call_api", "inputs": inputs, **options}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_must_not_happen_twice_asks_for_a_choice(method):
    problem = the_only(problems_of([call(method)]))

    assert where(problem) == ("pay", "after_crash", "unknown_outcome", "warning")


@pytest.mark.parametrize("choice", ["run_again", "ask", "skip"])
def test_any_choice_will_do(choice):
    assert problems_of([call("POST", after_crash=choice)]) == ()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_what_may_happen_twice_needs_no_choice(method):
    assert problems_of([call(method)]) == ()
