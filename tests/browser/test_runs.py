"""A run as a person follows it: live, by keyboard, on a phone, and back in time."""

import json
import re
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE

FILE = Path(__file__).with_name("order.yaml")
LOOKS = {"wide, light": (WIDE, "light"), "phone, dark": (PHONE, "dark")}


@pytest.fixture(scope="module")
def orders(site):
    """The workflow of these tests; gives a function that calls it and returns the run's id."""
    applied = site.run("workflows", "apply", str(FILE), "--publish")
    assert applied.returncode == 0, applied.stderr + applied.stdout
    key = site.run("tokens", "create", "--name", "Browser").stdout.strip()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def start(**given):
        url = f"{site.url}/api/1.1/wf/browser-order"
        request = urllib.request.Request(url, json.dumps(given).encode(), headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["run_id"]

    return start


@pytest.mark.parametrize("look", LOOKS)
def test_a_runs_page_is_sound_in_every_state(open_page, look_at, orders, look):
    size, scheme = LOOKS[look]
    failed, asleep = orders(id="A-1", fails=True), orders(id="A-2", nap="2h")
    page = open_page("/runs", size=size, scheme=scheme)

    wrong = {}
    for run, state in ((failed, "Failed"), (asleep, "Waiting")):
        page.goto(f"/runs/{run}")
        expect(page.locator("#run-head")).to_contain_text(state)
        wrong[state] = look_at(page)
    page.goto("/runs?state=failed&period=week&text=A-1")
    wrong["list"] = look_at(page)
    assert wrong == {"Failed": [], "Waiting": [], "list": []}


def test_a_run_is_followed_to_its_end_without_a_reload(open_page, orders):
    run = orders(id="A-3", nap="4s")
    page = open_page(f"/runs/{run}")
    page.evaluate("window.sameDocument = true")
    expect(page.locator("#run-head")).to_contain_text("Let it rest")

    page.click("#row-start")
    page.locator("#run-step summary").first.click()
    expect(page.locator("#run-head")).to_contain_text("Succeeded")

    assert page.evaluate("window.sameDocument") is True
    expect(page.locator("#run-story")).not_to_have_attribute("hx-trigger", re.compile("every"))


def test_what_a_person_folded_stays_folded_while_the_run_goes_on(open_page, orders):
    page = open_page(f"/runs/{orders(id='A-4', nap='3s')}?step=")
    root = page.locator("#run-step details").first

    root.locator("summary").first.click()
    expect(page.locator("#run-head")).to_contain_text("Waiting")
    expect(page.locator("#run-head")).to_contain_text("Succeeded")

    assert root.get_attribute("open") is None


def test_back_shows_the_step_before(open_page, orders):
    page = open_page(f"/runs/{orders(id='A-5')}")
    expect(page.locator("#run-head")).to_contain_text("Succeeded")

    page.click("#row-clean")
    expect(page.locator("#step-title")).to_have_text("Normalise")
    page.click("#row-answer")
    expect(page.locator("#step-title")).to_have_text("Answer")
    page.go_back()

    expect(page.locator("#step-title")).to_have_text("Normalise")
    expect(page.locator("#row-clean")).to_have_attribute("aria-current", "true")


def test_a_value_is_walked_by_arrows_and_its_path_copied(open_page, orders):
    page = open_page(f"/runs/{orders(id='A-6')}?step=clean")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#run-step summary").first.focus()

    page.keyboard.press("ArrowDown")
    page.keyboard.press("c")

    expect(page.locator("#run-step copy-button[copied]").first).to_be_attached()
    assert page.evaluate("navigator.clipboard.readText()") == "steps.clean.order"


def test_a_run_is_cancelled_and_run_again(open_page, orders):
    page = open_page(f"/runs/{orders(id='A-7', nap='2h')}")
    expect(page.locator("#run-head")).to_contain_text("Waiting")

    page.click("button:has-text('Cancel')")
    expect(page.locator("#run-head")).to_contain_text("Cancelled")
    page.click("button:has-text('Run again')")

    expect(page.get_by_text("Started again with the same input.")).to_be_visible()
    expect(page.locator("#run-head")).to_contain_text("Let it rest")


def test_a_new_run_appears_in_the_list_by_itself_and_searching_keeps_the_address(open_page, orders):
    orders(id="A-7")
    page = open_page("/runs")
    page.locator("input[name=text]").press_sequentially("A-8")
    page.wait_for_url("**/runs?text=A-8*")
    expect(page.locator("tr.table__row")).to_have_count(0)

    orders(id="A-8")

    expect(page.locator("tr.table__row")).to_have_count(1)
    expect(page.locator("tr.table__row")).to_contain_text("Succeeded")
    assert page.evaluate("document.activeElement.name") == "text"


def test_without_scripts_a_run_is_read_and_its_values_unfold(browser, site, signed_in, orders):
    run = orders(id="A-9")
    context = browser.new_context(
        base_url=site.url, storage_state=signed_in, java_script_enabled=False
    )
    page = context.new_page()

    page.goto(f"/runs/{run}")
    page.click("#row-clean")
    page.locator("#run-step summary").first.click()

    assert "step=clean" in page.url
    assert page.locator("#run-step details").first.get_attribute("open") is None
    context.close()


def test_failed_runs_are_ticked_and_retried_together(open_page, look_at, orders):
    for number in range(4):
        orders(id=f"M-{number}", fails=True)
    page = open_page("/runs?state=failed&text=M-", size=PHONE, scheme="dark")
    boxes = page.locator("[name=run]")
    expect(boxes).to_have_count(4)

    boxes.first.focus()
    page.keyboard.press("Space")
    expect(page.locator(".bulk__count")).to_have_text("1 chosen")
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.locator(".bulk__count")).to_have_text("3 chosen")
    page.click("button[value=retry]")
    expect(page.locator("#bulk-new-title")).to_have_text("Retry 3 runs?")
    wrong = {"asked": look_at(page)}
    page.click("dialog button[type=submit]")
    page.wait_for_url("**/bulk/*")
    expect(page.locator("#bulk-story")).to_contain_text("3 of 3 runs dealt with")
    wrong["done"] = look_at(page)
    page.reload()
    expect(page.locator("#bulk-story")).to_contain_text("3 failed")

    assert wrong == {"asked": [], "done": []}
