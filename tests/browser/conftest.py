"""A running openBuild, real browsers, and what a page may never do in them."""

import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe

from blueprints.cli.supervision import machine
from tests.openbuild import Openbuild
from tests.people import PASSWORD

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
EMAIL = "ana@example.org"
PATIENCE = 20_000  # milliseconds


@pytest.fixture(scope="session")
def browser_type_launch_args():
    """The machine's own Chromium, nothing that was downloaded."""
    return {"executable_path": machine.chromium(), "args": FLAGS}


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """An openBuild that all browser tests of this process share; its owner is Ana."""
    openbuild = Openbuild(tmp_path_factory.mktemp("site") / "var")
    try:
        yield openbuild.up()
    finally:
        openbuild.close()


@pytest.fixture(scope="session")
def owner_link(site):
    return re.search(r"http://\S+/owner/\S+", site.said)[0]


@pytest.fixture(scope="session")
def signed_in(browser, site, owner_link):
    """What a browser remembers once Ana has created the owner."""
    context = browser.new_context(locale="en-GB", timezone_id="Europe/Berlin")
    page = context.new_page()
    page.goto(owner_link)
    page.fill("#name", "Ana Keller")
    page.fill("#workspace", "Lindgren Supply")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("text=Create the owner and start")
    page.wait_for_url(f"{site.url}/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def open_page(browser, site, signed_in):
    """Opens pages as Ana, wide or on a phone, light or dark; fails if one misbehaves."""
    opened = []

    def open_page(path, *, size=WIDE, scheme="light", state=signed_in):
        context = browser.new_context(
            base_url=site.url,
            viewport=size,
            color_scheme=scheme,
            storage_state=state,
            reduced_motion="reduce",
            timezone_id="Europe/Berlin",
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda said: note(page, said))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        opened.append((context, page))
        page.goto(path)
        return page

    yield open_page
    complaints = [complaint for _, page in opened for complaint in page.complaints]
    for context, _ in opened:
        context.close()
    assert complaints == []


def note(page, said):
    # A refused form is an error to the console, not to us.
    if said.type == "error" and "status of 4" not in said.text:
        page.complaints.append(said.text)


@pytest.fixture(scope="session")
def axe():
    return Axe()


@pytest.fixture
def look_at(axe):
    """What is wrong with a page for people who can't see it well, or see it on a phone."""

    def look_at(page):
        settle(page)
        found = axe.run(page).response["violations"]
        wrong = [f"{rule['id']}: {rule['nodes'][0]['html'][:120]}" for rule in found]
        sideways = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return [*wrong, f"scrolls sideways by {sideways} px"] if sideways > 0 else wrong

    return look_at


def settle(page):
    """Wait until nothing is being fetched or moved."""
    deadline = time.monotonic() + 5
    busy = "document.querySelector('.htmx-request') || document.fonts.status !== 'loaded'"
    while page.evaluate(f"Boolean({busy})") and time.monotonic() < deadline:
        page.wait_for_timeout(50)
