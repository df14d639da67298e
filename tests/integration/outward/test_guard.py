"""Nothing may reach a private address: the canary on loopback has to see no connection at all."""

import socket

import pytest

from core.engine.http_messages import HttpFailed, OutgoingRequest
from core.runtime.gateways import addresses, http
from core.runtime.gateways.addresses import AllowedHosts
from tests.integration.outward.listener import ok, redirect

CLOSED = AllowedHosts()
LOOPBACK_TEXTS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7F.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "0",
    "0.0.0.0",
    "localhost",
    "LOCALHOST.",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[0:0:0:0:0:0:0:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "127．0．0．1",
    "１２７.0.0.1",
    "ⓛocalhost",
    "name.test",
    "%31%32%37.0.0.1",
    "127.0.0.1%00.example.com",
]
METADATA = [
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "[fe80::1%25lo]",
]


def get(url, allowed=CLOSED, **options):
    return http.send(OutgoingRequest("GET", url, timeout=3, **options), allowed=allowed)


def opened(*listeners):
    return AllowedHosts.parse(f"127.0.0.1:{listener.port}" for listener in listeners)


@pytest.fixture
def canary(listen, names):
    names.set("localhost", ["127.0.0.1"])
    names.set("LOCALHOST.", ["127.0.0.1"])
    names.set("localhost.", ["127.0.0.1"])
    names.set("name.test", ["127.0.0.1"])
    return listen()


@pytest.mark.parametrize("host", LOOPBACK_TEXTS)
def test_no_way_to_write_loopback_reaches_it(canary, host):
    with pytest.raises(HttpFailed) as refusal:
        get(f"http://{host}:{canary.port}/")

    assert refusal.value.kind in ("blocked_address", "http", "connection")
    assert canary.connections == 0


@pytest.mark.parametrize("host", METADATA)
def test_no_way_to_write_a_cloud_s_metadata_service_leaves_the_machine(names, host, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *_: pytest.fail("it connected"))

    with pytest.raises(HttpFailed) as refusal:
        get(f"http://{host}/latest/meta-data/")

    assert refusal.value.kind in ("blocked_address", "http", "connection")


def ways_to_write(address):
    """One IPv4 address in every form that resolvers understand."""
    a, b, c, d = address.packed
    number = int(address)
    yield from (str(address), f"{address}.", str(number), hex(number), f"0{number:o}")
    yield from (f"{a}.{b}.{c << 8 | d}", f"{a}.{b << 16 | c << 8 | d}")
    yield from (".".join(map(hex, (a, b, c, d))), ".".join(f"0{part:03o}" for part in (a, b, c, d)))
    yield from (
        f"[::ffff:{address}]",
        f"[64:ff9b::{address}]",
        f"[2002:{a:02x}{b:02x}:{c:02x}{d:02x}::]",
    )
    yield from (f"[::{address}]", f"[::ffff:0:{address}]", str(address).replace(".", "。"))
    yield from (f"user@{address}", f"example.com@{address}", f"{address}\\@example.com")


@pytest.mark.parametrize("network", addresses.CLOSED_V4, ids=str)
def test_no_closed_network_is_reached_in_any_way_of_writing(names, network, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *_: pytest.fail("it connected"))

    for address in {network[0], network[network.num_addresses // 2], network[-1]}:
        for host in ways_to_write(address):
            with pytest.raises(HttpFailed) as refusal:
                get(f"http://{host}/")
            assert refusal.value.kind in ("blocked_address", "http", "connection"), host


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}\\@example.com/",
        "http://example.com\\@127.0.0.1:{port}/",
        "http://example.com@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}@example.com/",
        "http://user:word@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}\r\nHost: example.com/",
        "http://127.0.0.1:{port}/ HTTP/1.1\r\nX: y",
        "http:127.0.0.1:{port}/",
        "http:///127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/_x",
        "ftp://127.0.0.1:{port}/",
        "unix:///run/valkey.sock",
        "data:text/plain,x",
        "",
        "http://",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:0/",
        "http://a..b/",
        "http://" + "a" * 70 + ".example/",
    ],
)
def test_addresses_that_parsers_disagree_on_are_refused(canary, names, url):
    with pytest.raises(HttpFailed) as refusal:
        get(url.replace("{port}", str(canary.port)))

    assert refusal.value.kind in ("blocked_address", "http", "connection")
    assert canary.connections == 0


def test_a_name_is_resolved_once_and_the_checked_address_is_used(listen, names):
    server = listen(ok(b'{"from": "server"}'))
    names.set("shop.test", ["127.0.0.1"], ["10.66.66.66"])

    answer = get(f"http://shop.test:{server.port}/", AllowedHosts.parse("127.0.0.1"))

    assert answer.body == {"from": "server"}
    assert names.asked == ["shop.test"]
    assert f"host: shop.test:{server.port}" in server.heads[0].lower()


def test_a_name_that_turns_private_later_is_checked_again(canary, names):
    names.set("turning.test", ["1.1.1.1", "127.0.0.1"])

    with pytest.raises(HttpFailed, match="127\\.0\\.0\\.1 is inside your own network"):
        get(f"http://turning.test:{canary.port}/")

    assert canary.connections == 0


def test_a_redirect_to_a_private_address_is_refused(listen, canary):
    for status in ("301 Moved", "302 Found", "303 See Other", "307 Again", "308 Again"):
        server = listen(redirect(f"http://127.0.0.1:{canary.port}/secret", status))

        with pytest.raises(HttpFailed) as refusal:
            get(server.url, opened(server))

        assert refusal.value.kind == "blocked_address"
    assert canary.connections == 0


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://x/", "http://a\\@b/", "//["])
def test_a_redirect_to_something_else_than_the_web_is_refused(listen, location):
    server = listen(redirect(location))

    with pytest.raises(HttpFailed, match=r"127\.0\.0\.1 redirects"):
        get(server.url, opened(server))


def test_redirects_end(listen):
    server = listen(redirect("/again"))

    with pytest.raises(HttpFailed, match="More than 5 redirects"):
        get(server.url, opened(server))

    assert len(server.requests) == 6


def test_proxies_of_the_environment_are_ignored(listen, canary, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, canary.url)
    server = listen()

    get(server.url, opened(server))

    assert canary.connections == 0
    assert len(server.requests) == 1


def test_what_was_allowed_once_is_not_allowed_by_a_kept_connection(listen):
    server = listen()
    get(server.url, opened(server))

    with pytest.raises(HttpFailed) as refusal:
        get(server.url)

    assert refusal.value.kind == "blocked_address"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X": "a\r\nX-Injected: 1"},
        {"X": "a\nb"},
        {"X\r\nInjected": "1"},
        {"X Y": "1"},
        {"": "1"},
        {"X": "a\0b"},
        {"Host": "other.example"},
        {"Content-Length": "3"},
        {"Transfer-Encoding": "chunked"},
        {"Connection": "X-Api-Key"},
    ],
)
def test_headers_that_break_the_message_are_refused(listen, headers):
    server = listen()

    with pytest.raises(HttpFailed) as refusal:
        get(server.url, opened(server), headers=headers)

    assert refusal.value.kind == "http"
    assert server.connections == 0
