import pytest

from tests.drafts import block, compose, problems_of

KEY = "9f8b2c7d41e6a05f3d"
UUID = "3f2a9c1e-77b0-4d1a-9e0c-5b1f6a7d8e90"


def is_doubted(value):
    found = problems_of([compose("a", value)])
    return "secret_typed_in" in {problem.code for problem in found}


@pytest.mark.parametrize(
    "value",
    [
        {"Authorization": KEY},
        {"Authorization": f"Bearer {KEY}"},
        {"authorization": "Token correcthorse"},
        {"X-Auth-Token": "correcthorse"},
        {"Api-Key": "correcthorse"},
        {"X-Api-Key": "correcthorse"},
        {"X-Shopify-Access-Token": "correcthorse"},
        {"PRIVATE-TOKEN": "correcthorse"},
        {"aws_secret_access_key": "wJalrXUtnFEMIK7MDENGbPxRfiCY"},
        {"token": KEY},
        {"query": {"token": UUID}},
        f"https://x.example/v1?api_key={KEY}&page=2",
        f"https://x.example/v1?page=2&token={KEY}",
        f"https://x.example/v1?page={{{{ index }}}}&token={KEY}",
        f"https://x.example/v1?key={KEY}",
        "https://hooks.slack.com/services/" + "T0AAA1111/B0BBB2222/abcdEFGHijklMNOPqrstUVWX",
        "https://api.telegram.org/bot" + "123456789:AAE-abcdefghijklmnopqrstuvwxyz12345/send",
        "https://discord.com/api/webhooks/" + "1234567890/abcdefghijABCDEFGHIJ-_123456",
        "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc",
        "sk-proj-" + "Ab3dEf6hIj9lMn2pQr5t",
        "npm_" + "aB3dEf6hIj9lMn2pQr5tUv8xYz1BcD4fGh7j",
        "Basic " + "dXNlcjpwYXNzd29yZDEyMw==",
        'send {"password": "hunter2hunter2", "a": 1}',
        f"aws_secret_access_key={KEY}",
        f"api_key: {KEY}",
        "{{ 'Bearer ' + '" + KEY + "' }}",
        "{{ 'Bearer ' + '" + KEY + "' + trigger.body.x }}",
        "{{ {'password': 'hunter2hunter2'} }}",
        {"password": "{{ trigger.body.password or 'hunter2hunter2' }}"},
        {"Authorization": "{{ 'correcthorse' if trigger.body.x else '' }}"},
        "{{ trigger.headers['x-secret'] == 'd41d8cd98f00b204' }}",
        "{{ 'd41d8cd98f00b204e980' == trigger.query.token }}",
    ],
)
def test_a_secret_is_found_wherever_it_is_typed(value):
    assert is_doubted(value)


@pytest.mark.parametrize(
    "value",
    [
        "run npm_lifecycle_event first",
        "the sk-learn-classifier-model",
        "sk-learn-classifier-model-2024-11",
        "Basic understanding-of-things",
        "Basic knowledge_of_things_2024",
        "a Token representing-something",
        "Bearer {{ steps.login.body.access_token }}",
        {"Authorization": "Bearer {{ steps.login.body.access_token }}"},
        {"Authorization": "{{ 'Bearer ' + steps.login.body.access_token }}"},
        {"Authorization": "Basic {{ trigger.body.user | encode_base64 }}"},
        {"Authorization": "none"},
        {"Authorization": "ask your administrator"},
        {"token": "next-page"},
        {"token": "order_2024_11_27"},
        {"next_token": "the first page of all"},
        {"max_tokens": "12345678901234"},
        {"key": "orders-2024-11-27"},
        {"key": f"order-{UUID}"},
        {"signature": "With kind regards, Mara"},
        {"secret_santa": "Mara and Jonas 2024"},
        {"password_hint": "the first dog"},
        "https://x.example/v1?token={{ steps.login.body.token }}",
        "https://x.example/v1?api_key={{ vars.key }}&page=2",
        "https://x.example/v1?key=summer-sale&page=2",
        "https://x.example/reset-password?lang=english",
        "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
        'send {"password": "{{ trigger.body.password }}"}',
        '{"type": "password", "label": "Password", "name": "password"}',
        "Your password: please choose a new one",
        "password = required",
        "{{ trigger.body | get('password_confirmation') }}",
        "{{ trigger.headers['x-secret'] == trigger.body.secret }}",
        "{{ trigger.headers['x-kind'] == 'subscription-renewed' }}",
        {"password": "{{ trigger.body['password_confirmation'] }}"},
    ],
)
def test_plain_words_and_what_a_run_computes_are_no_secrets(value):
    assert not is_doubted(value)


@pytest.mark.parametrize(
    ("left", "right", "is_found"),
    [
        ("{{ trigger.headers['x-secret'] }}", "d41d8cd98f00b204", True),
        ("d41d8cd98f00b204", "{{ trigger.headers['x-secret'] }}", True),
        ("{{ trigger.query.token }}", KEY, True),
        ("{{ trigger.headers['x-secret'] }}", "{{ vars.secret_of_today }}", False),
        ("{{ trigger.headers['x-event'] }}", "subscription-renewed", False),
        ("{{ trigger.query.token }}", "next-page", False),
    ],
)
def test_what_a_header_is_compared_with_has_its_name(left, right, is_found):
    rows = {"all": [{"left": left, "is": "equals", "right": right}]}

    found = problems_of([compose("a", 1, only_when=rows)])

    assert ("secret_typed_in" in {problem.code for problem in found}) == is_found


@pytest.mark.parametrize(
    ("value", "is_secret"),
    [
        ("sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc", True),
        ("ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a", True),
        ({"headers": {"Authorization": "Bearer abcdefghijklmnop123456"}}, True),
        ({"headers": {"Authorization": "Bearer {{ steps.token.body }}"}}, False),
        ({"password": "hunter2hunter2"}, True),
        ({"password": "{{ trigger.password }}"}, False),
        ({"max_tokens": "12345678901234"}, False),
        ({"secret": "no"}, False),
        ("https://user:pa55word@example.com/x", True),
        ("https://example.com/a:b@c", False),
        ("a perfectly usual sentence about a secret", False),
    ],
)
def test_text_that_looks_like_a_secret_is_a_doubt(value, is_secret):
    codes = {problem.code for problem in problems_of([compose("a", value)])}

    assert ("secret_typed_in" in codes) == is_secret


def test_a_secret_that_a_condition_compares_with_is_a_doubt():
    key = "sk_live_" + "1234567890abcdef"
    condition = {"all": [{"left": "{{ trigger.headers['x-key'] }}", "is": "equals", "right": key}]}
    path = {"key": "yes", "only_when": condition, "steps": [compose("b", 1)]}

    found = problems_of([compose("a", 1, only_when=condition), block("if", "branch", yes=path)])

    assert [(problem.code, problem.field) for problem in found] == [
        ("secret_typed_in", "only_when.all.0.right"),
        ("secret_typed_in", "branches.yes.only_when.all.0.right"),
    ]
