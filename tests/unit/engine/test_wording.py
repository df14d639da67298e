import pytest

from core.engine import wording


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        (True, "yes"),
        ({"email": 1, "total": 2}, "email, total"),
        ([1], "1 item"),
        ([1, 2], "2 items"),
        (1000, "1000"),
        ("{{ steps.clean.email }}", "clean › email"),
        ("to {{ trigger.customer.email }} now", "to trigger › customer › email now"),
        ("{{ a + b }}", "a + b"),
        ("x" * 80, "x" * 59 + "…"),
        ("two\n lines", "two lines"),
    ],
)
def test_an_input_is_said_as_a_person_would(value, words):
    assert wording.say(value) == words


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 items"), (1, "1 item"), (12_000, "12\u202f000 items")]
)
def test_things_are_counted_with_their_noun(number, words):
    assert wording.count(number, "item") == words


def test_a_noun_may_have_a_plural_of_its_own():
    assert wording.count(2, "try", "tries") == "2 tries"
