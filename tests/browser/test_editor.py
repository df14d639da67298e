"""Building a workflow as people do it: with the mouse, with the keyboard alone, on a phone."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE

ORDER = """
openbuild: 1
workflow: {name}
label: Order intake
triggers:
  endpoint:
    exposed: true
    parameters:
      - {{key: email, type: email}}
      - {{key: total, type: number}}
steps:
  - id: clean
    type: compose
    label: Normalise
    inputs: {{value: {{total: "{{{{ trigger.total }}}}"}}}}
  - id: big
    type: branch
    label: High value?
    branches:
      - key: "yes"
        label: "Yes"
        only_when: {{all: [{{left: "{{{{ steps.clean.total }}}}", is: greater_than, right: 100}}]}}
        steps:
          - {{id: note, type: log_message, label: Note it, inputs: {{message: big}}}}
      - key: otherwise
        steps: []
  - id: answer
    type: return_data
    label: Answer
    inputs: {{body: {{ok: true}}}}
"""


@pytest.fixture
def order(site, open_page, tmp_path, request):
    """Opens the editor of a fresh order workflow."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:60].strip("-")

    def order(text=ORDER, **look):
        file = tmp_path / "order.yaml"
        file.write_text(text.format(name=name))
        applied = site.run("workflows", "apply", str(file))
        assert applied.returncode == 0, applied.stderr
        page = open_page(f"/workflows?q={name}", **look)
        page.goto(page.locator(f"tr:has-text('{name}') .table__link").get_attribute("href"))
        return page

    return order


def saved(page):
    expect(page.locator("#saved")).to_contain_text("Saved")


def focused(page):
    return page.evaluate("document.activeElement.closest('[data-step]')?.dataset.step")


LOOKS = {"wide, light": (WIDE, "light"), "wide, dark": (WIDE, "dark"), "phone": (PHONE, "light")}


@pytest.mark.parametrize("look", LOOKS)
def test_the_editor_is_sound_with_every_panel_open(order, look_at, look):
    size, scheme = LOOKS[look]
    page = order(size=size, scheme=scheme)
    here = page.url

    wrong = {}
    for step in ("", "start", "big") if scheme == "light" else ("big",):
        page.goto(f"{here}?step={step}")
        if found := look_at(page):
            wrong[step] = found
    for link in ("Test run", "Publish"):
        page.locator("#actions").get_by_role("link", name=link).click()
        page.wait_for_selector("dialog[open]")
        if found := look_at(page):
            wrong[link] = found
        page.keyboard.press("Escape")
    assert wrong == {}


def test_a_step_is_found_added_filled_in_and_taken_back(order):
    page = order()
    page.locator("#place-clean .place__add").click()
    page.fill("#adder-search", "log")
    page.locator("#offer-log_message[aria-selected=true]").wait_for()
    page.keyboard.press("Enter")
    expect(page.locator("#card-log_message")).to_have_class(re.compile("card--selected"))
    message = page.locator("#part-inputs-message [role=textbox]")
    message.click()
    page.keyboard.type("Order over ")
    page.locator(".value", has_text="total").first.click()
    expect(page.locator("#card-log_message")).to_contain_text("Order over")
    expect(message.locator(".token")).to_have_text("Normalise › total")
    assert page.locator("textarea[name='inputs.message']").input_value() == (
        "Order over {{ steps.clean.total }}"
    )
    page.reload()
    expect(message.locator(".token")).to_have_text("Normalise › total")
    page.locator("#history [data-do=undo]").click()
    page.locator("#history [data-do=undo]").click()
    expect(page.locator("#card-log_message")).to_have_count(0)


def test_a_workflow_is_built_with_the_keyboard_alone(order):
    page = order()
    page.locator("#card-start .card__main").focus()
    page.keyboard.press("ArrowDown")
    assert focused(page) == "clean"
    page.keyboard.press("+")
    page.keyboard.type("stop")
    page.locator("#offer-stop[aria-selected=true]").wait_for()
    page.keyboard.press("Enter")
    expect(page.locator("#card-stop .card__main")).to_be_focused()
    page.keyboard.press("m")
    expect(page.locator("#say")).to_contain_text("Enter to drop, Escape to cancel")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#say")).to_contain_text("at the end of Yes")
    page.keyboard.press("Enter")
    expect(page.locator("#steps-big-yes #card-stop")).to_be_visible()
    expect(page.locator("#card-stop .card__main")).to_be_focused()
    page.keyboard.press("Control+d")
    expect(page.locator("#steps-big-yes #card-stop_2")).to_be_visible()
    page.keyboard.press("Delete")
    expect(page.locator("#toasts")).to_contain_text("Removed")
    expect(page.locator("#card-stop .card__main")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(page.locator("#card-stop_2")).to_be_visible()


def test_a_card_is_dragged_to_the_nearest_place(order):
    page = order()
    card = page.locator("#card-note").bounding_box()
    place = page.locator("#start-root .place").bounding_box()
    page.mouse.move(card["x"] + 60, card["y"] + 20)
    page.mouse.down()
    page.mouse.move(card["x"] + 80, card["y"] - 40, steps=4)
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2 + 12, steps=8)
    expect(page.locator(".place--near")).to_have_attribute("data-at", "root:")
    page.mouse.up()
    expect(page.locator("#steps-root > .node").first).to_have_attribute("id", "step-note")


