"""What is true of every page and every route, whoever wrote it."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from blueprints.policy import ROUTES, VERBS_OF, Verb
from core.runtime import users, workspaces
from core.storage.membership import Role
from tests.contracts import world as worlds
from tests.people import HTMX, ROLES

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
IDS = re.compile(r'\sid="([^"]*)"')
FULL_PAGE = "<!doctype html>"
# Fragments that scripts ask for while one works; the editor's page holds them from the start.
ONLY_FRAGMENTS = {"bulk.count", "editor.library", "editor.progress", "editor.step_values"}
MOST_STATEMENTS = 12
# Over many runs, several questions that an index answers are faster than one that reads rows.
OF_MANY_RUNS = {"home.index": 14, "runs.index": 13, "runs.of_workflow": 22}
ABOUT_A_RECORD = {
    "workflow_id",
    "run_id",
    "batch_id",
    "action_id",
    "schedule_id",
    "connection_id",
    "token_id",
    "mail_id",
    "template_id",
    "address_id",
}


@pytest.fixture
def world(app, people, work):
    return worlds.build(workspaces.first().id, work)


@pytest.fixture(scope="module")
def shelf():
    return {}


@pytest.fixture
def pages(shelf, request):
    """What Olga reads at every page, by endpoint; read once for all tests here."""
    if not shelf:
        app, world = request.getfixturevalue("app"), request.getfixturevalue("world")
        olga = request.getfixturevalue("client_of")(request.getfixturevalue("people").olga)
        statements = request.getfixturevalue("statements")
        for rule, address in worlds.addresses(app, world, method="GET"):
            if ROUTES[rule.endpoint] is not Verb.VISIT:
                statements.clear()
                page = olga.get(address)
                count = len(statements)
                shelf[rule.endpoint] = Reading(page, olga.get(address, headers=HTMX), count)
    return shelf


@dataclass
class Reading:
    """A page, its fragment, and how many statements the page sent to the database."""

    page: Any
    fragment: Any
    statement_count: int

    @property
    def is_html(self):
        """Whether it is a page of ours; what strangers wrote stands alone, in a sandbox."""
        is_sandboxed = self.page.headers.get("Content-Security-Policy", "").startswith("sandbox;")
        return self.page.mimetype == "text/html" and not is_sandboxed


def test_every_route_has_a_row_in_the_policy_and_every_row_a_route(app):
    routes = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert routes == set(ROUTES)


def test_a_route_without_a_row_is_closed(app, client, monkeypatch):
    monkeypatch.delitem(ROUTES, "settings.workspace")

    assert client.get("/settings").status_code == 500
    app.testing = False
    assert client.get("/settings").status_code == 404


def only_reached(app):
    """Let every view answer 204, so that nothing but the guard decides."""
    for endpoint in app.view_functions:
        app.view_functions[endpoint] = lambda **_: ("", 204)


@pytest.mark.parametrize("name", ROLES)
def test_each_role_reaches_exactly_what_the_policy_gives_it(app, people, client_of, name):
    browser = client_of(getattr(people, name))
    verbs = VERBS_OF[Role(ROLES[name])] | {Verb.VISIT}
    only_reached(app)

    wrong = []
    for method in ("GET", *UNSAFE):
        for rule, address in worlds.addresses(app, worlds.NOWHERE, method=method):
            expected = 204 if ROUTES[rule.endpoint] in verbs else 403
            if (status := browser.open(address, method=method).status_code) != expected:
                wrong.append((method, rule.endpoint, status))
    assert wrong == []


@pytest.mark.parametrize("who", ["nobody", "a disabled person", "a removed person"])
def test_who_is_not_signed_in_reaches_only_the_doors(app, people, client_of, who):
    browser = app.test_client() if who == "nobody" else client_of(people.max)
    if who == "a disabled person":
        users.disable(people.max)
    if who == "a removed person":
        users.remove_from(people.max, workspaces.first().id)
    only_reached(app)

    wrong = []
    for rule, address in worlds.addresses(app, worlds.NOWHERE, method="GET"):
        answer = browser.get(address)
        is_open = ROUTES[rule.endpoint] is Verb.VISIT
        led_to_the_door = answer.location and answer.location.startswith("/sign-in")
        if not (answer.status_code == 204 if is_open else led_to_the_door):
            wrong.append((rule.endpoint, answer.status_code))
    assert wrong == []


def test_changes_need_the_token_of_a_page(app, people, client_of):
    browser = client_of(people.olga)
    del browser.environ_base["HTTP_X_CSRF_TOKEN"]
    only_reached(app)

    for method in UNSAFE:
        for rule, address in worlds.addresses(app, worlds.NOWHERE, method=method):
            assert browser.open(address, method=method).status_code == 403, rule.endpoint


@pytest.mark.parametrize(
    "header",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://a.test"},
    ],
)
def test_changes_from_another_site_are_refused(app, people, client_of, header):
    browser = client_of(people.olga)
    only_reached(app)

    for rule, address in worlds.addresses(app, worlds.NOWHERE, method="POST"):
        assert browser.post(address, headers=header).status_code == 403, rule.endpoint


def test_a_stranger_finds_nothing_of_another_workspace(app, world, people, client_of):
    zoe = client_of(people.zoe)

    found = []
    for method in ("GET", *UNSAFE):
        for rule, address in worlds.addresses(app, world, method=method):
            if rule.arguments & ABOUT_A_RECORD:
                status = zoe.open(address, method=method).status_code
                if status != 404:
                    found.append((method, rule.endpoint, status))
    assert found == []


def test_every_page_works_without_htmx(pages):
    wrong = {}
    for endpoint, read in pages.items():
        is_whole = not read.is_html or FULL_PAGE in read.page.text or endpoint in ONLY_FRAGMENTS
        if read.page.status_code != 200 or not is_whole:
            wrong[endpoint] = read.page.status_code
    assert wrong == {}


def test_every_fragment_is_found_in_its_page(pages):
    wrong = {}
    for endpoint, read in pages.items():
        if not read.is_html or FULL_PAGE in read.fragment.text:
            continue
        missing = lines(read.fragment) - lines(read.page)
        if missing or "HX-Request" not in read.fragment.headers["Vary"]:
            wrong[endpoint] = missing
    assert wrong == {}


def lines(answer):
    """What the answer holds, without the wrapping that says where a fragment goes."""
    bare = re.sub(r"</?hx-partial[^>]*>", "", answer.text)
    return {line.strip() for line in bare.splitlines()}


def test_no_page_uses_an_id_twice(pages):
    twice = {}
    for endpoint, read in pages.items():
        ids = Counter(IDS.findall(read.page.text))
        if several := [id for id, count in ids.items() if count > 1]:
            twice[endpoint] = several
    assert twice == {}


def test_no_page_has_what_the_content_security_policy_forbids(pages):
    for endpoint, read in pages.items():
        if read.is_html:
            html = read.page.text
            assert not re.search(r"<[^>]+\sstyle=", html), endpoint
            assert not re.search(r"<[^>]+\son[a-z]+=|hx-on|hx-vals=.js:", html), endpoint
            assert not re.search(r"<script(?![^>]*\ssrc=)", html), endpoint
            assert "unsafe" not in read.page.headers["Content-Security-Policy"], endpoint
            assert read.page.headers["Cache-Control"] == "no-store", endpoint


def test_what_people_and_callers_write_is_never_markup(pages):
    for endpoint, read in pages.items():
        if read.is_html:
            assert "<b>people</b>" not in read.page.text, endpoint
            assert "<i>Keller</i>" not in read.page.text, endpoint


def test_a_page_asks_the_database_little(pages):
    def is_much(name, count):
        return count > OF_MANY_RUNS.get(name, MOST_STATEMENTS)

    many = {name: read.statement_count for name, read in pages.items()}

    assert {name: count for name, count in many.items() if is_much(name, count)} == {}


@pytest.fixture
def statements(app):
    """The statements that the database was sent."""
    from sqlalchemy import event

    from core.storage.db import db

    sent = []

    def note(connection, cursor, statement, *_):
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)
