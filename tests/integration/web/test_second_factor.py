"""Two-factor sign-in: setting it up, the second page, recovery codes, and being locked out."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from core import clock, config, config_keys
from core.runtime import (
    second_factor,
    second_factor_changes,
    signing_in,
    stored_secrets,
    time_codes,
    users,
    workspace_changes,
    workspaces,
)
from core.runtime.second_factor_changes import SecondFactorRefused
from core.runtime.signing_in import SignInRefused
from core.storage.db import db, transaction
from core.storage.second_factor import RecoveryCode, SecondFactor
from tests.conftest import DATABASES
from tests.people import HTMX, PASSWORD

HERE = "192.0.2.1"
ACCOUNT = "/settings/account"
PROOF = f"{ACCOUNT}/two-factor"


@pytest.fixture
def now():
    with clock.freeze(clock.now()) as time:
        yield time


@pytest.fixture
def max_codes(people, now):
    """Max with two-factor sign-in; his recovery codes. The time has moved on to the next code."""
    second_factor_changes.begin(people.max)
    codes = second_factor_changes.switch_on(
        people.max, PASSWORD, code_of(people.max), address=HERE, keep_session=0
    )
    now.move(timedelta(seconds=30))
    return codes


def code_of(person, *, later=0):
    key = second_factor.key_of(SecondFactor.of(person.id))
    return time_codes.code_at(key, time_codes.step_at(clock.now()) + later)


def token_in(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def give_password(client, **more):
    token = token_in(client.get("/sign-in"))
    typed = {"csrf_token": token, "email": "max@example.org", "password": PASSWORD, **more}
    return client.post("/sign-in", data=typed)


def give_code(client, code, **more):
    token = token_in(client.get("/sign-in/code"))
    return client.post("/sign-in/code", data={"csrf_token": token, "code": code, **more})


def test_setting_it_up_shows_a_picture_then_codes_and_ends_other_sessions(people, client_of, now):
    here, there = client_of(people.max), client_of(people.max)
    begun = here.post(f"{PROOF}/begin", headers=HTMX)
    key = second_factor.key_of(SecondFactor.of(people.max.id))
    assert "<svg" in begun.text and key in begun.text and "style=" not in begun.text

    answer = here.post(
        f"{PROOF}/on", data={"password": PASSWORD, "code": code_of(people.max)}, headers=HTMX
    )

    codes = re.findall(r"<code>([a-z0-9-]{19})</code>", answer.text)
    assert len(set(codes)) == 10
    assert there.get(ACCOUNT).location.startswith("/sign-in")
    page = here.get(ACCOUNT)
    assert "10 of 10 recovery codes are left" in page.text
    assert key not in page.text and codes[0] not in page.text
    stored = db.session.scalars(db.select(RecoveryCode)).all()
    assert not {row.digest for row in stored} & set(codes)
    assert key.encode() not in SecondFactor.of(people.max.id).key_ciphertext


@pytest.mark.parametrize("wrong", ["password", "code"])
def test_it_is_switched_on_only_with_password_and_code(people, client_of, now, wrong):
    browser = client_of(people.max)
    browser.post(f"{PROOF}/begin")
    typed = {"password": PASSWORD, "code": code_of(people.max)} | {wrong: "000000"}

    answer = browser.post(f"{PROOF}/on", data=typed)

    assert answer.status_code == 422
    assert f'id="factor-{wrong}-error"' in answer.text
    assert second_factor.on_since(people.max.id) is None


def test_a_key_that_was_not_proved_in_time_is_no_good(people, client_of, now):
    browser = client_of(people.max)
    browser.post(f"{PROOF}/begin")
    now.move(timedelta(minutes=16))

    answer = browser.post(f"{PROOF}/on", data={"password": PASSWORD, "code": code_of(people.max)})

    assert answer.status_code == 422
    assert "Begin again" in answer.text
    assert "<svg" not in browser.get(ACCOUNT).text.partition('id="second-factor"')[2]


def test_the_password_alone_signs_nobody_in(client, max_codes):
    answer = give_password(client, next="/runs")

    assert answer.location == "/sign-in/code?next=/runs"
    assert client.get("/").location.startswith("/sign-in")
    assert client.get(ACCOUNT).location.startswith("/sign-in")


def test_password_and_code_sign_in_and_lead_on(client, people, max_codes):
    give_password(client, next="/runs")

    answer = give_code(
        client, f" {code_of(people.max)[:3]} {code_of(people.max)[3:]}", next="/runs"
    )

    assert (answer.status_code, answer.location) == (303, "/runs")
    assert client.get("/runs").status_code == 200


def test_a_code_is_taken_once(client, people, max_codes):
    code = code_of(people.max)
    assert signing_in.check_code(people.max, code, HERE)
    give_password(client)

    answer = give_code(client, code)

    assert answer.status_code == 422
    assert "was used before" in answer.text
    with pytest.raises(SignInRefused, match="used before"):
        signing_in.check_code(people.max, code_of(people.max, later=-1), HERE)


@pytest.mark.parametrize("database", DATABASES, indirect=True)
@pytest.mark.parametrize("kind", ["time code", "recovery code"])
def test_of_many_with_the_same_code_one_gets_in(app, people, max_codes, kind):
    code, moment, who = code_of(people.max), clock.now(), people.max.id
    typed = code if kind == "time code" else max_codes[0]

    def come(_):
        with app.app_context(), clock.freeze(moment):
            return second_factor.accept(who, typed) is not None

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(come, range(16))) == 1


def test_a_recovery_code_lets_in_once_however_it_is_typed(client, people, max_codes):
    give_password(client)
    answer = give_code(client, max_codes[3].upper().replace("-", " "), **{"with": "recovery"})

    assert answer.status_code == 303
    assert "9 recovery codes are left" in client.get("/").text
    with pytest.raises(SignInRefused, match="none of your recovery codes"):
        signing_in.check_code(people.max, max_codes[3], HERE)
    with pytest.raises(SignInRefused, match="none of your recovery codes"):
        signing_in.check_code(people.vera, max_codes[4], HERE)


def test_being_half_way_ends_after_five_minutes(client, people, max_codes, now):
    give_password(client)
    token = token_in(client.get("/sign-in/code"))
    now.move(timedelta(minutes=5, seconds=1))

    answer = client.post("/sign-in/code", data={"csrf_token": token, "code": code_of(people.max)})

    assert answer.location == "/sign-in"
    assert client.get("/sign-in/code").location == "/sign-in"


@pytest.mark.parametrize("change", ["a new password", "switched off", "disabled"])
def test_being_half_way_ends_when_something_changes(client, people, max_codes, change):
    give_password(client)

    if change == "a new password":
        users.set_password(people.max, "an even longer sentence")
    elif change == "switched off":
        second_factor_changes.reset(people.max)
    else:
        users.disable(people.max)

    assert client.get("/sign-in/code").location == "/sign-in"


def test_guessing_codes_is_stopped_from_one_address_and_from_many(people, max_codes, now):
    for number in range(5):
        with pytest.raises(SignInRefused, match="This code is wrong"):
            signing_in.check_code(people.max, f"00000{number}", HERE)
    with pytest.raises(SignInRefused, match="Too many tries"):
        signing_in.check_code(people.max, code_of(people.max), HERE)

    for number in range(5):
        with pytest.raises(SignInRefused, match="This code is wrong"):
            signing_in.check_code(people.max, "000000", f"198.51.100.{number}")
    with pytest.raises(SignInRefused, match="Too many tries"):
        signing_in.check_code(people.max, code_of(people.max), "203.0.113.9")
    assert signing_in.check_code(people.max, max_codes[0], "203.0.113.9").is_recovery
    now.move(timedelta(minutes=1, seconds=1))
    assert signing_in.check_code(people.max, code_of(people.max), HERE)


def test_switching_off_takes_password_and_code_and_ends_other_sessions(
    people, client_of, max_codes, now
):
    here, there = client_of(people.max), client_of(people.max)
    typed = {"do": "off", "password": PASSWORD, "code": code_of(people.max)}
    assert here.post(PROOF, data=typed | {"code": "000000"}).status_code == 422
    assert here.post(PROOF, data=typed | {"password": "a guess"}).status_code == 422
    assert second_factor.on_since(people.max.id) is not None

    assert here.post(PROOF, data=typed).status_code == 303

    db.session.rollback()
    assert second_factor.on_since(people.max.id) is None
    assert RecoveryCode.count_left(people.max.id) == 0
    assert here.get(ACCOUNT).status_code == 200
    assert there.get(ACCOUNT).location.startswith("/sign-in")


def test_new_recovery_codes_end_the_old_ones(people, client_of, max_codes):
    typed = {"do": "codes", "password": PASSWORD, "code": code_of(people.max)}

    answer = client_of(people.max).post(PROOF, data=typed)

    fresh = re.findall(r"<code>([a-z0-9-]{19})</code>", answer.text)
    assert len(fresh) == 10
    assert second_factor.accept(people.max.id, max_codes[0]) is None
    assert second_factor.accept(people.max.id, fresh[0]).left == 9


def test_it_is_not_begun_anew_while_it_is_on(people, client_of, max_codes):
    before = second_factor.key_of(SecondFactor.of(people.max.id))

    assert client_of(people.max).post(f"{PROOF}/begin").status_code == 422
    client_of(people.max).post(f"{PROOF}/forget")

    assert second_factor.key_of(SecondFactor.of(people.max.id)) == before


def test_the_apps_key_is_sealed_anew_with_the_others_and_bound_to_its_person(people, max_codes):
    factor = SecondFactor.of(people.max.id)
    before, key = factor.key_ciphertext, second_factor.key_of(factor)

    assert stored_secrets.reseal_all() == 1

    assert SecondFactor.of(people.max.id).key_ciphertext != before
    assert second_factor.key_of(SecondFactor.of(people.max.id)) == key
    second_factor_changes.begin(people.vera)
    with transaction():
        SecondFactor.of(people.vera.id).key_ciphertext = before
    assert stored_secrets.unreadable() == ["two-factor sign-in of vera@example.org"]


def test_without_its_encryption_key_a_recovery_code_still_works(people, max_codes, settings):
    code = code_of(people.max)
    config.use(replace(settings, encryption_keys=(config_keys.fresh_encryption_key(),)))

    with pytest.raises(SignInRefused, match="can't be read here"):
        signing_in.check_code(people.max, code, HERE)
    assert signing_in.check_code(people.max, max_codes[0], HERE).is_recovery


def test_a_workspace_may_ask_everybody_for_it(people, client_of, max_codes):
    first = workspaces.first()
    with pytest.raises(workspaces.InvalidWorkspace, match="yourself first"):
        workspace_changes.ask_for_second_factor(first, True, by=people.olga)
    workspace_changes.ask_for_second_factor(first, True, by=people.max)

    vera = client_of(people.vera)
    assert vera.get("/runs").location == f"{ACCOUNT}#second-factor"
    assert vera.post("/settings/account/password").location == f"{ACCOUNT}#second-factor"
    assert "asks everybody for it" in vera.get(ACCOUNT).text
    assert client_of(people.max).get("/runs").status_code == 200


def test_who_took_too_long_can_not_switch_on(people, now):
    with pytest.raises(SecondFactorRefused, match="Begin again"):
        second_factor_changes.switch_on(
            people.max, PASSWORD, "000000", address=HERE, keep_session=0
        )