def test_conditions_are_built_row_by_row_and_read_back(order):
    page = order()
    page.locator("#card-big .card__main").click()
    page.locator("[name='branches.yes.only_when.rows.0.is']").select_option("at_least")
    readback = page.locator("#readback-branches-yes-only_when")
    expect(readback).to_contain_text("Yes when total is at least 100.")
    page.locator("#part-branches-yes").get_by_text("Add condition").click()
    expect(page.get_by_role("textbox", name="Value 2")).to_be_focused()
    page.locator(".value[data-path='trigger.email']").click()
    page.locator("[name='branches.yes.only_when.rows.1.is']").select_option("is_not_empty")
    expect(readback).to_contain_text("and email is not empty.")
    expect(page.locator("#card-big")).to_contain_text("total is at least 100 and email")


def test_what_is_done_with_a_value_is_chosen_not_written(order):
    page = order()
    page.locator("#card-clean .card__main").click()
    page.locator("#panel .token").click()
    page.locator("#then").get_by_text("Round").click()
    expect(page.locator("#panel .token__done")).to_have_text("2 decimals")
    expect(page.locator("#panel token-field textarea").first).to_have_value(
        "{{ trigger.total | round(2) }}"
    )
    saved(page)


def test_a_test_run_turns_the_steps_green_one_by_one(order):
    page = order()
    page.locator("#actions").get_by_role("link", name="Test run").click()
    page.fill("[name=email]", "mara@example.org")
    page.fill("[name=total]", "184.5")
    page.get_by_role("button", name="Run it").click()
    expect(page.locator("#runbar")).to_contain_text("Succeeded in")
    expect(page.locator("#card-note")).to_have_class(re.compile("card--ok"))
    expect(page.locator("#path-big-otherwise")).to_have_class(re.compile("path--untaken"))
    page.locator("#card-clean .card__main").click()
    expect(page.locator("#panel-run")).to_contain_text("184.5")
    page.get_by_role("link", name="Back to Build").click()
    page.locator("#card-big .card__main").click()
    expect(page.locator("#branches")).to_contain_text("Last run (184.5) would take Yes")


def test_publishing_makes_the_draft_live(order):
    page = order()
    page.locator("#actions").get_by_role("link", name="Publish").click()
    page.fill("#publication [name=note]", "The first")
    page.locator("#publication").get_by_role("button", name="Publish version 1").click()
    expect(page.locator("#workflow-state")).to_have_text("Live v1")
    page.locator("#card-answer .card__main").focus()
    page.keyboard.press("Delete")
    expect(page.locator("#workflow-state")).to_have_text("Live v1 · draft changed")


def test_what_is_typed_is_kept_while_the_server_is_away(order):
    page = order()
    page.locator("#card-note .card__main").click()
    page.locator("#part-inputs-message [role=textbox]").wait_for()
    page.context.set_offline(True)
    page.fill("#step-label", "Typed offline")
    expect(page.locator("#saved")).to_contain_text("Not saved")
    page.complaints.clear()
    page.context.set_offline(False)
    expect(page.locator("#card-note")).to_contain_text("Typed offline")
    saved(page)
    page.complaints.clear()


def test_a_problem_leads_to_the_field_to_blame(order):
    page = order()
    page.locator("#place-answer .place__add").click()
    page.fill("#adder-search", "call an api")
    page.locator("#offer-call_api[aria-selected=true]").wait_for()
    page.keyboard.press("Enter")
    expect(page.locator("#card-call_api")).to_contain_text("“URL” is empty")
    page.locator("#problems button").click()
    page.locator("#problem-list .problem").first.click()
    expect(page.locator("#part-inputs-url [role=textbox]")).to_be_focused()


SCHEDULE = "  schedules:\n    - {{key: nightly, every: 1d, input: {{total: 1, gone: 2}}}}\n"
STARTS = ORDER.replace("steps:\n  - id: clean", SCHEDULE + "steps:\n  - id: clean")


def test_a_problem_of_the_starts_leads_to_its_place(order):
    page = order(STARTS.replace("exposed: true", "exposed: true\n    auth: {{scheme: open}}"))

    def look(words):
        page.locator("#problems button").click()
        page.locator("#problem-list .problem", has_text=words).click()

    look("anyone who knows the URL")
    expect(page.locator("select[name='auth.scheme']")).to_be_focused()
    look("which is no parameter of this workflow")
    expect(page.locator("#schedule-nightly textarea[name=input]")).to_be_focused()


def test_a_problem_without_a_field_leads_to_the_panel_of_its_step(order):
    page = order(
        ORDER.replace("  - id: answer\n", "  - {{id: hear, type: wait_for_call}}\n  - id: answer\n")
    )

    page.locator("#problems button").click()
    page.locator("#problem-list .problem:not([data-field*='.'])").first.click()

    expect(page.locator("#card-hear")).to_have_class(re.compile("card--selected"))
    expect(page.locator("#panel :focus")).to_be_visible()


def test_on_a_phone_the_panel_is_a_sheet_over_the_outline(order):
    page = order(size=PHONE)
    page.locator("#card-note .card__main").click()
    page.locator("#step-form").wait_for()

    sheet = page.locator("#panel").bounding_box()
    assert sheet["width"] == PHONE["width"]
    assert sheet["height"] <= 0.73 * PHONE["height"]
    picker = page.locator("#picker").bounding_box()
    assert picker["height"] < 60, "the list of values waits folded"
    page.locator("#part-inputs-message [role=textbox]").click()
    expect(page.locator("#picker input[type=search]")).to_be_visible()
