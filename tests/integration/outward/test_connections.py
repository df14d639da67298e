"""Connections: what goes in encrypted, who may use it where, and that nothing comes out."""

import json
from contextlib import closing, suppress

import pytest

from core import clock, config
from core.engine.http_messages import HttpFailed, OutgoingRequest
from core.runtime import connections
from core.runtime.connections import ConnectionInUse, ConnectionRefused, Values
from core.runtime.gateways.secrets import SecretsUnreadable
from core.runtime.outgoing import Outgoing
from core.storage.connection import Connection
from core.storage.db import transaction
from core.storage.workflow import Version, Workflow
from tests.integration.outward.listener import ok, redirect

SECRET = 's3cr"et/ü+key'


def http_api(base_url, **fields):
    key = fields.pop("key", SECRET)
    return Values("CRM", {"base_url": base_url, **fields}, {"key": key} if key else {})


@pytest.fixture
def make(workspace):
    def make(base_url, name="crm", **fields):
        return connections.create(
            workspace, name, "http_api", values=http_api(base_url, **fields), by="Olga"
        )

    return make


@pytest.fixture
def send(workspace, monkeypatch):
    """Send through a connection, with loopback open to workflows."""
    monkeypatch.setenv("OPENBUILD_ALLOWED_HOSTS_OUT", "127.0.0.0/8")
    settings = config.load(
        {"OPENBUILD_HOME": str(config.current().home), "OPENBUILD_ALLOWED_HOSTS_OUT": "127.0.0.0/8"}
    )
    config.use(settings)

    def send(url, connection="crm", **options):
        request = OutgoingRequest("GET", url, timeout=3, **options)
        return Outgoing(workspace).send(request, connection=connection)

    return send


def stored(tables):
    with closing(tables.engine.raw_connection()) as raw:
        return "\n".join(raw.iterdump())


def make_workflow(workspace, name, draft, live=None):
    now = clock.now()
    with transaction() as session:
        workflow = Workflow(
            workspace_id=workspace,
            name=name,
            label=name.title(),
            draft=draft,
            created_at=now,
            updated_at=now,
        )
        session.add(workflow)
        session.flush()
        if live is not None:
            version = Version(
                workflow_id=workflow.id, number=1, revision=1, content=live, created_at=now
            )
            session.add(version)
            session.flush()
            workflow.published_id = version.id
    return workflow


def test_the_secret_is_stored_encrypted_and_comes_back_for_gateways_alone(make, workspace, tables):
    connection = make("https://crm.example")

    assert connections.secrets_of(workspace, "crm") == {"key": SECRET}
    assert connection.secret_keys == ["key"]
    assert connection.fields == {"base_url": "https://crm.example", "style": "bearer"}
    assert SECRET not in stored(tables)
    assert SECRET not in repr(connection)
    assert SECRET not in repr(http_api("https://crm.example"))


def test_a_secret_opens_only_in_its_own_place(make, workspaces, tables):
    make("https://crm.example")
    other = connections.create(
        workspaces[1], "theirs", "http_api", values=http_api("https://evil.example"), by="Zoe"
    )

    stolen = Connection.named(workspaces[0], "crm").secret_ciphertext
    with transaction():
        other.secret_ciphertext = stolen

    with pytest.raises(SecretsUnreadable):
        connections.secrets_in(other)


def test_names_are_unique_in_a_workspace_and_free_in_another(make, workspaces):
    make("https://crm.example")

    with pytest.raises(ConnectionRefused, match="already"):
        make("https://crm.example")
    assert connections.create(
        workspaces[1], "crm", "http_api", values=http_api("https://crm.example"), by="Zoe"
    )


