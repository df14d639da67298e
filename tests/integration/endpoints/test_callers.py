import hashlib
import hmac
from datetime import timedelta

import pytest

from core import clock
from core.runtime import acceptance, connections, tokens, users
from core.runtime.connections import Values
from core.runtime.users import NewPerson
from core.storage.db import db, transaction
from core.storage.membership import Role
from core.storage.token import Token
from tests.factories import everything_stored
from tests.integration.endpoints.conftest import make_workspace, runs, the_run

NEEDS_A_KEY = (
    "This URL needs a key. Send it as `Authorization: Bearer …`. "
    "Keys are made under Settings → Keys."
)
SECRET = "a-shared-secret"


def test_a_missing_and_a_bad_key_get_the_same_words(publish, call, key):
    publish(auth={"scheme": "api_key"})
    good = key()["Authorization"]
    expired = key(expires=clock.now() + timedelta(seconds=1))

    with clock.freeze(clock.now() + timedelta(minutes=1)):
        answers = [
            call(json={}, headers=headers)
            for headers in (
                {},
                {"Authorization": "Bearer garbage"},
                {"Authorization": good[:-1] + ("a" if good[-1] != "a" else "b")},
                {"Authorization": "Basic eDp5"},
                {"Authorization": "Bearer"},
                expired,
            )
        ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.data for answer in answers}) == 1
    assert answers[0].json["body"] == {"status": "NOT_AUTHORIZED", "message": NEEDS_A_KEY}
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {
        'Bearer realm="openBuild"'
    }
    assert runs() == []


def test_a_good_key_starts_the_run(publish, call, key):
    publish(auth={"scheme": "api_key"})

    assert call(json={}, headers=key("run:intake")).status_code == 202
    assert the_run().started_by == "key Web shop"


def test_a_revoked_key_is_refused_at_once(publish, call, key):
    publish(auth={"scheme": "api_key"})
    header = key()
    assert call(json={}, headers=header).status_code == 202

    tokens.revoke(Token.of_workspace(1)[0], by="Olga")

    assert call(json={}, headers=header).status_code == 401


def test_a_key_for_something_else_is_forbidden(publish, call, key):
    publish(auth={"scheme": "api_key"})
    publish("admins", auth={"scheme": "admin"})

    refused = [call(json={}, headers=key(scope)) for scope in ("run:other", "runs:read")]
    refused.append(call("admins", json={}, headers=key("run:*")))

    assert {answer.status_code for answer in refused} == {403}
    assert {answer.json["body"]["status"] for answer in refused} == {"PERMISSION_DENIED"}
    assert call("admins", json={}, headers=key("admin")).status_code == 202


def test_a_key_of_another_workspace_finds_nothing(publish, call, key):
    publish(auth={"scheme": "api_key"})
    stranger = key(workspace=make_workspace("sales"))

    assert call(json={}, headers=stranger).status_code == 404


def test_an_open_endpoint_refuses_a_bad_key_instead_of_ignoring_it(publish, call, key):
    publish()

    assert call(json={}, headers={"Authorization": "Bearer garbage"}).status_code == 401
    assert call(json={}, headers=key()).status_code == 202
    assert the_run().input["caller"]["kind"] == "key"


def test_who_calls_is_asked_before_what_is_sent(publish, call):
    publish(auth={"scheme": "api_key"}, parameters=[{"key": "email"}])

    assert call(data=b"{", content_type="application/json").status_code == 401
    assert call(data=b"<a/>", content_type="application/xml").status_code == 401


def test_no_key_is_ever_kept_with_a_run_or_a_refusal(publish, call, key):
    publish(auth={"scheme": "api_key"})
    reader, runner = key("runs:read"), key()

    call(json={}, headers=reader)
    call(json={}, headers=runner)

    stored = everything_stored()
    for header in (reader, runner):
        assert header["Authorization"].split("_")[2] not in stored


@pytest.fixture
def signed(publish, workspace):
    """An endpoint that takes calls signed as GitHub does, and how to sign one."""
    values = Values("GitHub", {}, {"secret": SECRET})
    connections.create(workspace.id, "hub", "webhook_secret", values=values, by="Olga")
    publish(auth={"scheme": "signature", "preset": "github", "connection": "hub"})

    def sign(body, secret=SECRET):
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}

    return sign


def test_a_signed_call_starts_a_run(signed, call):
    body = '{"id": 1,   "note": "ü"}'.encode()

    assert call(data=body, headers=signed(body)).status_code == 202
    given = the_run().input
    assert given["body"] == {"id": 1, "note": "ü"}
    assert given["caller"] == {"kind": "sender", "id": "github", "name": "GitHub"}
    assert "x-hub-signature-256" not in given["headers"]


def test_a_signed_call_holds_no_connection_while_it_stands_in_line(signed, call, app, monkeypatch):
    """Else callers in line could hold all there are, and the writer would wait for one."""
    write, held = acceptance.write, []

    def look_and_write(order):
        held.append(db.engine.pool.checkedout())
        write(order)

    monkeypatch.setattr(acceptance, "write", look_and_write)
    db.session.remove()

    assert call(data=b"{}", headers=signed(b"{}")).status_code == 202
    assert held == [0]


