"""Schedules as a person meets them: chosen in words, seen to fire, paused, moved, gone on."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE

FILE = Path(__file__).with_name("schedules.yaml")
RENEW = "document.querySelector('live-part').dispatchEvent(new CustomEvent('renew'))"
LOOKS = {"wide, light": (WIDE, "light"), "phone, dark": (PHONE, "dark")}


@pytest.fixture(scope="module")
def planned(site):
    """The workflow of these tests, published with three schedules."""
    applied = site.run("workflows", "apply", str(FILE), "--publish")
    assert applied.returncode == 0, applied.stderr + applied.stdout


@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_of_schedules_are_sound(open_page, look_at, planned, look):
    size, scheme = LOOKS[look]
    page = open_page("/schedules", size=size, scheme=scheme)
    wrong = {"planned": look_at(page)}

    page.goto("/schedules/waiting")
    wrong["waiting"] = look_at(page)
    page.goto("/schedules/new")
    wrong["new"] = look_at(page)

    assert wrong == {"planned": [], "waiting": [], "new": []}


def test_a_schedule_fires_is_paused_with_all_others_and_goes_on(open_page, planned):
    page = open_page("/schedules")
    row = page.locator("tr", has_text="Every 2 seconds")
    expect(row).to_be_visible()
    for _ in range(20):
        if "Succeeded" in row.inner_text():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(row).to_contain_text("Succeeded")

    page.click("header button:has-text('Pause all')")
    expect(page.locator("#all-paused")).to_contain_text("by Ana Keller")
    page.goto("/workflows")
    page.locator("#all-paused button").click()
    expect(page.locator("#all-paused")).to_have_count(0)


def test_the_pages_of_schedules_renew_themselves_but_for_what_somebody_does(open_page, planned):
    page = open_page("/schedules")
    page.evaluate("window.isSame = true")
    page.locator("#plan-title").evaluate("title => title.textContent = 'Old'")
    expect(page.locator("#plan-title")).to_have_text("Planned", timeout=15_000)
    assert page.evaluate("window.isSame")
    page.click("tr:has-text('Every day at 2:30') .table__link")
    page.click("aside button:has-text('Run now')")
    expect(page.locator("#run-head")).to_contain_text("Waiting")

    page.goto("/schedules/waiting")
    tick = page.locator("#waiting-list tr:has-text('Nightly sync') input[name=run]").first
    count = page.locator("#schedules-nav [aria-current] .tabs__count")
    before = int(count.inner_text())
    tick.focus()
    page.evaluate(RENEW)
    page.wait_for_load_state("networkidle")
    expect(tick).to_be_focused()
    tick.check()
    page.wait_for_timeout(11_000)
    expect(tick).to_be_checked()
    page.click("button:has-text('Cancel the chosen runs')")
    expect(count).to_have_text(str(before - 1))


def test_run_now_then_move_and_cancel_what_waits(open_page, planned):
    page = open_page("/schedules")
    page.click("tr:has-text('Every day at 2:30') .table__link")
    expect(page.locator(".schedview__title")).to_have_text("Every day at 2:30")
    page.click("aside button:has-text('Run now')")
    expect(page.locator("#run-head")).to_contain_text("Waiting")

    page.goto("/schedules/waiting")
    mine = "#waiting-list tr:has-text('Nightly sync')"  # other tests have runs that wait, too
    page.set_viewport_size(PHONE)
    page.click(f"{mine} [aria-label^='Move the time of']")
    page.fill("#at", "2099-01-01T09:00")
    page.click("dialog button:has-text('Move')")
    expect(page.locator(mine)).to_contain_text("2099")
    page.set_viewport_size(WIDE)
    page.check(f"{mine} input[name=run]")
    page.click("button:has-text('Cancel the chosen runs')")
    expect(page.locator(mine)).to_have_count(0)


@pytest.mark.parametrize("look", LOOKS)
def test_times_are_chosen_in_words_and_the_next_five_are_seen(open_page, look_at, look):
    size, scheme = LOOKS[look]
    page = open_page("/schedules/new", size=size, scheme=scheme)
    page.select_option("#schedule-workflow", label="A new workflow")
    page.click("button:has-text('Choose the times')")
    page.wait_for_url("**/workflows/**")  # with its scripts: what is changed before them is unheard
    times = page.locator("#times-weekdays")
    expect(times).to_contain_text("Every weekday at 9:00")
    expect(times.locator(".times__item")).to_have_count(5)

    page.select_option("select[name=kind]", "days")
    expect(times).to_contain_text("Mondays at 9:00")
    page.check("input[name=day_4]")
    page.fill("input[name=time]", "08:15")
    expect(times).to_contain_text("Mondays and Thursdays at 8:15")
    page.select_option("select[name=kind]", "cron")
    page.fill("input[name=text]", "0 0 30 2 *")
    expect(times).to_contain_text("it never comes")
    assert look_at(page) == []
