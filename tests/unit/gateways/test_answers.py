import pytest

from core.runtime.gateways import answers


@pytest.mark.parametrize(
    ("raw", "charset"), [(b"a+2AA-b", "utf-7"), (rb"a\ud800b", "unicode_escape")]
)
def test_a_strange_encoding_gives_no_text_that_cannot_be_stored(raw, charset):
    text, _ = answers.value_of(raw, f"text/plain; charset={charset}")

    assert text == "a?b"
