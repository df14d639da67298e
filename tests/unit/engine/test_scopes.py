import pytest

from core.engine.scopes import describe, is_scope, permits


@pytest.mark.parametrize(
    "scope",
    ["run:*", "run:order-intake", "runs:read", "runs:manage", "data:order:read", "data:*:write"]
    + ["admin"],
)
def test_the_contract_s_scopes_are_scopes(scope):
    assert is_scope(scope)
    assert describe(scope, {}) != scope


@pytest.mark.parametrize(
    "text",
    ["", "run", "run:", "run:A", "run:*:x", "runs:*", "runs:delete", "data:order", "data:a:b"]
    + ["*", "admin:*", "run:a b", "run:*\n", "Admin", "run:**"],
)
def test_nothing_else_is(text):
    assert not is_scope(text)


@pytest.mark.parametrize(
    ("scope", "needed"),
    [
        ("run:*", "run:orders"),
        ("run:orders", "run:orders"),
        ("runs:read", "runs:read"),
        ("runs:manage", "runs:read"),
        ("data:*:read", "data:order:read"),
        ("data:order:write", "data:order:read"),
        ("admin", "runs:manage"),
        ("admin", "admin"),
    ],
)
def test_a_scope_permits_what_it_says(scope, needed):
    assert permits([scope], needed)


@pytest.mark.parametrize(
    ("scope", "needed"),
    [
        ("run:orders", "run:orders-2"),
        ("run:orders", "run:order"),
        ("run:orders", "run:*"),
        ("run:*", "runs:read"),
        ("runs:read", "runs:manage"),
        ("data:order:read", "data:order:write"),
        ("data:order:write", "data:customer:write"),
        ("run:*", "admin"),
        ("run:manage", "run:read"),
        ("data:write:read", "data:read:read"),
        ("data:*:read", "data:order:write"),
    ],
)
def test_and_nothing_more(scope, needed):
    assert not permits([scope], needed)


def test_words_name_the_workflow():
    assert describe("run:order-intake", {"order-intake": "Order intake"}) == "Run Order intake"
