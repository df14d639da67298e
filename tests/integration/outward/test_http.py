"""Requests, answers and their limits, against a server on loopback."""

import gzip
import threading
import time
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from core import clock
from core.engine.http_messages import HttpFailed, OutgoingRequest
from core.runtime.gateways import http
from core.runtime.gateways.addresses import AllowedHosts
from core.runtime.gateways.http import WayOut
from tests.integration.outward.listener import ok, redirect

LOOPBACK = AllowedHosts.parse("127.0.0.0/8")


def send(method, url, **options):
    way_out = options.pop("way_out", None)
    request = OutgoingRequest(method, url, **{"timeout": 3, **options})
    return http.send(request, allowed=LOOPBACK, way_out=way_out)


def get(url, **options):
    return send("GET", url, **options)


def body_of(request):
    return request.partition(b"\r\n\r\n")[2]


def test_a_json_answer_comes_back_as_a_value(listen):
    server = listen(ok(b'{"total": 12.50, "big": 9007199254740993}', ETag='"a"'))

    answer = get(server.url + "/orders?a=1", query={"b": ["x", "y"], "c": None, "d": True})

    assert answer.status == 200
    assert answer.body == {"total": 12.5, "big": 9007199254740993}
    assert answer.headers["etag"] == '"a"'
    assert server.heads[0].startswith("GET /orders?a=1&b=x&b=y&d=true HTTP/1.1")


@pytest.mark.parametrize(
    ("body", "body_type", "content_type", "sent"),
    [
        ({"name": "Åsa"}, "json", "application/json", '{"name":"Åsa"}'.encode()),
        ([1, None], "json", "application/json", b"[1,null]"),
        ({"a": "1 2", "b": [1, 2]}, "form", "application/x-www-form-urlencoded", b"a=1+2&b=1&b=2"),
        ("hällo", "text", "text/plain; charset=utf-8", "hällo".encode()),
        ({"a": 1}, "text", "text/plain; charset=utf-8", b'{"a": 1}'),
    ],
)
def test_a_body_is_sent_as_its_type(listen, body, body_type, content_type, sent):
    server = listen()

    send("POST", server.url, body=body, body_type=body_type)

    assert f"content-type: {content_type}" in server.heads[0]
    assert body_of(server.requests[0]) == sent


def test_a_form_with_files_is_the_same_at_every_attempt(listen):
    server = listen()
    file = {"base64": "SGk=", "filename": 'a"b\r\n.txt', "content_type": "text/plain"}

    for _ in range(2):
        send("POST", server.url, body={"note": "x", "file": file}, body_type="multipart")

    first, second = server.requests
    assert first == second
    assert b'name="file"; filename="a%22b%0D%0A.txt"\r\nContent-Type: text/plain\r\n\r\nHi' in first


def test_the_author_s_header_wins_over_the_default(listen):
    server = listen()

    send(
        "POST",
        server.url,
        body={},
        body_type="json",
        headers={"Content-Type": "application/vnd.x+json", "X-Empty": "", "X-Null": None},
    )

    assert server.heads[0].count("content-type") == 1
    assert "content-type: application/vnd.x+json" in server.heads[0]
    assert "x-empty" not in server.heads[0]
    assert "x-null" not in server.heads[0]


def test_a_body_that_is_not_json_is_refused_before_anything_is_sent(listen):
    server = listen()

    for body in (float("nan"), "\ud800", {"x": object()}):
        with pytest.raises(HttpFailed, match="The body can't be sent"):
            send("POST", server.url, body=body, body_type="json")

    assert server.connections == 0


def test_broken_json_is_kept_as_text_and_said(listen):
    server = listen(ok(b'{"a": 1, "a": 2}'))

    answer = get(server.url)

    assert answer.body == '{"a": 1, "a": 2}'
    assert "kept as text" in answer.note


