"""The outbox and the templates in a real browser: wide and on a phone, light and dark."""

import pytest

from tests.browser.conftest import PHONE, WIDE

SEEN = [(WIDE, "light"), (PHONE, "dark")]
HTML = "<h1>Hello {{name}}</h1><script>document.title = 'stolen'</script>"


@pytest.fixture(scope="module")
def written():
    return []


@pytest.fixture
def template(open_page, written):
    """A template with a script in it, and a mail made from it that was kept; made once."""
    if not written:
        written.append(write(open_page))
    return written[0]


def write(open_page):
    page = open_page("/mail-templates/new")
    page.fill("#label", "Order confirmation")
    page.click("#new-template button[type=submit]")
    page.wait_for_selector("#template-form")
    page.fill("#subject", "Order for {{name}}")
    page.fill("#html", HTML)
    page.click("#template-form button[type=submit]")
    page.wait_for_selector("#sample-name")
    address = page.url
    page.click("a:has-text('Send a test')")
    page.select_option("#connection", "")
    page.click("#template-trial button[type=submit]")
    page.wait_for_url("**/outbox/*")
    # Whatever a mail holds, the browser refuses to run it, and says so here.
    page.complaints.clear()
    return address


@pytest.mark.parametrize(("size", "scheme"), SEEN)
def test_mails_can_be_read_by_everybody(open_page, look_at, template, size, scheme):
    for path in ("/outbox", "/outbox?text=nothing", "/mail-templates", "/settings/mail", template):
        page = open_page(path, size=size, scheme=scheme)
        assert look_at(page) == [], path
        page.complaints.clear()


def test_a_mail_is_shown_and_its_scripts_are_not_run(open_page, template):
    page = open_page("/outbox")

    frame = page.frame_locator(".mailhead__frame")
    assert frame.locator("h1").inner_text() == "Hello [name]"
    assert page.title().startswith("Outbox")
    page.click("text=Headers")
    assert page.locator("text=Message-ID").is_visible()
    page.complaints.clear()


def test_on_a_phone_a_mail_is_opened_from_the_list(open_page, template):
    page = open_page("/outbox", size=PHONE)
    assert not page.locator("#mail").is_visible()

    page.click(".mailrow >> nth=0")

    page.wait_for_url("**/outbox/*")
    assert page.locator("#mail").is_visible()
    assert not page.locator("#mail-list").is_visible()
    page.complaints.clear()


def test_searching_renews_the_list_alone(open_page, template):
    page = open_page("/outbox")

    page.fill("input[name=text]", "no such mail")

    page.wait_for_selector("text=No mail with “no such mail” here.")
    assert page.locator("#mail").is_visible()
    page.complaints.clear()
