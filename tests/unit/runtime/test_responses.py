"""What workflows return stands beside the product's own pages, and must not act as one of them."""

import pytest

from core.runtime.endpoints import browsers, responses

XHTML = '<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>'


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "TEXT/HTML; charset=utf-8",
        "application/xhtml+xml",
        "application/xml",
        "text/xml ;charset=utf-8",
        "application/rss+xml",
        "image/svg+xml",
        "text/xsl",
        "multipart/x-mixed-replace; boundary=x",
    ],
)
def test_what_a_browser_shows_with_scripts_is_shown_without_our_origin(content_type):
    response = responses.of_response({"body": XHTML, "content_type": content_type}, {})

    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox") and "allow-same-origin" not in policy


@pytest.mark.parametrize("content_type", ["application/pdf", "text/csv", "image/png"])
def test_what_holds_no_scripts_is_sent_as_it_is(content_type):
    response = responses.of_response({"body": "x", "content_type": content_type}, {})

    assert "Content-Security-Policy" not in response.headers


def test_a_form_is_led_on_whatever_its_workflow_returned():
    """Steps may return more levels and values than callers may send."""
    deep = []
    for _ in range(80):
        deep = [deep]
    response = responses.of_response({"body": {"deep": deep}}, {})

    assert browsers.returned(response) == {}