@pytest.mark.parametrize(
    ("raw", "content_type", "value"),
    [
        (b"", "application/json", None),
        (b"hello", "text/plain", "hello"),
        ("grüße".encode("latin-1"), "text/plain; charset=iso-8859-1", "grüße"),
        (b"a\0b", "text/plain", "a\ufffdb"),
        (b"x", "text/plain; charset=nonsense", "x"),
        (b'{"a":1}', "application/problem+json", {"a": 1}),
        (b"\x89PNG\0", "image/png", {"base64": "iVBORwA=", "content_type": "image/png", "size": 5}),
    ],
)
def test_what_an_answer_becomes_follows_its_content_type(listen, raw, content_type, value):
    server = listen(ok(raw, content_type))

    assert get(server.url).body == value


@pytest.mark.parametrize("status", ["204 No Content", "404 Not Found", "500 Oops"])
def test_any_status_is_an_answer(listen, status):
    server = listen(ok(b"", status=status))

    assert get(server.url).status == int(status[:3])


def test_connections_are_reused(listen):
    server = listen()

    for _ in range(5):
        get(server.url)

    assert server.connections == 1


def test_cookies_are_not_remembered(listen):
    server = listen(ok(Set_Cookie="session=1"))

    get(server.url)
    get(server.url)

    assert "cookie" not in server.heads[1].lower()


def test_secrets_do_not_follow_a_redirect_to_another_origin(listen):
    other = listen()
    server = listen(redirect(f"{other.url}/there", "307 Again"))

    send(
        "POST",
        server.url,
        body={"a": 1},
        body_type="json",
        headers={"Authorization": "Bearer s", "Cookie": "c=1", "X-Api-Key": "k", "X-Plain": "p"},
        private_headers=frozenset({"x-api-key"}),
    )

    assert "x-api-key: k" in server.heads[0]
    assert "x-plain: p" in other.heads[0]
    for name in ("authorization", "cookie", "x-api-key"):
        assert name not in other.heads[0].lower()
    assert body_of(other.requests[0]) == b'{"a":1}'


def test_secrets_stay_on_a_redirect_within_the_origin(listen):
    server = listen(redirect("/there"), ok())

    get(server.url, headers={"Authorization": "Bearer s"})

    assert "authorization: Bearer s" in server.heads[1]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other"])
def test_a_post_is_led_on_as_get_without_its_body(listen, status):
    server = listen(redirect("/there", status), ok())

    send("POST", server.url, body={"a": 1}, body_type="json")

    assert server.heads[1].startswith("GET /there ")
    assert "content-type" not in server.heads[1]
    assert body_of(server.requests[1]) == b""


def test_redirects_are_left_alone_when_asked(listen):
    server = listen(redirect("/there"))

    answer = get(server.url, follow_redirects=False)

    assert (answer.status, answer.headers["location"]) == (302, "/there")


def test_a_long_answer_is_cut_at_the_limit(listen):
    def endless(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    server = listen(endless)

    with pytest.raises(HttpFailed, match="larger than 1 MB"):
        get(server.url, max_bytes=1_000_000)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_compressed_answers_are_read(listen, encoding):
    pack = gzip.compress if encoding == "gzip" else zlib.compress
    server = listen(ok(pack(b'{"a": 1}'), Content_Encoding=encoding))

    assert get(server.url).body == {"a": 1}


def test_a_compression_bomb_is_cut_after_decoding(listen):
    bomb = gzip.compress(b"\0" * 200_000_000, 1)
    server = listen(ok(bomb, "text/plain", Content_Encoding="gzip"))
    started = time.process_time()

    with pytest.raises(HttpFailed, match="larger than 10 MB"):
        get(server.url)

    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("encoding", "body"), [("gzip", b"no"), ("br", b"x"), ("gzip, gzip", b"x")]
)
def test_damaged_or_unknown_compression_is_a_failure(listen, encoding, body):
    server = listen(ok(body, "text/plain", Content_Encoding=encoding))

    with pytest.raises(HttpFailed, match="compress"):
        get(server.url)


