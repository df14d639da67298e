import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.auth_schemes import auth_schemes
from core.engine.auth_scheme import Call, Greeting, NotAuthorized
from core.engine.signatures import PRESETS

SIGNATURE = auth_schemes()["signature"]
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
BODY = '{"id": "evt_1", "note": "Grüße"}'.encode()
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
OTHER = "whsec_" + base64.b64encode(b"another-secret-of-the-right-size").decode()
GENERIC = {
    "header": "X-Sum",
    "algorithm": "sha512",
    "encoding": "base64",
    "prefix": "sum ",
    "timestamp_header": "X-At",
}
SCHEMES = [{"preset": preset} for preset in PRESETS] + [GENERIC, {"header": "x-plain"}]
DATED = [{"preset": name} for name in ("stripe", "slack", "standard")] + [GENERIC]


def digest(content, secret=SECRET, algorithm="sha256"):
    return hmac.new(secret.encode(), content, algorithm).digest()


def sign(settings, body=BODY, secret=SECRET, at=NOW):
    """The headers of a call as its sender would sign it, written apart from the code under test."""
    stamp = str(int(at.timestamp()))
    dated = stamp.encode() + b"."
    match settings.get("preset"):
        case "github":
            return [("x-hub-signature-256", "sha256=" + digest(body, secret).hex())]
        case "stripe":
            value = digest(dated + body, secret).hex()
            return [("stripe-signature", f"t={stamp},v1={value},v0=ignored")]
        case "slack":
            value = digest(b"v0:" + stamp.encode() + b":" + body, secret).hex()
            return [("x-slack-signature", "v0=" + value), ("x-slack-request-timestamp", stamp)]
        case "shopify":
            return [("x-shopify-hmac-sha256", base64.b64encode(digest(body, secret)).decode())]
        case "standard":
            key = base64.b64decode(secret.removeprefix("whsec_"))
            made = hmac.new(key, b"msg_1." + dated + body, hashlib.sha256).digest()
            value = "v1a,ignored v1," + base64.b64encode(made).decode()
            return [
                ("webhook-signature", value),
                ("webhook-id", "msg_1"),
                ("webhook-timestamp", stamp),
            ]
    if settings["header"] == "x-plain":
        return [("x-plain", digest(body, secret).hex())]
    value = base64.b64encode(digest(dated + body, secret, "sha512")).decode()
    return [("x-sum", "sum " + value), ("x-at", stamp)]


def check(settings, headers, body=BODY, secret=SECRET, at=NOW):
    call = Call("POST", "/", tuple(headers), body=body, received_at=at)
    return SIGNATURE.check(call, settings, {"secret": secret})


def name_of(settings):
    return settings.get("preset") or settings["header"]


every_scheme = pytest.mark.parametrize("settings", SCHEMES, ids=name_of)
every_dated_scheme = pytest.mark.parametrize("settings", DATED, ids=name_of)


@every_scheme
def test_a_good_signature_lets_the_sender_in(settings):
    assert check(settings, sign(settings)).kind == "sender"


@every_scheme
def test_a_flipped_bit_of_the_body_is_noticed(settings):
    headers = sign(settings)

    for position in range(len(BODY)):
        changed = bytearray(BODY)
        changed[position] ^= 1
        with pytest.raises(NotAuthorized):
            check(settings, headers, body=bytes(changed))


@every_scheme
def test_every_flipped_byte_of_the_headers_is_noticed(settings):
    headers = sign(settings)

    for index, (name, value) in enumerate(headers):
        for position, character in enumerate(value):
            if is_about_nothing(value, position):
                continue
            changed = value[:position] + chr(ord(character) ^ 0x20) + value[position + 1 :]
            with pytest.raises(NotAuthorized):
                check(settings, [*headers[:index], (name, changed), *headers[index + 1 :]])


def is_about_nothing(value, position):
    """Whether the position lies in a part that the sender's rules tell us to ignore."""
    for part in ("v0=ignored", "v1a,ignored "):
        start = value.find(part)
        if start >= 0 and start - 1 <= position < start + len(part):
            return True
    return False


@every_scheme
@pytest.mark.parametrize("secret", [OTHER, "", "\n \n"])
def test_a_wrong_or_missing_secret_lets_nobody_in(settings, secret):
    with pytest.raises(NotAuthorized):
        check(settings, sign(settings), secret=secret)


@every_scheme
def test_two_secrets_are_valid_while_one_replaces_the_other(settings):
    both = f"{OTHER}\n{SECRET}\r\n"

    assert check(settings, sign(settings), secret=both)
    assert check(settings, sign(settings, secret=OTHER), secret=both)


@every_scheme
def test_the_same_json_written_anew_is_another_body(settings):
    with pytest.raises(NotAuthorized):
        check(settings, sign(settings), body=BODY.replace(b": ", b":"))


@every_scheme
def test_a_missing_header_is_a_refusal(settings):
    headers = sign(settings)

    for index in range(len(headers)):
        with pytest.raises(NotAuthorized):
            check(settings, headers[:index] + headers[index + 1 :])


