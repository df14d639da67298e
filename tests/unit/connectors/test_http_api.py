import pytest

from core.connectors.http_api import HttpApi
from core.engine.http_messages import OutgoingRequest

REQUEST = OutgoingRequest("GET", "https://api.example.com/x", {"a": 1}, {"authorization": "mine"})
FIELDS = {"base_url": "https://api.example.com", "style": "bearer"}


def signed(**fields):
    return HttpApi().sign(REQUEST, FIELDS | fields, {"key": "k-1"})


def test_a_token_replaces_what_the_author_wrote_and_is_private():
    request = signed()

    assert request.headers == {"Authorization": "Bearer k-1"}
    assert request.private_headers == {"authorization"}


def test_a_header_of_its_own_is_private():
    request = signed(style="header", header_name="X-Api-Key")

    assert request.headers == {"authorization": "mine", "X-Api-Key": "k-1"}
    assert request.private_headers == {"x-api-key"}


def test_name_and_password_are_sent_as_basic():
    assert signed(style="basic", username="ada").headers == {"Authorization": "Basic YWRhOmstMQ=="}


def test_a_key_may_go_into_the_address():
    assert signed(style="query", query_name="key").query == {"a": 1, "key": "k-1"}


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.example.com",
        "ftp://a.example",
        "https://",
        "https://a?x=1",
        "https://u@a",
        "http://[",
    ],
)
def test_an_address_that_is_none_is_a_problem(base_url):
    assert "base_url" in HttpApi().problems({"base_url": base_url})


def test_a_plain_address_is_right():
    assert HttpApi().problems({"base_url": "https://api.example.com:8443/v2"}) == {}
    assert (
        HttpApi().place({"base_url": "https://api.example.com:8443/v2"}) == "api.example.com:8443"
    )
