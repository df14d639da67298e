"""Every page as a person meets it: readable, usable by keyboard, calm in the console."""

import json
import re
import urllib.request

import pytest
from playwright.sync_api import expect

from core import clock
from core.runtime import time_codes
from tests.browser.conftest import EMAIL, PHONE, WIDE
from tests.people import PASSWORD

PAGES = [
    "/",
    "/first-steps",
    "/workflows",
    "/workflows/new",
    "/workflows/import",
    "/workflows/1/name",
    "/workflows/1/deletion",
    "/workflows/1/manual-run",
    "/runs",
    "/connections",
    "/settings",
    "/settings/account",
    "/settings/keys",
    "/settings/health",
    "/_styleguide",
    "/no/such/page",
]
LOOKS = {"wide, light": (WIDE, "light"), "phone, dark": (PHONE, "dark")}


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_sound(open_page, look_at, look):
    size, scheme = LOOKS[look]
    page = open_page("/sign-in", size=size, scheme=scheme)

    wrong = {}
    for path in PAGES:
        page.goto(path)
        if found := look_at(page):
            wrong[path] = found
    assert wrong == {}


def test_workers_that_have_ended_fit_on_a_phone(open_page):
    page = open_page("/settings/health", size=PHONE)
    table = page.locator("table:has-text('Worker')")
    expect(table.locator("td:has-text('idle')").first).to_be_visible()

    page.evaluate("""for (const cell of document.querySelectorAll("#health td"))
        if (cell.textContent === "idle") cell.textContent = "ended 11:11:00";""")

    assert table.evaluate("it => it.scrollWidth - it.parentElement.clientWidth") <= 0


@pytest.mark.parametrize("look", LOOKS)
def test_the_door_is_sound(open_page, look_at, look):
    size, scheme = LOOKS[look]

    assert look_at(open_page("/sign-in", size=size, scheme=scheme, state=None)) == []


def test_the_time_zone_of_the_owner_is_the_browsers(open_page, signed_in):
    page = open_page("/settings")

    assert page.locator("#timezone").input_value() == "Europe/Berlin"
    expect(page.locator("time-zone .field__help")).to_contain_text("means 9:00, Berlin")


def test_signing_in_says_what_was_wrong_and_then_leads_on(open_page):
    page = open_page("/settings?from=mail", state=None)

    page.fill("#email", EMAIL)
    page.fill("#password", "not the password")
    page.click("button:has-text('Sign in')")
    expect(page.locator("#password-error")).to_contain_text("Email or password is wrong")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")

    page.wait_for_url("**/settings?from=mail")


def test_the_first_call_arrives_on_the_page_without_a_reload(open_page, site):
    page = open_page("/first-steps")
    page.evaluate("window.sameDocument = true")
    expect(page.locator("#first-call")).to_contain_text("Listening")

    command = page.locator(".try copy-button").get_attribute("value")
    key = re.search(r"Bearer (\S+?)'", command)[1]
    answer = call(f"{site.url}/api/1.1/wf/welcome", key, {"name": "Ana"})

    assert answer["status"] == "success"
    expect(page.locator("#first-call")).to_contain_text("Your first call has arrived")
    expect(page.locator(".call--done")).to_have_count(5)
    assert page.evaluate("window.sameDocument") is True
    page.click("text=See what happened")
    page.wait_for_url("**/runs/*")


def call(url, key, body):
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def test_a_workflow_is_made_renamed_switched_off_and_deleted(open_page):
    page = open_page("/workflows")
    page.click("text=New workflow")
    page.fill("#label", "Journey")
    page.click("dialog >> text=By hand")
    page.click("dialog button:has-text('Create')")
    page.wait_for_url("**/build*")

    page.goto("/workflows")
    choose(page, "Journey", "Rename …")
    page.fill("#label", "Long journey")
    page.click("dialog button:has-text('Rename')")
    expect(page.get_by_text("Renamed to Long journey")).to_be_visible()

    choose(page, "Long journey", "Disable")
    expect(row(page, "Long journey")).to_contain_text("Off")

    choose(page, "Long journey", "Delete …")
    page.click("dialog button:has-text('Delete')")
    expect(page.get_by_text("Long journey is deleted")).to_be_visible()
    expect(row(page, "Long journey")).to_have_count(0)


def row(page, label):
    return page.locator("tr.table__row", has=page.get_by_role("link", name=label, exact=True))


def choose(page, label, item):
    page.click(f"button[aria-label='Actions for {label}']")
    page.locator(".menu:popover-open").get_by_text(item, exact=True).click()


def test_searching_keeps_the_address_and_the_field(open_page):
    page = open_page("/workflows")

    page.locator("input[name=q]").press_sequentially("wel")
    page.wait_for_url("**/workflows?q=wel*")

    expect(row(page, "Welcome")).to_have_count(1)
    assert page.evaluate("document.activeElement.name") == "q"


def test_a_dialog_is_closed_by_escape_and_gives_the_focus_back(open_page):
    page = open_page("/workflows")
    page.focus("a[aria-label='New workflow']")
    page.keyboard.press("Enter")
    expect(page.locator("#label")).to_be_focused()

    page.keyboard.press("Escape")

    expect(page.locator("dialog")).to_have_count(0)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "New workflow"


def test_dark_is_kept_for_the_person(open_page):
    page = open_page("/settings/account")
    page.get_by_text("Dark", exact=True).click()
    page.click("#profile-form button:has-text('Save')")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")

    page.goto("/workflows")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/settings/account")
    page.get_by_text("As the system").click()
    page.click("#profile-form button:has-text('Save')")
    expect(page.locator("html:not([data-theme])")).to_have_count(1)


def test_a_second_factor_is_set_up_and_asked_for(open_page, look_at):
    page = open_page("/settings/account")
    page.click("text=Set it up")
    key = page.locator(".qr__key copy-button").get_attribute("value")
    expect(page.locator(".qr__picture > svg")).to_be_visible()
    assert look_at(page) == []
    prove(page, code_of(key, later=-1), "Switch on")
    expect(page.locator(".codes code")).to_have_count(10)
    recovery = page.locator(".codes code").all_inner_texts()

    stranger = open_page("/settings?from=mail", state=None)
    stranger.fill("#email", EMAIL)
    stranger.fill("#password", PASSWORD)
    stranger.press("#password", "Enter")
    expect(stranger.locator("#code")).to_be_focused()
    assert look_at(stranger) == []
    stranger.fill("#code", code_of(key, later=1))
    stranger.press("#code", "Enter")
    stranger.wait_for_url("**/settings?from=mail")

    page.click("text=I have kept them")
    prove(page, recovery[0], "Switch off")
    expect(page.get_by_text("It is off")).to_be_visible()


def prove(page, code, button):
    page.fill("#factor-password", PASSWORD)
    page.fill("#factor-code", code)
    page.click(f"#second-factor button:has-text('{button}')")


def code_of(key, *, later):
    return time_codes.code_at(key, time_codes.step_at(clock.now()) + later)
