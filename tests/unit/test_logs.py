"""Log lines: about which run they are, and nothing secret in them."""

import io
import json
import logging

import pytest

from core import logs

KEY = "ob_Ab3dEf9h_" + "x" * 49


@pytest.fixture
def lines():
    handlers, level = logging.root.handlers, logging.root.level
    stream = io.StringIO()
    logs.configure(stream, level="info", form="json", process="worker 1")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.root.handlers = handlers
    logging.root.setLevel(level)


def test_what_is_logged_during_a_run_names_it(lines):
    log = logging.getLogger("anything")

    with logs.about("018f-1"):
        log.info("inside")
        log.info("told otherwise", extra={"run_id": "018f-2"})
    log.info("outside")

    assert [line.get("run_id") for line in lines()] == ["018f-1", "018f-2", None]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"called with {KEY}.", "called with ob_Ab3dEf9h_…."),
        ("can't reach postgresql://ob:s3cret@db/ob", "can't reach postgresql://ob:…@db/ob"),
        ("redis://:s3cret@cache:6379/0", "redis://:…@cache:6379/0"),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer …"),
        ("https://api.example.com/a:b@c is fine", "https://api.example.com/a:b@c is fine"),
        ("the bearer of this", "the bearer of this"),
    ],
)
def test_secrets_are_cut_out(text, shown):
    assert logs.without_secrets(text) == shown


def test_a_traceback_is_cleaned_too(lines):
    try:
        raise ValueError(f"no such key {KEY}")
    except ValueError:
        logging.getLogger("anything").exception("failed")

    (line,) = lines()
    assert KEY not in json.dumps(line)
    assert "ValueError" in line["traceback"]