def drip(head):
    def answer(connection):
        connection.sendall(head)
        stop = threading.Event()
        while not stop.wait(0.02):
            connection.sendall(b"x")

    return answer


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: ", b""]
)
def test_a_server_that_drips_is_left_at_the_deadline(listen, head):
    server = listen(drip(head))
    started = time.monotonic()

    with pytest.raises(HttpFailed) as failure:
        get(server.url, timeout=0.3)

    assert failure.value.kind == "timeout"
    assert failure.value.retryable
    assert time.monotonic() - started < 2


def test_headers_without_end_are_cut(listen):
    def endless(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-More: " + b"y" * 10_000 + b"\r\n")

    server = listen(endless)

    with pytest.raises(HttpFailed) as failure:
        get(server.url)

    assert failure.value.kind == "connection"


def test_an_answer_that_breaks_off_can_be_retried(listen):
    def breaks(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")

    server = listen(breaks)

    with pytest.raises(HttpFailed) as failure:
        get(server.url)

    assert (failure.value.kind, failure.value.retryable) == ("connection", True)


def test_nobody_listening_is_a_connection_failure_with_the_place(listen):
    server = listen()
    server.close()

    with pytest.raises(HttpFailed, match=f"No connection to 127.0.0.1:{server.port}") as failure:
        get(server.url)

    assert (failure.value.kind, failure.value.retryable) == ("connection", True)


def test_an_unknown_name_says_so(names):
    with pytest.raises(HttpFailed, match=r"no address for the name nowhere\.test") as failure:
        get("http://nowhere.test/")

    assert (failure.value.kind, failure.value.retryable) == ("connection", True)


def test_a_name_server_that_hangs_does_not_hold_the_request(names):
    names.hangs = True

    started = time.monotonic()
    with pytest.raises(HttpFailed) as failure:
        get("http://slow.test/", timeout=0.2)

    assert failure.value.kind == "timeout"
    assert time.monotonic() - started < 2


def test_retry_after_is_read_as_seconds_and_as_a_date(listen):
    now = datetime(2026, 11, 22, 8, tzinfo=UTC)
    date = format_datetime(now + timedelta(seconds=90), usegmt=True)
    answers = [ok(status="429 Slow", Retry_After=text) for text in ("7", date, "soon", "-1")]
    server = listen(*answers)

    with clock.freeze(now):
        assert [get(server.url).retry_after for _ in answers] == [7.0, 90.0, None, None]


def test_the_operator_s_proxy_serves_public_hosts_and_private_ones_stay_straight(listen, names):
    proxy = listen(ok(b'"proxied"'))
    inside = listen(ok(b'"straight"'))
    way_out = WayOut(proxy=proxy.url)
    names.set("public.test", ["1.1.1.1"])

    assert get("http://public.test/a", way_out=way_out).body == "proxied"
    assert get("http://known-to-the-proxy.test/a", way_out=way_out).body == "proxied"
    assert get(inside.url, way_out=way_out).body == "straight"
    with pytest.raises(HttpFailed, match="10\\.0\\.0\\.1 is inside"):
        get("http://10.0.0.1/", way_out=way_out)
    assert len(proxy.requests) == 2
    assert proxy.heads[0].startswith("GET http://public.test/a ")


@pytest.mark.parametrize(
    ("way_out", "words"),
    [
        (WayOut(proxy="proxy.lan:3128"), "OPENBUILD_PROXY_OUT"),
        (WayOut(proxy="socks5://proxy.lan"), "OPENBUILD_PROXY_OUT"),
        (WayOut(ca_file="/nowhere/ca.pem"), "OPENBUILD_CA_FILE=/nowhere/ca.pem"),
        (WayOut(ca_file=__file__), "OPENBUILD_CA_FILE"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(listen, way_out, words):
    server = listen()

    with pytest.raises(HttpFailed, match=words):
        get(server.url, way_out=way_out)

    assert server.connections == 0
