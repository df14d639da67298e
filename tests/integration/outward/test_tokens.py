"""Keys of other programs, against a real database."""

import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from core import clock, config
from core.runtime import tokens
from core.runtime.tokens import TokenRefused
from core.storage.token import Token

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def statements(tables):
    """All that the database is told, one line each."""
    told = []

    def remember(_connection, _cursor, statement, *_):
        told.append(statement.split()[0])

    event.listen(tables.engine, "before_cursor_execute", remember)
    yield told
    event.remove(tables.engine, "before_cursor_execute", remember)


def dump(tables):
    """Everything in the database, as text."""
    with closing(tables.engine.raw_connection()) as connection:
        return "\n".join(connection.iterdump())


def test_a_key_looks_as_the_contract_says_and_is_found_again(workspace):
    token, text = tokens.create(workspace, "Web shop", created_by="Olga")

    found = tokens.find(text)

    assert tokens.FORM.fullmatch(text)
    assert text.startswith(f"ob_{token.id}_")
    assert (found.id, found.workspace_id, found.name) == (token.id, workspace, "Web shop")
    assert found.scopes == ["run:*", "runs:read"]
    assert token.beginning == f"ob_{token.id}_…{text[-4:]}"


def test_the_database_never_holds_a_key(workspace, tables):
    texts = [tokens.create(workspace, f"key {number}")[1] for number in range(50)]

    content = dump(tables)

    assert not any(text in content or text.split("_")[2][:20] in content for text in texts)


def test_no_typing_mistake_reaches_the_database(workspace, statements):
    _, text = tokens.create(workspace, "Web shop")
    statements.clear()

    for place in range(len(text)):
        other = "a" if text[place] != "a" else "b"
        assert tokens.find(text[:place] + other + text[place + 1 :]) is None
    for wrong in (
        "",
        "ob_",
        text[:-1],
        text + "a",
        text + "\n",
        " " + text,
        "Bearer " + text,
        "é" * 60,
    ):
        assert tokens.find(wrong) is None

    assert statements == []


def test_a_well_formed_key_that_nobody_made_is_refused(workspace):
    _, text = tokens.create(workspace, "Web shop")
    _, forged = tokens._new_text()
    body = text[:12] + forged[12 : -tokens.CHECKSUM_LENGTH]
    grafted = body + tokens._checksum(body + "0" * tokens.CHECKSUM_LENGTH)

    assert tokens.find(forged) is None
    assert tokens.find(grafted) is None


def test_a_stolen_table_is_useless_under_another_secret_key(workspace):
    _, text = tokens.create(workspace, "Web shop")
    config.use(
        config.load(
            {"OPENBUILD_HOME": str(config.current().home), "OPENBUILD_SECRET_KEY": "x" * 40}
        )
    )

    assert tokens.find(text) is None


def test_a_key_ends_when_it_should(workspace):
    with clock.freeze(NOON) as time:
        _, text = tokens.create(workspace, "Short", expires=NOON + timedelta(hours=24))
        time.move(timedelta(hours=23, minutes=59))
        assert tokens.find(text)

        time.move(timedelta(minutes=1))

        assert tokens.find(text) is None


def test_a_revoked_key_is_refused_at_once_everywhere(workspace, tables):
    token, text = tokens.create(workspace, "Web shop")
    assert tokens.find(text)

    tokens.revoke(token, by="Olga")

    assert tokens.find(text) is None
    assert tokens.listing(workspace) == []
    assert Token.in_workspace(workspace, token.id).revoked_by == "Olga"


def test_a_revocation_by_another_process_counts_although_the_key_was_read_before(workspace, tables):
    token, text = tokens.create(workspace, "Web shop")
    Token.in_workspace(workspace, token.id)

    with tables.engine.begin() as elsewhere:
        elsewhere.exec_driver_sql("UPDATE token SET revoked_at = 1")

    assert tokens.find(text) is None


def test_use_is_noted_once_a_minute_at_most(workspace, statements):
    _, text = tokens.create(workspace, "Web shop")
    with clock.freeze(NOON) as time:
        tokens.find(text, address="203.0.113.9")
        assert tokens.find(text).last_used_at == NOON
        statements.clear()

        for _ in range(50):
            time.move(timedelta(seconds=1))
            tokens.find(text, address="203.0.113.10")

        assert "UPDATE" not in statements
        time.move(timedelta(seconds=10))
        tokens.find(text, address="203.0.113.10")
        assert tokens.find(text).last_address == "203.0.113.10"
    assert statements.count("UPDATE") == 1


def test_many_threads_may_ask_at_once(workspace, tables):
    from flask import current_app

    _, text = tokens.create(workspace, "Web shop")
    app = current_app._get_current_object()
    found = []

    def ask():
        with app.app_context():
            found.append(tokens.find(text) is not None)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [True] * 8


def test_another_workspace_sees_nothing_of_it(workspaces):
    mine, other = workspaces
    token, _ = tokens.create(mine, "Web shop")

    assert tokens.listing(other) == []
    assert Token.in_workspace(other, token.id) is None


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"scopes": ["run:*", "run:"]}, "scopes"),
        ({"expires": datetime(2020, 1, 1, tzinfo=UTC)}, "expires"),
    ],
)
def test_what_cannot_be_a_key_is_refused_with_its_field(workspace, asked, field):
    values = {"name": "Web shop", "scopes": ()} | asked

    with pytest.raises(TokenRefused) as refusal:
        tokens.create(workspace, values.pop("name"), values.pop("scopes"), **values)

    assert refusal.value.field == field


def test_a_key_may_do_what_its_scopes_say(workspace):
    token, _ = tokens.create(workspace, "Web shop", ["run:orders"])

    assert tokens.permits(token, "run:orders")
    assert not tokens.permits(token, "run:refunds")
    assert not tokens.permits(token, "runs:read")