def test_another_workspace_cannot_use_it(make, workspaces, listen, send):
    server = listen()
    make(server.url)

    with pytest.raises(HttpFailed, match="no connection “crm”"):
        Outgoing(workspaces[1]).send(OutgoingRequest("GET", server.url), connection="crm")

    assert server.connections == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (http_api("crm.example"), "base_url"),
        (http_api(""), "base_url"),
        (http_api("https://crm.example", key=""), "key"),
        (http_api("https://crm.example", style="magic"), "style"),
        (http_api("https://crm.example", style="basic"), "username"),
        (http_api("https://crm.example", colour="red"), "colour"),
        (Values("CRM", {"base_url": "https://a.example", "key": "x"}, {}), "key"),
        (Values("CRM", {"base_url": "https://a.example"}, {"key": "x", "other": "y"}), "other"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_its_field(workspace, values, field):
    with pytest.raises(ConnectionRefused) as refusal:
        connections.create(workspace, "crm", "http_api", values=values, by="Olga")

    assert field in refusal.value.problems
    assert connections.listing(workspace) == []


@pytest.mark.parametrize("name", ["", "CRM", "-crm", "c r m", "x" * 65, "crm\n"])
def test_a_name_is_written_like_a_workflow_s(make, name):
    with pytest.raises(ConnectionRefused) as refusal:
        make("https://crm.example", name=name)

    assert "name" in refusal.value.problems


def test_an_unknown_kind_names_the_known_ones(workspace):
    with pytest.raises(ConnectionRefused, match="http_api"):
        connections.create(workspace, "x", "telepathy", values=http_api("https://a.example"), by="")


def test_a_secret_left_empty_stays_and_a_new_one_replaces_it(make, workspace):
    connection = make("https://crm.example")
    no_secret = http_api("https://crm.example", style="header", header_name="X-K", key="")

    connections.update(connection, no_secret, by="Max", removed=frozenset())
    assert connections.secrets_of(workspace, "crm") == {"key": SECRET}
    assert connection.secret_set_by == "Olga"

    new = http_api("https://crm.example", key="new key")
    connections.update(connection, new, by="Max", removed=frozenset())
    assert connections.secrets_of(workspace, "crm") == {"key": "new key"}
    assert connection.secret_set_by == "Max"


def test_a_stored_key_cannot_be_led_to_another_address(make, workspace):
    connection = make("https://crm.example")

    with pytest.raises(ConnectionRefused) as refusal:
        connections.update(
            connection, http_api("https://evil.example", key=""), by="Max", removed=frozenset()
        )

    assert refusal.value.problems == {
        "key": "The address has changed: enter “Key, token or password” again."
    }
    assert connection.fields["base_url"] == "https://crm.example"


def test_a_second_webhook_secret_comes_and_goes(workspace):
    values = Values("Stripe", {"sender": "Stripe"}, {"secret": "old"})
    connection = connections.create(workspace, "stripe", "webhook_secret", values=values, by="")

    both = Values("Stripe", {}, {"second_secret": "new"})
    connections.update(connection, both, by="", removed=frozenset())
    assert connections.secrets_of(workspace, "stripe") == {"secret": "old", "second_secret": "new"}

    one = Values("Stripe", {}, {"secret": "new"})
    connections.update(connection, one, by="", removed=frozenset({"second_secret"}))
    assert connections.secrets_of(workspace, "stripe") == {"secret": "new"}


def test_a_required_secret_cannot_be_removed(workspace):
    values = Values("Stripe", {}, {"secret": "old"})
    connection = connections.create(workspace, "stripe", "webhook_secret", values=values, by="")

    with pytest.raises(ConnectionRefused, match="missing"):
        connections.update(
            connection, Values("Stripe", {}, {}), by="", removed=frozenset({"secret"})
        )


def test_what_drafts_and_live_versions_use_cannot_be_deleted(make, workspace):
    connection = make("https://crm.example")
    nested = {"steps": [{"id": "b", "branches": [{"steps": [{"inputs": {"connection": "crm"}}]}]}]}
    door = {"triggers": {"endpoint": {"auth": {"scheme": "basic", "connection": "crm"}}}}
    drafted = make_workflow(workspace, "drafted", nested)
    live = make_workflow(workspace, "live", {"steps": []}, live=door)
    make_workflow(workspace, "stranger", {"steps": [{"inputs": {"connection": "other"}}]})

    assert connections.used_by(workspace, "crm") == [drafted, live]
    with pytest.raises(ConnectionInUse, match="“Drafted”, “Live”"):
        connections.delete(connection)


def test_an_unused_connection_is_gone_with_its_secret(make, workspace):
    connections.delete(make("https://crm.example"))

    assert connections.listing(workspace) == []
    with pytest.raises(LookupError):
        connections.secrets_of(workspace, "crm")


def test_after_a_change_of_keys_old_secrets_open_and_are_sealed_anew(make, workspace):
    make("https://crm.example")
    old = config.current().encryption_keys
    new = ("bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LW5ldy0=",)
    home = {"OPENBUILD_HOME": str(config.current().home)}

    config.use(config.load(home | {"OPENBUILD_ENCRYPTION_KEYS": ",".join(new + old)}))
    assert connections.reseal_all() == 1

    config.use(config.load(home | {"OPENBUILD_ENCRYPTION_KEYS": ",".join(new)}))
    assert connections.secrets_of(workspace, "crm") == {"key": SECRET}
    config.use(config.load(home | {"OPENBUILD_ENCRYPTION_KEYS": ",".join(old)}))
    with pytest.raises(SecretsUnreadable, match="OPENBUILD_ENCRYPTION_KEYS"):
        connections.secrets_of(workspace, "crm")


def test_the_key_is_added_and_a_path_is_enough(make, listen, send):
    server = listen()
    make(server.url + "/v2/", key="k-1")

    send("/orders", query={"page": 1})

    assert server.heads[0].startswith("GET /v2/orders?page=1 ")
    assert "authorization: Bearer k-1" in server.heads[0]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{other}/",
        "http://127.0.0.2:{port}/",
        "https://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://127.0.0.1.example:{port}/",
        "http://127.0.0.1:{port}@127.0.0.1:{other}/",
        "http://127.0.0.1:{port}\\@127.0.0.1:{other}/",
    ],
)
def test_the_key_is_sent_to_no_other_address(make, listen, send, url):
    server, other = listen(), listen()
    make(server.url)

    with pytest.raises(HttpFailed):
        send(url.format(port=server.port, other=other.port))

    assert server.connections == other.connections == 0


