"""The pages of connections: who may do what, and that no page ever shows a secret."""

import pytest

from core import clock
from core.runtime import connections
from core.storage.connection import Connection
from core.storage.db import db, transaction
from core.storage.workflow import Workflow

FORM = {"type": "http_api", "label": "Shop", "field-base_url": "https://shop.example"}
CANARY = "canary-5f2e"


def stored():
    db.session.rollback()  # a new look, not the snapshot of the last one
    return {connection.name: connection for connection in db.session.scalars(db.select(Connection))}


def test_the_empty_list_offers_every_kind(client_of):
    page = client_of("olga").get("/connections").text

    assert "No connections yet" in page
    assert "Key for a web service" in page
    assert "Webhook secret" in page


def test_a_connection_is_made_and_named_after_its_label(client_of, rooms):
    answer = client_of("olga").post("/connections", **FORM, **{"secret-key": CANARY})

    assert answer.status_code == 303
    made = stored()["shop"]
    assert (made.label, made.type, made.workspace_id) == ("Shop", "http_api", rooms["main"].id)
    assert connections.secrets_in(made) == {"key": CANARY}


def test_htmx_is_led_to_the_list(client_of):
    answer = client_of("olga").post("/connections", htmx=True, **FORM, **{"secret-key": CANARY})

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/connections")


@pytest.mark.parametrize("htmx", [True, False])
def test_what_was_typed_comes_back_with_the_problem_and_without_the_secret(client_of, htmx):
    form = FORM | {"field-base_url": "shop.example", "secret-key": CANARY}

    answer = client_of("olga").post("/connections", htmx=htmx, **form)

    assert answer.status_code == 422
    assert 'value="shop.example"' in answer.text
    assert "Write the whole address" in answer.text
    assert CANARY not in answer.text
    assert stored() == {}


def test_no_page_shows_a_secret(client_of, crm):
    browser = client_of("olga")
    urls = ["", "/new", "/new?type=http_api", f"/{crm.id}", f"/{crm.id}/deletion"]

    pages = [browser.get(f"/connections{url}", htmx=htmx) for url in urls for htmx in (True, False)]

    assert {page.status_code for page in pages} == {200}
    assert not any(CANARY in page.text for page in pages)


def test_the_fragment_is_part_of_the_page(client_of, crm):
    browser = client_of("olga")

    for url in ("/connections", f"/connections/{crm.id}"):
        page, fragment = browser.get(url).text, browser.get(url, htmx=True).text
        assert set(fragment.splitlines()) <= set(page.splitlines())


def test_a_change_keeps_the_secret_that_was_left_empty(client_of, crm):
    form = {"label": "Customers", "field-base_url": "https://crm.example", "field-style": "query"}

    client_of("olga").post(f"/connections/{crm.id}", **form, **{"field-query_name": "k"})

    assert stored()["crm"].label == "Customers"
    assert stored()["crm"].fields["query_name"] == "k"
    assert connections.secrets_in(stored()["crm"]) == {"key": CANARY}


def test_another_address_asks_for_the_key_again(client_of, crm):
    form = {"label": "CRM", "field-base_url": "https://evil.example", "field-style": "bearer"}

    answer = client_of("olga").post(f"/connections/{crm.id}", **form)

    assert answer.status_code == 422
    assert "The address has changed: enter “Key, token or password” again." in answer.text
    assert stored()["crm"].fields["base_url"] == "https://crm.example"


def test_deleting_is_refused_while_a_workflow_uses_it_and_works_afterwards(client_of, crm, rooms):
    now, browser = clock.now(), client_of("olga")
    with transaction() as session:
        workflow = Workflow(
            workspace_id=rooms["main"].id,
            name="sync",
            label="Sync customers",
            draft={"steps": [{"id": "a", "type": "call_api", "inputs": {"connection": "crm"}}]},
            created_at=now,
            updated_at=now,
        )
        session.add(workflow)

    refused = browser.post(f"/connections/{crm.id}/deletion")
    assert refused.status_code == 422
    assert "Sync customers" in refused.text

    with transaction():
        workflow.draft = {"steps": []}
    assert browser.post(f"/connections/{crm.id}/deletion").status_code == 303
    assert stored() == {}


def test_a_trial_says_what_came_of_it(client_of, rooms):
    values = connections.Values("Inside", {"base_url": "http://127.0.0.1:9"}, {"key": CANARY})
    inside = connections.create(rooms["main"].id, "inside", "http_api", values=values, by="Olga")

    answer = client_of("max").post(f"/connections/{inside.id}/trial", htmx=True)

    assert answer.status_code == 200
    assert "127.0.0.1 is inside your own network" in answer.text
    assert "OPENBUILD_ALLOWED_HOSTS_OUT=127.0.0.1:9" in answer.text


@pytest.mark.parametrize("name", ["max", "vera"])
def test_who_does_not_manage_sees_connections_and_changes_none(client_of, crm, name):
    browser, url = client_of(name), f"/connections/{crm.id}"

    assert browser.get("/connections").status_code == 200
    assert browser.get(url).status_code == 200
    assert "Save" not in browser.get(url).text
    assert "Add connection" not in browser.get("/connections").text
    for forbidden in ("/connections", url, f"{url}/deletion"):
        assert browser.post(forbidden, **FORM).status_code == 403
    assert list(stored()) == ["crm"]


def test_a_stranger_finds_nothing(client_of, crm):
    zoe, url = client_of("zoe"), f"/connections/{crm.id}"

    assert "crm" not in zoe.get("/connections").text.lower().split("no connections yet")[0][-500:]
    assert zoe.get(url).status_code == 404
    assert zoe.get(f"{url}/deletion").status_code == 404
    for address in (url, f"{url}/deletion", f"{url}/trial"):
        assert zoe.post(address, **FORM).status_code == 404
    assert list(stored()) == ["crm"]


def test_a_foreign_form_is_refused(client_of):
    answer = client_of("olga").post("/connections", token="guessed", **FORM)

    assert answer.status_code == 403
    assert stored() == {}


@pytest.mark.parametrize("type", ["", "telepathy", "../http_api"])
def test_an_unknown_kind_is_not_found(client_of, type):
    assert client_of("olga").post("/connections", **FORM | {"type": type}).status_code == 404
