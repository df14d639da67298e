import pytest

from core.auth_schemes import auth_schemes
from core.engine.auth_scheme import Call, Caller, Forbidden, Key, NotAuthorized

SCOPES = {
    "none": None,
    "garbage": "garbage",
    "reads only": {"runs:read"},
    "another": {"run:other"},
    "this": {"run:order-intake"},
    "all": {"run:*"},
    "admin": {"admin"},
}
# What each scheme answers to each caller: a kind of caller lets it in, a number keeps it out.
MATRIX = {
    "open": ["anonymous", 401, "key", "key", "key", "key", "admin"],
    "api_key": [401, 401, 403, 403, "key", "key", "admin"],
    "admin": [401, 401, 403, 403, 403, 403, "admin"],
}
CASES = [
    (scheme, name, answer)
    for scheme, row in MATRIX.items()
    for name, answer in zip(SCOPES, row, strict=True)
]


def call_with(scopes, *more):
    headers = (("authorization", "Bearer something"), *more) if scopes else more
    key = Key("k1", "Web shop", 1, frozenset(scopes)) if isinstance(scopes, set) else None
    return Call("POST", "/", headers, workflow="order-intake", key=key)


def answer_to(scheme, call):
    try:
        return auth_schemes()[scheme].check(call, {}, {}).kind
    except NotAuthorized:
        return 401
    except Forbidden:
        return 403


@pytest.mark.parametrize(("scheme", "name", "answer"), CASES)
def test_each_scheme_lets_in_whom_it_should(scheme, name, answer):
    assert answer_to(scheme, call_with(SCOPES[name])) == answer


@pytest.mark.parametrize("scheme", MATRIX)
def test_a_doubled_header_is_a_refusal(scheme):
    call = call_with("garbage", ("authorization", "Bearer other"))

    assert answer_to(scheme, call) == 401


def test_the_caller_is_named_after_the_key():
    call = call_with({"run:*"})

    assert auth_schemes()["api_key"].check(call, {}, {}) == Caller("key", "k1", "Web shop")


@pytest.mark.parametrize("value", ["Bearer x", "bearer x", "BEARER   x", "  Bearer x  "])
def test_the_word_bearer_may_be_written_in_any_way(value):
    assert Call("POST", "/", (("authorization", value),)).bearer() == "x"


@pytest.mark.parametrize("value", ["", "Basic eDp5", "x", "Bearerx"])
def test_what_is_no_bearer_token_is_no_key(value):
    assert Call("POST", "/", (("authorization", value),)).bearer() is None


def test_every_scheme_can_be_shown():
    for key, scheme in auth_schemes().items():
        assert scheme.key == key
        assert scheme.label
        assert scheme.help
        assert scheme.refusal
        assert scheme.challenge


def test_unknown_settings_are_problems():
    assert auth_schemes()["open"].problems({"connection": "x"}) == [
        ("connection", "unknown key “connection”")
    ]
    assert auth_schemes()["api_key"].problems({}) == []