@pytest.mark.parametrize(
    "path", ["//127.0.0.1:{other}/", "/\\127.0.0.1:{other}/", "/@127.0.0.1:{other}/"]
)
def test_a_path_cannot_turn_into_another_host(make, listen, send, path):
    server, other = listen(), listen()
    make(server.url)

    with suppress(HttpFailed):
        send(path.format(other=other.port))

    assert other.connections == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"style": "bearer"},
        {"style": "header", "header_name": "X-Secret-Key"},
        {"style": "basic", "username": "ada"},
        {"style": "query", "query_name": "key"},
    ],
)
def test_a_redirect_to_another_address_leaves_the_key_behind(make, listen, send, fields):
    other = listen()
    server = listen(redirect(other.url + "/there"))
    make(server.url, key="k-12345", **fields)

    send("/here")

    assert len(other.requests) == 1
    for form in ("k-12345", "ada", "Basic", "YWRhOmstMTIzNDU"):
        assert form not in other.heads[0]


def test_what_the_server_echoes_is_masked(make, listen, send):
    key = "tok+en/with=marks"
    echo = {"bare": key, "url": "x?k=tok%2Ben%2Fwith%3Dmarks", "n": [key]}
    server = listen(ok(json.dumps(echo).encode(), X_Echo="Bearer tok+en/with=marks"))
    make(server.url, key=key)

    answer = send("/")

    assert answer.body == {"bare": "•••", "url": "x?k=•••", "n": ["•••"]}
    assert answer.headers["x-echo"] == "Bearer •••"


def test_a_basic_login_is_masked_in_its_encoded_form(make, listen, send):
    server = listen(ok(b'{"seen": "Basic YWRhOmstMTIzNDU="}'))
    make(server.url, key="k-12345", style="basic", username="ada")

    assert send("/").body == {"seen": "Basic •••"}


def test_a_key_in_the_address_does_not_show_up_in_the_answer(make, listen, send):
    server = listen()
    make(server.url, key="k-12345", style="query", query_name="key")

    assert send("/a").url.endswith("/a?key=•••")
    assert "key=k-12345" in server.heads[0]


def test_use_and_refusals_are_noted(make, listen, send, workspace):
    server = listen(ok(), ok(status="401 No"), ok())
    connection = make(server.url)
    seen = []

    for _ in range(3):
        send("/")
        with transaction() as session:
            session.refresh(connection)
        seen.append(connection.last_result)

    assert seen == ["works", "refused", "works"]
    assert connection.last_used_at is not None


def test_a_webhook_secret_signs_nothing(workspace, listen, send):
    server = listen()
    values = Values("Stripe", {}, {"secret": "whsec"})
    connections.create(workspace, "stripe", "webhook_secret", values=values, by="")

    with pytest.raises(HttpFailed, match="can't sign"):
        send(server.url, connection="stripe")

    assert server.connections == 0