def test_an_unsigned_or_wrongly_signed_call_is_refused_before_it_is_read(signed, call, key):
    body = b"{not json"

    answers = [
        call(data=body, content_type="application/json"),
        call(data=body, headers=signed(body, "another")),
        call(data=body, headers=signed(b"other")),
        call(data=body, headers=key("admin")),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.data for answer in answers}) == 1
    assert answers[0].headers["WWW-Authenticate"].startswith("Signature")
    assert call(data=body, headers=signed(body)).status_code == 400
    assert runs() == []


def test_a_sender_s_ping_is_answered_without_a_run(signed, call):
    body = b'{"zen": "Keep it logically awesome."}'

    answer = call(data=body, headers=signed(body) | {"X-GitHub-Event": "ping"})

    assert (answer.status_code, answer.text) == (200, "pong")
    assert runs() == []


def test_without_its_connection_a_signed_endpoint_lets_nobody_in(signed, call, workspace):
    from core.storage.connection import Connection
    from core.storage.db import transaction

    with transaction() as session:
        session.delete(Connection.named(workspace.id, "hub"))
    body = b"{}"

    assert call(data=body, headers=signed(body, "")).status_code == 401
    assert call(data=body, headers=signed(body)).status_code == 401


def test_the_very_same_dated_call_starts_one_run(publish, call, workspace):
    values = Values("Stripe", {}, {"secret": SECRET})
    connections.create(workspace.id, "stripe", "webhook_secret", values=values, by="Olga")
    publish(auth={"scheme": "signature", "preset": "stripe", "connection": "stripe"})
    stamp = str(int(clock.now().timestamp()))
    digest = hmac.new(SECRET.encode(), f"{stamp}.{{}}".encode(), hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={stamp},v1={digest}", "Content-Type": "application/json"}

    answers = [call(data=b"{}", headers=headers) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {202}
    assert {answer.json["run_id"] for answer in answers} == {the_run().id}


class Draft:
    at = "/version-test/api/1.1/wf/"


def test_a_draft_answers_at_its_own_address(publish, call, key):
    publish(is_live=False, auth={"scheme": "api_key"})

    assert call(json={}, headers=key()).status_code == 404
    assert call(at=Draft.at, json={}, headers=key()).status_code == 202
    assert call(at="/main" + Draft.at, json={}, headers=key()).status_code == 202
    assert {run.mode for run in runs()} == {"draft"}


@pytest.mark.parametrize("scheme", ["open", "api_key"])
def test_a_draft_is_never_open(publish, call, key, scheme):
    publish(is_live=False, auth={"scheme": scheme})

    assert call(at=Draft.at, json={}).status_code == 401
    assert call(at=Draft.at, json={}, headers=key("runs:read")).status_code == 403
    assert call(at=Draft.at, json={}, headers=key("run:intake")).status_code == 202


def person(workspace, email, role):
    new = NewPerson(email=email, name=email.partition("@")[0], password="correct horse battery")
    return users.create(new, role, workspace.id)


def signed_in(app, person):
    from blueprints import access

    client = app.test_client()

    with app.test_request_context():
        access.let_in(person, stays=False)
        from flask import session

        kept = dict(session)
    with client.session_transaction() as browser:
        browser.update(kept)
    return client


@pytest.mark.parametrize(("role", "status"), [(Role.EDITOR, 202), (Role.VIEWER, 401)])
def test_an_editor_s_browser_may_call_an_open_draft(publish, workspace, app, role, status):
    publish(is_live=False)
    client = signed_in(app, person(workspace, "olga@example.com", role))

    answer = client.post(Draft.at + "intake", json={})

    assert answer.status_code == status
    if status == 202:
        assert the_run().input["caller"]["kind"] == "user"
        assert the_run().started_by == "olga"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_cannot_use_an_editor_s_browser(publish, workspace, app, site):
    publish(is_live=False)
    client = signed_in(app, person(workspace, "olga@example.com", Role.OWNER))

    answer = client.post(Draft.at + "intake", json={}, headers={"Sec-Fetch-Site": site})

    assert answer.status_code == 401


def test_an_editor_of_another_workspace_is_nobody_here(publish, workspace, app):
    publish(is_live=False)
    other = make_workspace("sales")
    client = signed_in(app, person(other, "zoe@example.com", Role.OWNER))

    assert client.post(Draft.at + "intake", json={}).status_code == 401


def test_who_owes_a_second_factor_is_nobody_here(publish, workspace, app):
    publish(is_live=False)
    client = signed_in(app, person(workspace, "olga@example.com", Role.OWNER))
    with transaction():
        workspace.asks_second_factor = True

    assert client.post(Draft.at + "intake", json={}).status_code == 401


def test_a_draft_of_today_runs_even_when_live_is_older_or_off(publish, call, key):
    from core.runtime import workflows

    workflow = publish(auth={"scheme": "api_key"})
    workflows.set_enabled(workflow, False, by="Olga")

    assert call(at=Draft.at, json={}, headers=key()).status_code == 202
    assert call(at=Draft.at, name="intake@1", json={}, headers=key()).status_code == 404
