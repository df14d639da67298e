import pytest

from core.runtime.masking import MASK, forms, mask

SECRET = 'pa"ss/wörd +1'


@pytest.mark.parametrize(
    "echo",
    [
        SECRET,
        f"before {SECRET} after {SECRET}",
        "cGEic3Mvd8O2cmQgKzE=",
        "pa%22ss%2Fw%C3%B6rd%20%2B1",
        "pa%22ss%2Fw%C3%B6rd+%2B1",
        'pa\\"ss/wörd +1',
        'pa\\"ss/w\\u00f6rd +1',
    ],
)
def test_every_form_of_a_secret_is_blanked_out(echo):
    masked = mask({"deep": [{echo: echo}]}, forms([SECRET]))

    assert MASK in masked["deep"][0].popitem()[1]
    assert "rd" not in str(mask(echo, forms([SECRET])))


def test_everything_else_stays_as_it_is():
    value = {"a": [1, 2.5, None, True, "text"]}

    assert mask(value, forms([SECRET])) == value
    assert mask(value, ()) is value


def test_a_secret_inside_another_leaves_no_rest():
    assert mask("x abcdefgh y", forms(["abcd", "abcdefgh"])) == f"x {MASK} y"


def test_very_short_secrets_are_not_looked_for():
    assert mask("a b c", forms(["a"])) == "a b c"
