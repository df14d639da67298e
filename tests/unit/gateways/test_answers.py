import pytest

from core.runtime.gateways import answers


@pytest.mark.parametrize(
    ("raw", "charset"), [(b"a+2AA-b", "utf-7"), (rb"a\ud800b", "unicode_escape")]
)
def test_a_strange_encoding_gives_no_text_that_cannot_be_stored(raw, charset):
    text, _ = answers.value_of(raw, f"text/plain; charset={charset}")

    assert text == "a?b"


def test_a_date_to_wait_until_is_read_by_the_clock_of_who_says_it():
    said = {"date": "Sun, 22 Nov 2026 08:00:00 GMT", "retry-after": "Sun, 22 Nov 2026 08:01:30 GMT"}

    assert answers.retry_after(said) == 90.0
