"""Writing code in the editor: by keys, with its mistakes beside it, until it is tried."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE

INVOICE = """
openbuild: 1
workflow: code-in-the-browser
label: Invoice
triggers: {endpoint: {exposed: true}}
steps:
  - id: totals
    type: run_code
    label: Add up
    inputs:
      values: {lines: "{{ [2, 3.5] }}"}
      code: return 0
"""


@pytest.fixture(scope="module")
def address(site, tmp_path_factory):
    """The editor with its only step selected."""
    file = tmp_path_factory.mktemp("code") / "code.yaml"
    file.write_text(INVOICE)
    assert site.run("workflows", "apply", str(file)).returncode == 0

    def address(page):
        page.goto("/workflows?q=code-in-the-browser")
        link = page.locator("tr:has-text('code-in-the-browser') .table__link")
        return link.get_attribute("href") + "?step=totals"

    return address


def test_code_is_written_by_keys_and_tried(address, open_page, look_at):
    page = open_page("/")
    page.goto(address(page))
    field = page.get_by_label("Python")

    field.fill("")
    field.press_sequentially("total = 0\nfor line in lines:\ntotal += lime\nreturn total")
    expect(field).to_have_value(
        "total = 0\nfor line in lines:\n    total += lime\n    return total"
    )
    below = page.locator("#below-inputs-code")
    expect(below).to_contain_text("Line 3, column 14: there is no “lime” here")
    expect(page.locator(".codefield__lines .is-bad")).to_have_text("3")
    assert look_at(page) == []

    field.press("Shift+Tab")
    field.press("ArrowUp")
    field.press("End")
    field.press("Backspace")
    field.press("Backspace")
    field.press_sequentially("ne")
    expect(below).not_to_contain_text("Line 3")
    expect(page.locator(".codefield__lines .is-bad")).to_have_count(0)
    field.press("Tab")
    expect(field).to_be_focused()
    field.press("Control+z")
    field.press("Escape")
    field.press("Tab")
    expect(field).not_to_be_focused()

    page.locator("#actions").get_by_role("link", name="Test run").click()
    page.get_by_role("button", name="Run it").click()
    expect(page.locator("#runbar")).to_contain_text("Succeeded in")
    page.locator("#card-totals .card__main").click()
    expect(page.locator("#panel-run")).to_contain_text("5.5")


LOOKS = {"dark": (WIDE, "dark"), "phone": (PHONE, "light")}


@pytest.mark.parametrize("look", LOOKS)
def test_the_field_for_code_is_sound(address, open_page, look_at, look):
    size, scheme = LOOKS[look]
    page = open_page("/", size=size, scheme=scheme)
    page.goto(address(page))

    assert look_at(page) == []
