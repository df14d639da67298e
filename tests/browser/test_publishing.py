"""Publishing as people do it: errors lead to their fields, warnings are accepted with a reason."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE

DOUBTFUL = """
openbuild: 1
workflow: {name}
label: Order intake
triggers:
  endpoint:
    exposed: true
    parameters: [{{key: total, type: number}}]
steps:
  - id: big
    type: branch
    label: High value?
    branches:
      - key: "yes"
        label: "Yes"
        only_when: {{all: [{{left: "{{{{ trigger.total }}}}", is: greater_than, right: 100}}]}}
        steps:
          - {{id: answer, type: return_data, label: Answer, inputs: {{body: {{ok: true}}}}}}
      - key: otherwise
        label: Otherwise
        steps:
          - {{id: note, type: log_message, label: Note it, inputs: {{message: "{text}"}}}}
"""
LOOKS = {"wide, light": (WIDE, "light"), "wide, dark": (WIDE, "dark"), "phone": (PHONE, "light")}


@pytest.fixture
def draft(site, open_page, tmp_path, request):
    """Opens the editor of a fresh draft with a path that gives no answer."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[-60:].strip("-")

    def draft(text="small", **look):
        file = tmp_path / "order.yaml"
        file.write_text(DOUBTFUL.format(name=name, text=text))
        applied = site.run("workflows", "apply", str(file))
        assert applied.returncode == 0, applied.stderr
        page = open_page(f"/workflows?q={name}", **look)
        page.goto(page.locator(f"tr:has-text('{name}') .table__link").get_attribute("href"))
        return page

    return draft


def publish(page):
    return page.locator("#actions").get_by_role("link", name="Publish")


def confirm(page):
    return page.locator("#publication").get_by_role("button", name="Publish version 1")


def reason(page):
    return page.get_by_label("That’s all right, because")


def note(page):
    return page.locator("#publication [name=note]")


@pytest.mark.parametrize("look", LOOKS)
def test_the_dialog_asks_for_a_reason_in_every_look(draft, look_at, look):
    size, scheme = LOOKS[look]
    page = draft(size=size, scheme=scheme)
    publish(page).click()

    expect(reason(page)).to_be_visible()
    assert look_at(page) == []
    confirm(page).click()
    expect(page.locator("#publication")).to_be_visible()
    assert reason(page).evaluate("input => input.validity.valueMissing")

    reason(page).fill("Nobody waits for small orders")
    confirm(page).click()
    expect(page.locator("#workflow-state")).to_contain_text("Live v1")
    expect(page.locator("#problems button")).to_have_accessible_name("1 accepted warning")


def test_a_warning_is_accepted_with_the_keyboard_alone(draft, look_at):
    page = draft()
    publish(page).focus()
    page.keyboard.press("Enter")
    expect(reason(page)).to_be_visible()
    reason(page).focus()
    page.keyboard.type("Nobody waits")
    page.keyboard.press("Enter")

    expect(page.locator("#workflow-state")).to_contain_text("Live v1")
    page.goto(page.url.split("/build")[0] + "/versions")
    page.locator("text=1 warning accepted").click()
    expect(page.locator(".accepted")).to_contain_text("“Nobody waits” Ana Keller")
    assert look_at(page) == []


def test_a_warning_leads_to_the_path_it_is_about(draft):
    page = draft()
    publish(page).click()
    page.get_by_label("Look at High value?").click()

    expect(page.locator("#publication")).to_have_count(0)
    expect(page.locator("#panel")).to_contain_text("The path “Otherwise” gives no answer")


def test_who_looks_at_a_warning_keeps_the_words_already_typed(draft):
    page = draft()
    publish(page).click()
    reason(page).fill("Nobody waits")
    note(page).fill("First one")
    page.get_by_label("Look at High value?").click()
    expect(page.locator("#publication")).to_have_count(0)

    publish(page).click()
    expect(reason(page)).to_have_value("Nobody waits")
    expect(note(page)).to_have_value("First one")


def test_an_error_stands_in_the_way_and_leads_to_its_field(draft):
    page = draft("{{ trigger.totl }}")
    expect(page.locator("#card-note")).to_contain_text("“totl”")
    page.locator("#problems button").click()
    expect(page.locator("#problem-list")).to_contain_text("1 error, 1 warning")
    page.keyboard.press("Escape")
    publish(page).click()
    expect(confirm(page)).to_be_disabled()
    page.get_by_label("Mend Note it").click()

    expect(page.locator("#part-inputs-message [role=textbox]")).to_be_focused()


def test_two_versions_are_compared_side_by_side(draft, look_at, site, tmp_path):
    page = draft()
    file = tmp_path / "order.yaml"
    assert site.run("workflows", "apply", str(file), "--publish").returncode == 0
    file.write_text(file.read_text().replace("right: 100", "right: 250"))
    assert site.run("workflows", "apply", str(file), "--publish").returncode == 0

    page.goto(page.url.split("/build")[0] + "/versions")
    page.locator("#version-2 summary", has_text="High value?").click()
    expect(page.locator("#version-2 .beside del")).to_contain_text("more than 100")
    expect(page.locator("#version-2 .beside ins")).to_contain_text("more than 250")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#compare-title")).to_have_text("From version 1 to version 2")
    assert look_at(page) == []