@every_scheme
@pytest.mark.parametrize("joint", [None, ",", ", "])
def test_a_doubled_header_is_a_refusal_however_the_server_hands_it_on(settings, joint):
    headers = sign(settings)

    for name, value in headers:
        doubled = [*headers, (name, value)]
        if joint:
            doubled = [(n, v + joint + v if n == name else v) for n, v in headers]
        with pytest.raises(NotAuthorized):
            check(settings, doubled)


@every_scheme
@pytest.mark.parametrize("junk", ["", " ", "ä" * 50, "\xff", "v1,", "t=,v1=", "=" * 10_000, "v0="])
def test_a_malformed_signature_is_a_refusal_not_an_accident(settings, junk):
    headers = sign(settings)

    for index, (name, _) in enumerate(headers):
        with pytest.raises(NotAuthorized):
            check(settings, [*headers[:index], (name, junk), *headers[index + 1 :]])


@every_dated_scheme
@pytest.mark.parametrize("seconds", [-301, 301, -86_400 * 365, 86_400 * 365])
def test_a_signature_from_another_time_is_refused_on_both_sides(settings, seconds):
    headers = sign(settings, at=NOW + timedelta(seconds=seconds))

    with pytest.raises(NotAuthorized):
        check(settings, headers)


@every_dated_scheme
@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_are_tolerated(settings, seconds):
    assert check(settings, sign(settings, at=NOW + timedelta(seconds=seconds)))


def test_the_tolerance_can_be_set():
    settings = GENERIC | {"tolerance": "10s"}

    assert check(settings, sign(GENERIC, at=NOW - timedelta(seconds=10)))
    with pytest.raises(NotAuthorized):
        check(settings, sign(GENERIC, at=NOW - timedelta(seconds=11)))


def test_github_s_published_example_holds():
    value = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    assert check(
        {"preset": "github"},
        [("x-hub-signature-256", value)],
        body=b"Hello, World!",
        secret="It's a Secret to Everybody",
    )


def test_slack_s_published_example_holds():
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
        b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
        b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
        b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    value = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"

    assert check(
        {"preset": "slack"},
        [("x-slack-signature", value), ("x-slack-request-timestamp", "1531420618")],
        body=body,
        secret="8f742231b10e8888abcd99yyyzzz85a5",
        at=datetime.fromtimestamp(1531420618, UTC),
    )


def test_the_published_example_of_standard_webhooks_holds():
    headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ]

    assert check(
        {"preset": "standard"},
        headers,
        body=b'{"test": 2432232314}',
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        at=datetime.fromtimestamp(1614265330, UTC),
    )


@given(st.lists(st.tuples(st.sampled_from(["x-hub-signature-256", "stripe-signature"]), st.text())))
def test_no_header_is_more_than_a_refusal(headers):
    for preset in ("github", "stripe"):
        with pytest.raises(NotAuthorized):
            check({"preset": preset}, headers)


def test_the_senders_own_tests_of_the_url_are_answered():
    ping = Call("POST", "/", (("x-github-event", "ping"),))
    asked = Call("POST", "/", body=b'{"type": "url_verification", "challenge": "abc"}')

    assert SIGNATURE.greeting(ping, {"preset": "github"}) == Greeting("pong")
    assert SIGNATURE.greeting(asked, {"preset": "slack"}) == Greeting("abc")
    assert SIGNATURE.greeting(ping, {"preset": "slack"}) is None
    assert SIGNATURE.greeting(asked, {"preset": "stripe"}) is None


@every_dated_scheme
def test_a_repetition_of_the_very_same_call_is_recognised(settings):
    def replay_of(at):
        call = Call("POST", "/", tuple(sign(settings, at=at)))
        return SIGNATURE.replay(call, settings)

    assert replay_of(NOW) == replay_of(NOW)
    assert replay_of(NOW) != replay_of(NOW + timedelta(seconds=1))
    assert replay_of(NOW)[1] == timedelta(minutes=10)


def test_an_undated_signature_says_nothing_about_repetitions():
    call = Call("POST", "/", tuple(sign({"preset": "github"})))

    assert SIGNATURE.replay(call, {"preset": "github"}) is None


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"preset": "github"}, "connection"),
        ({"preset": "twilio", "connection": "c"}, "preset"),
        ({"connection": "c"}, "header"),
        ({"header": "X Sum", "connection": "c"}, "header"),
        ({"header": "X-Sum", "algorithm": "md5", "connection": "c"}, "algorithm"),
        ({"header": "X-Sum", "encoding": "hex8", "connection": "c"}, "encoding"),
        ({"preset": "github", "header": "X-Sum", "connection": "c"}, "header"),
        ({"preset": "slack", "connection": "c", "tolerance": "soon"}, "tolerance"),
        ({"preset": "slack", "connection": "c", "secret": "x"}, "secret"),
        ({"preset": "slack", "connection": ""}, "connection"),
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_problems(settings, field):
    assert [name for name, _ in SIGNATURE.problems(settings)] == [field]


def test_good_settings_are_no_problem():
    assert SIGNATURE.problems({"preset": "github", "connection": "c"}) == []
    assert SIGNATURE.problems(GENERIC | {"connection": "c", "tolerance": "2m"}) == []


def test_signatures_are_compared_in_constant_time():
    source = Path(__file__).parents[3] / "core" / "engine" / "signatures.py"

    assert "hmac.compare_digest(expected" in source.read_text()
