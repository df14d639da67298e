"""Who acts in tests: Olga owns, Ada administers, Max edits, Vera views, Zoe is a stranger.

`people` has them all, `client_of(person)` is a signed-in browser without htmx; HTMX are the headers
that make it one with htmx.
"""

from types import SimpleNamespace

import pytest

PASSWORD = "correct horse battery"
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
FORM_TOKEN = "the-token-of-this-page"
ROLES = {"olga": "owner", "ada": "admin", "max": "editor", "vera": "viewer"}


@pytest.fixture(scope="session")
def password_hash():
    """The hash of PASSWORD, made once: it is slow on purpose."""
    from core.runtime import passwords

    return passwords.hash_of(PASSWORD)


@pytest.fixture
def people(app, password_hash):
    """Members of the first workspace by name, and Zoe, who owns another one."""
    from core import clock
    from core.runtime import workspaces
    from core.storage.db import db, transaction
    from core.storage.membership import OwnerClaim
    from core.storage.workspace import Workspace

    with transaction():
        first = workspaces.first()
        other = Workspace(name="other", label="Other", timezone="UTC", created_at=clock.now())
        db.session.add(other)
        db.session.flush()
        for workspace in (first, other):
            db.session.add(OwnerClaim(workspace_id=workspace.id, claimed_at=clock.now()))
        members = {name: member(name, role, first, password_hash) for name, role in ROLES.items()}
        members["zoe"] = member("zoe", "owner", other, password_hash)
    return SimpleNamespace(**members)


def member(name, role, workspace, password_hash):
    """Store a person of a workspace; the caller is in a transaction."""
    from core import clock
    from core.storage.db import db
    from core.storage.membership import Membership
    from core.storage.user import User

    user = User(
        email=f"{name}@example.org",
        name=name.capitalize(),
        password_hash=password_hash,
        created_at=clock.now(),
    )
    db.session.add(user)
    db.session.flush()
    db.session.add(
        Membership(workspace_id=workspace.id, user_id=user.id, role=role, created_at=clock.now())
    )
    return user


@pytest.fixture
def client_of(app):
    """Makes a browser in which a person is signed in; its requests carry the form's token."""
    from core.runtime import signing_in

    def client_of(person):
        client = app.test_client()
        token = signing_in.open_session(person, stays=False, browser="a test")
        with client.session_transaction() as session:
            session.update(_user_id=token, _fresh=True, csrf_token=FORM_TOKEN)
        client.environ_base["HTTP_X_CSRF_TOKEN"] = FORM_TOKEN
        return client

    return client_of
