"""The pages of keys: shown once, revoked at once."""

import re

import pytest

from core.runtime import tokens
from core.storage.token import Token

FORM = {"name": "Web shop", "runs": "every", "length": "90"}
KEY = re.compile(r"ob_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}")


def keys_of(rooms):
    return tokens.listing(rooms["main"].id)


@pytest.mark.parametrize("htmx", [True, False])
def test_a_key_is_shown_once_and_works(client_of, rooms, htmx):
    browser = client_of("olga")

    answer = browser.post("/settings/keys", htmx=htmx, **FORM)

    text = KEY.search(answer.text)[0]
    assert answer.status_code == 200
    assert tokens.find(text).scopes == ["run:*"]
    assert tokens.find(text).created_by == "Olga"
    again = browser.get("/settings/keys").text
    assert "Web shop" in again
    assert not KEY.search(again)


def test_an_answer_with_a_key_is_not_kept_by_anybody(client_of):
    answer = client_of("olga").post("/settings/keys", **FORM)

    assert "no-store" in answer.headers["Cache-Control"]


def test_the_form_s_words_become_scopes(client_of, rooms):
    browser = client_of("olga")
    made = []

    for chosen in (
        {"runs": "some", "workflows": ["orders", "refunds"], "scopes": ["runs:read"]},
        {"runs": "none", "scopes": ["runs:manage", "admin"]},
        {"runs": "all", "scopes": ["runs:read"]},
    ):
        text = KEY.search(browser.post("/settings/keys", **FORM | chosen).text)[0]
        made.append(tokens.find(text).scopes)

    assert made == [["run:orders", "run:refunds", "runs:read"], ["runs:manage"], ["admin"]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": " "}, "Give the key a name"),
        ({"runs": "none"}, "Choose at least one thing"),
        ({"runs": "some"}, "Choose at least one thing"),
        ({"runs": "some", "workflows": "A b"}, "nothing that a key may do"),
        ({"length": "10000000"}, "Choose one of the list"),
    ],
)
def test_what_cannot_be_made_comes_back_with_the_reason(client_of, rooms, change, words):
    answer = client_of("olga").post("/settings/keys", **FORM | change)

    assert answer.status_code == 422
    assert words in answer.text
    assert keys_of(rooms) == []


def test_a_revoked_key_is_gone_from_the_list_and_opens_nothing(client_of, rooms):
    browser = client_of("olga")
    token, text = tokens.create(rooms["main"].id, "Old shop")
    url = f"/settings/keys/{token.id}/revocation"
    assert "Old shop" in browser.get(url, htmx=True).text

    answer = browser.post(url, htmx=True)

    assert "opens nothing any more" in answer.text
    assert tokens.find(text) is None
    assert keys_of(rooms) == []


@pytest.mark.parametrize("name", ["max", "vera"])
def test_who_does_not_manage_makes_and_revokes_none(client_of, rooms, name):
    browser = client_of(name)
    token, text = tokens.create(rooms["main"].id, "Web shop")

    assert browser.get("/settings/keys").status_code == 200
    assert browser.post("/settings/keys", **FORM).status_code == 403
    assert browser.post(f"/settings/keys/{token.id}/revocation").status_code == 403
    assert tokens.find(text)


def test_a_stranger_neither_sees_nor_revokes(client_of, rooms):
    zoe = client_of("zoe")
    token, text = tokens.create(rooms["main"].id, "Secret project")

    assert "Secret project" not in zoe.get("/settings/keys").text
    assert zoe.get(f"/settings/keys/{token.id}/revocation").status_code == 404
    assert zoe.post(f"/settings/keys/{token.id}/revocation").status_code == 404
    assert tokens.find(text)
    assert Token.in_workspace(rooms["main"].id, token.id).revoked_at is None
