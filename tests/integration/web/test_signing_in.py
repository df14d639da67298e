"""Signing in and out, and creating the first owner."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from core import clock
from core.runtime import signing_in, users
from core.runtime.signing_in import SignInRefused
from core.runtime.users import InvalidPerson, NewPerson, NewWorkspace, SetupOver
from core.storage.db import db
from core.storage.membership import Membership
from core.storage.user import User
from core.storage.web_session import WebSession
from tests.conftest import DATABASES
from tests.people import PASSWORD

ANA = NewPerson(email="Ana@Example.org", password=PASSWORD, name="Ana Keller")
LINDGREN = NewWorkspace(label="Lindgren Supply", timezone="Europe/Berlin")


def token_in(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def sign_in(client, email, password, **more):
    page = client.get("/sign-in")
    typed = {"csrf_token": token_in(page), "email": email, "password": password, **more}
    return client.post("/sign-in", data=typed)


def test_the_owners_link_makes_the_owner_and_signs_in(client):
    link = f"/owner/{users.owner_token()}"
    form = client.get(link)

    answer = client.post(
        link,
        data={
            "csrf_token": token_in(form),
            "name": "Ana Keller",
            "workspace": "Lindgren Supply",
            "email": "Ana@Example.org",
            "password": PASSWORD,
            "timezone": "Europe/Berlin",
        },
    )

    assert (answer.status_code, answer.location) == (303, "/")
    assert "Hello Ana." in client.get("/").text
    assert User.with_email("ana@example.org").initials == "AK"


def test_the_owners_link_works_once(client):
    users.create_owner(users.owner_token(), ANA, LINDGREN)

    assert client.get(f"/owner/{users.owner_token()}").location == "/sign-in"
    with pytest.raises(SetupOver):
        users.create_owner(users.owner_token(), ANA, LINDGREN)


def test_a_wrong_owners_link_leads_nowhere(client):
    assert client.get("/owner/0123456789").status_code == 404


def test_of_fifty_set_ups_at_once_one_makes_an_owner(app):
    token = users.owner_token()

    def set_up(number):
        person = NewPerson(f"ana{number}@example.org", PASSWORD, "Ana")
        with app.app_context():
            try:
                users.create_owner(token, person, LINDGREN)
            except SetupOver:
                return False
            return True

    with ThreadPoolExecutor(16) as threads:
        won = sum(threads.map(set_up, range(50)))

    assert won == 1
    assert db.session.scalar(db.select(db.func.count()).select_from(Membership)) == 1
    assert db.session.scalar(db.select(db.func.count()).select_from(User)) == 1


def test_everything_wrong_with_a_new_owner_is_named_at_once(app):
    nobody = NewPerson(email="ana", password="short", name="")

    with pytest.raises(InvalidPerson) as refused:
        users.create_owner(users.owner_token(), nobody, NewWorkspace("", "Moon/Base"))

    assert set(refused.value.problems) == {"email", "password", "label", "timezone"}


def test_who_signs_in_goes_where_they_wanted(client, people):
    asked = client.get("/workflows?q=mail")

    answer = sign_in(client, "MAX@example.org ", PASSWORD, next="/workflows?q=mail")

    assert asked.location == "/sign-in?next=/workflows?q%3Dmail"
    assert answer.location == "/workflows?q=mail"


@pytest.mark.parametrize("elsewhere", ["https://evil.test", "//evil.test", "/\\evil.test", "x"])
def test_signing_in_never_leads_to_another_site(client, people, elsewhere):
    assert sign_in(client, "max@example.org", PASSWORD, next=elsewhere).location == "/"


def test_a_wrong_password_and_an_unknown_email_get_the_same_words(client, people):
    wrong = sign_in(client, "max@example.org", "not the password")
    unknown = sign_in(client, "nobody@example.org", "not the password")

    assert wrong.status_code == unknown.status_code == 422
    assert "Email or password is wrong. 4 more tries" in wrong.text
    assert "Email or password is wrong. 4 more tries" in unknown.text


def test_after_five_wrong_passwords_there_is_a_pause(people):
    with clock.freeze(clock.now()) as time:
        for _ in range(5):
            with pytest.raises(SignInRefused, match="is wrong"):
                signing_in.authenticate("max@example.org", "not the password", "192.0.2.1")

        with pytest.raises(SignInRefused, match="Too many tries"):
            signing_in.authenticate("max@example.org", PASSWORD, "192.0.2.1")
        assert signing_in.authenticate("max@example.org", PASSWORD, "192.0.2.2").name == "Max"
        time.move(timedelta(seconds=61))
        assert signing_in.authenticate("max@example.org", PASSWORD, "192.0.2.1").name == "Max"


@pytest.mark.parametrize("database", DATABASES, indirect=True)
def test_first_tries_at_the_same_moment_are_all_counted(app, people):
    def guess(number):
        with app.app_context(), pytest.raises(SignInRefused) as refusal:
            signing_in.authenticate(people.max.email, "wrong password", "198.51.100.7")
        return str(refusal.value)

    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(guess, range(4)))

    assert sorted(words.partition(" more")[0][-1] for words in said) == ["1", "2", "3", "4"]


def test_guessing_at_many_emails_from_one_address_is_stopped(people, monkeypatch):
    monkeypatch.setattr(signing_in, "TRIES_OF_ADDRESS", 8)
    for number in range(8):
        with pytest.raises(SignInRefused, match="is wrong"):
            signing_in.authenticate(f"guess{number}@example.org", "x", "192.0.2.1")

    with pytest.raises(SignInRefused, match="Too many tries"):
        signing_in.authenticate("max@example.org", PASSWORD, "192.0.2.1")


def test_a_session_is_stored_as_a_hash_and_its_cookie_is_closed_to_scripts(client, people):
    answer = sign_in(client, "max@example.org", PASSWORD)

    cookie = answer.headers["Set-Cookie"]
    with client.session_transaction() as session:
        token = session["_user_id"]
    stored = db.session.scalars(db.select(WebSession)).one()
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert token not in stored.token_hash


def test_signing_out_ends_the_session_on_the_server(people, client_of):
    browser = client_of(people.max)
    with browser.session_transaction() as session:
        kept = dict(session)

    browser.post("/sign-out")

    with browser.session_transaction() as session:
        session.update(kept)
    assert browser.get("/").location.startswith("/sign-in")


def test_a_session_ends_by_itself_unless_it_is_used(people):
    with clock.freeze(clock.now()) as time:
        token = signing_in.open_session(people.max, stays=False, browser="")

        time.move(timedelta(hours=20))
        assert signing_in.who_holds(token).person.name == "Max"
        time.move(timedelta(hours=20))
        assert signing_in.who_holds(token).person.name == "Max"
        time.move(timedelta(hours=25))
        assert signing_in.who_holds(token) is None


def test_a_disabled_person_is_out_at_once(people, client_of):
    browser = client_of(people.max)

    users.disable(people.max)

    assert browser.get("/").location.startswith("/sign-in")
    with pytest.raises(SignInRefused, match="switched off"):
        signing_in.authenticate("max@example.org", PASSWORD, "192.0.2.1")


def test_a_new_password_ends_all_other_sessions(people, client_of):
    here, there = client_of(people.max), client_of(people.max)

    answer = here.post(
        "/settings/account/password",
        data={"old_password": PASSWORD, "password": "an even longer sentence"},
    )

    assert answer.status_code == 303
    assert here.get("/settings/account").status_code == 200
    assert there.get("/settings/account").location.startswith("/sign-in")
    db.session.expire_all()
    assert signing_in.authenticate("max@example.org", "an even longer sentence", "")


def test_a_password_is_changed_only_by_who_knows_the_old_one(people, client_of):
    answer = client_of(people.max).post(
        "/settings/account/password",
        data={"old_password": "a guess", "password": "an even longer sentence"},
    )

    assert answer.status_code == 422
    assert "not your present password" in answer.text
