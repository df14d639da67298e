import pytest

from core.engine.endpoint_limits import (
    Rate,
    is_in,
    read_network,
    read_origin,
    read_page,
    read_rate,
    read_size,
)
from core.engine.reading.shapes import Report
from core.engine.reading.triggers import triggers


@pytest.mark.parametrize(
    ("read", "given", "value"),
    [
        (read_rate, "120/minute", Rate(120, 60)),
        (read_rate, "10 / second", Rate(10, 1)),
        (read_size, "10MB", 10 * 1024**2),
        (read_size, "500 kb", 500 * 1024),
        (read_origin, "https://shop.example.com", "https://shop.example.com"),
        (read_origin, "http://localhost:3000", "http://localhost:3000"),
        (read_page, "https://example.com/thanks?a=1", "https://example.com/thanks?a=1"),
    ],
)
def test_what_is_well_written_is_read(read, given, value):
    assert read(given) == value


@pytest.mark.parametrize(
    ("read", "given"),
    [
        (read_rate, "120"),
        (read_rate, "0/minute"),
        (read_rate, "120/fortnight"),
        (read_rate, 120),
        (read_size, "10"),
        (read_size, "0MB"),
        (read_size, "-1MB"),
        (read_size, 10),
        (read_network, "203.0.113.1/24"),
        (read_network, "example.com"),
        (read_network, 5),
        (read_origin, "*"),
        (read_origin, "https://*.example.com"),
        (read_origin, "https://example.com/"),
        (read_origin, "https://Example.com"),
        (read_origin, "https://a@example.com"),
        (read_origin, "https://example.com:0"),
        (read_origin, "null"),
        (read_origin, None),
        (read_page, "javascript:alert(1)"),
        (read_page, "//example.com"),
        (read_page, "https://example.com/\r\nX: y"),
        (read_page, "https://[1"),
        (read_page, None),
    ],
)
def test_what_is_not_is_refused(read, given):
    with pytest.raises(ValueError, match="must be"):
        read(given)


@pytest.mark.parametrize(
    ("address", "is_inside"),
    [
        ("203.0.113.9", True),
        ("::ffff:203.0.113.9", True),
        ("2001:db8::1", True),
        ("203.0.114.9", False),
        ("2001:db9::1", False),
        ("", False),
        ("unix:", False),
    ],
)
def test_addresses_lie_in_networks_or_not(address, is_inside):
    networks = [read_network("203.0.113.0/24"), read_network("2001:db8::/32")]

    assert is_in(address, networks) is is_inside


@pytest.mark.parametrize(
    ("key", "value", "place"),
    [
        ("rate_limit", "lots", "rate_limit"),
        ("max_body", 10, "max_body"),
        ("allowed_addresses", ["example.com"], "allowed_addresses[0]"),
        ("cors", ["*"], "cors[0]"),
        ("redirect", {"ok": "javascript:x"}, "redirect.ok"),
        ("redirect", {"fine": "https://a.b"}, "redirect.fine"),
    ],
)
def test_a_file_with_a_wrong_limit_is_refused_at_its_place(key, value, place):
    report = Report()

    triggers({}).check({"endpoint": {key: value}}, ("triggers",), report)

    assert [found for found, _ in report.problems] == [f"triggers.endpoint.{place}"]
