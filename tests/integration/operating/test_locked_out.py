"""Help for who can't sign in any more, from the machine itself."""

import json

from core import clock
from core.runtime import second_factor, second_factor_changes, signing_in, time_codes
from core.storage.db import db
from core.storage.second_factor import SecondFactor
from tests.people import PASSWORD


def protect(person):
    second_factor_changes.begin(person)
    key = second_factor.key_of(SecondFactor.of(person.id))
    code = time_codes.code_at(key, time_codes.step_at(clock.now()))
    second_factor_changes.switch_on(person, PASSWORD, code, address="", keep_session=0)


def test_two_factor_sign_in_is_taken_from_who_is_locked_out(people, command):
    protect(people.max)
    token = signing_in.open_session(people.max, stays=True, browser="")
    listed = {
        user["email"]: user["two_factor"] for user in told(command("users", "list", "--json"))
    }

    reset = command("users", "reset-2fa", "max@example.org")

    assert reset.returncode == 0, reset.stderr
    assert "with the password alone" in reset.stdout
    db.session.rollback()
    assert second_factor.on_since(people.max.id) is None
    assert signing_in.who_holds(token) is None
    assert (listed["max@example.org"], listed["vera@example.org"]) == (True, False)


def told(listing):
    return json.loads(listing.stdout)


def test_who_has_none_or_is_not_there_is_told_so(people, command):
    without = command("users", "reset-2fa", "--email", "vera@example.org")
    unknown = command("users", "reset-2fa", "nobody@example.org")
    nobody = command("users", "reset-2fa")

    assert (without.returncode, unknown.returncode, nobody.returncode) == (0, 1, 2)
    assert "had no two-factor sign-in" in without.stdout
    assert unknown.stderr == "Nobody here has the email nobody@example.org.\n"
