"""The dashboard as a person keeps it open: by keyboard, on a phone, and while nobody looks."""

import json
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE

FILE = Path(__file__).with_name("order.yaml")
LOOKS = {"wide, light": (WIDE, "light"), "phone, dark": (PHONE, "dark")}
RENEW = "document.querySelector('live-part').dispatchEvent(new CustomEvent('renew'))"


@pytest.fixture(scope="module")
def call(site):
    """Calls a workflow that fails when asked to, and has done so once."""
    applied = site.run("workflows", "apply", str(FILE), "--publish")
    assert applied.returncode == 0, applied.stderr + applied.stdout
    key = site.run("tokens", "create", "--name", "Dashboard").stdout.strip()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def call(**given):
        url = f"{site.url}/api/1.1/wf/browser-order"
        request = urllib.request.Request(url, json.dumps(given).encode(), headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 202

    call(id="D-1")
    call(id="D-2", fails=True)
    return call


@pytest.mark.parametrize("look", LOOKS)
def test_charts_and_tables_are_sound(open_page, look_at, call, look):
    size, scheme = LOOKS[look]
    page = open_page("/", size=size, scheme=scheme)
    expect(page.locator("#needs")).to_contain_text("failed")

    wrong = {"charts": look_at(page)}
    for address in ("/?period=month&table=runs", "/?period=hour&order=slowest&table=time"):
        page.goto(address)
        wrong[address] = look_at(page)
    assert {name: found for name, found in wrong.items() if found} == {}


def test_period_and_table_are_chosen_by_keyboard_without_a_reload(open_page, call):
    page = open_page("/")
    page.evaluate("window.sameDocument = true")

    page.focus("#period-week")
    page.keyboard.press("Enter")
    expect(page.locator("#dashboard h2").nth(1)).to_have_text("Last 7 days")
    expect(page.locator("#period-week")).to_be_focused()
    page.focus("#runs-as")
    page.keyboard.press("Enter")

    expect(page.get_by_role("region", name="Runs over time, as a table")).to_be_visible()
    assert page.evaluate("window.sameDocument") is True
    assert page.url.endswith("/?period=week&table=runs")


def test_a_new_run_appears_by_itself(open_page, call):
    page = open_page("/")
    page.evaluate("window.sameDocument = true")

    call(id="D-new")
    page.evaluate(RENEW)

    expect(page.locator("#recent")).to_contain_text("D-new")
    assert page.evaluate("window.sameDocument") is True


def test_it_asks_again_only_while_somebody_looks(open_page, call):
    page = open_page("/")
    page.clock.install()
    page.goto("/")
    asked = []
    page.on(
        "request", lambda request: "hx-request" in request.headers and asked.append(request.url)
    )

    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => window.away })")
    page.evaluate("window.away = true")
    page.clock.run_for(60_000)
    while_away = list(asked)
    with page.expect_request(lambda request: request.headers.get("hx-request") == "true"):
        page.evaluate("window.away = false")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    assert while_away == []
