import pytest

from core import clock
from core.runtime import connections, signing_in
from core.runtime.connections import Values
from core.storage.db import transaction
from core.storage.membership import Membership, Role
from core.storage.user import User
from core.storage.workspace import Workspace

CSRF = "a form's token"
PEOPLE = {
    "olga": ("main", Role.OWNER),
    "max": ("main", Role.EDITOR),
    "vera": ("main", Role.VIEWER),
    "zoe": ("other", Role.OWNER),
}


@pytest.fixture
def rooms(app):
    """Two workspaces by name."""
    made = {
        name: Workspace(name=name, label=name, timezone="UTC", created_at=clock.now())
        for name in ("main", "other")
    }
    with transaction() as session:
        session.add_all(made.values())
    return made


@pytest.fixture
def client_of(app, rooms):
    """Somebody's browser, signed in: Olga owns, Max edits, Vera looks, Zoe is a stranger."""

    def client_of(name):
        room, role = PEOPLE[name]
        now = clock.now()
        with transaction() as session:
            person = User(
                email=f"{name}@example.org", name=name.title(), password_hash="", created_at=now
            )
            session.add(person)
            session.flush()
            session.add(
                Membership(
                    workspace_id=rooms[room].id, user_id=person.id, role=role, created_at=now
                )
            )
        token = signing_in.open_session(person, stays=True, browser="test")
        return Browser(app.test_client(), token)

    return client_of


class Browser:
    """A test client that sends its form token, and asks as htmx does when told to."""

    def __init__(self, client, token):
        self.client = client
        with client.session_transaction() as session:
            session.update(_user_id=token, _fresh=True, csrf_token=CSRF)

    def get(self, url, *, htmx=False):
        return self.client.get(url, headers={"HX-Request": "true"} if htmx else {})

    def post(self, url, *, htmx=False, token=CSRF, **form):
        headers = {"HX-Request": "true"} if htmx else {}
        return self.client.post(url, data={"csrf_token": token, **form}, headers=headers)


@pytest.fixture
def crm(rooms):
    """A stored connection with a key nobody may read."""
    values = Values("CRM", {"base_url": "https://crm.example"}, {"key": "canary-5f2e"})
    return connections.create(rooms["main"].id, "crm", "http_api", values=values, by="Olga")
