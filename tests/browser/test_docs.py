"""The documentation as a person reads it: found, read, on a phone too."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE

LOOKS = {"wide, light": (WIDE, "light"), "phone, dark": (PHONE, "dark")}
PAGES = ("/docs", "/docs/learning/life-of-a-run", "/docs/extending/step", "/docs?q=lease")


@pytest.mark.parametrize("look", LOOKS)
def test_the_documentation_is_sound(open_page, look_at, look):
    size, scheme = LOOKS[look]
    page = open_page("/docs", size=size, scheme=scheme)

    wrong = {}
    for path in PAGES:
        page.goto(path)
        if found := look_at(page):
            wrong[path] = found
    assert wrong == {}


def test_one_types_and_reads_where_it_stands(open_page):
    page = open_page("/docs")

    page.get_by_role("searchbox").press_sequentially("unheard bell")
    page.wait_for_url("**/docs?q=unheard*")
    page.get_by_role("searchbox").fill("rescue")
    page.locator(".docs__found", has_text="Rescue").first.click()

    page.wait_for_url("**/docs/learning/life-of-a-run#rescue")
    expect(page.get_by_role("heading", name="Rescue")).to_be_in_viewport()


def test_on_a_phone_the_contents_open_over_the_page(open_page):
    page = open_page("/docs/learning/life-of-a-run", size=PHONE)
    contents = page.get_by_role("navigation", name="Contents")
    expect(contents).to_be_hidden()

    page.get_by_role("button", name="Contents").click()
    contents.get_by_role("link", name="Expressions").click()

    page.wait_for_url("**/docs/learning/expressions")
    expect(page.get_by_role("heading", name="Expressions", exact=True)).to_be_visible()


def test_code_is_copied_as_it_stands(open_page):
    page = open_page("/docs/extending/step")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.locator("copy-button", has_text="Copy").first.click()

    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith('"""Initials') and copied.endswith(".upper())")
