"""How views answer: pages, fragments, redirects."""

import pytest
from flask import Flask, get_flashed_messages
from htmx_flask import Htmx
from jinja2 import DictLoader

from blueprints import hypermedia
from tests.people import HTMX

TEMPLATES = {
    "page.html": "<!doctype html><main>{% include '_a.html' %}{% include '_b.html' %}</main>",
    "_a.html": '<p id="a">{{ word }}</p>',
    "_b.html": '{# needs: word #}\n<ul class="x" id="b"><li>{{ word }}</li></ul>',
    "_nameless.html": "<p>{{ word }}</p>",
    hypermedia.TOAST: "<i>{{ message }}</i>",
}


@pytest.fixture
def app():
    app = Flask(__name__)
    app.secret_key = "only for this test"
    app.jinja_loader = DictLoader(TEMPLATES)
    Htmx(app)
    return app


def text_of(answer):
    return answer.get_data(as_text=True)


def test_a_browser_gets_the_page(app):
    with app.test_request_context():
        answer = hypermedia.render("page.html", "_a.html", word="hi")

    assert text_of(answer).startswith("<!doctype html>")
    assert "HX-Request" in answer.vary


def test_htmx_gets_the_first_partial_bare_and_the_others_addressed(app):
    with app.test_request_context(headers=HTMX):
        answer = hypermedia.render("page.html", "_a.html", "_b.html", word="hi")

    first, _, second = text_of(answer).partition("\n")
    assert first == '<p id="a">hi</p>'
    assert second.startswith('<hx-partial hx-target="#b" hx-swap="outerHTML">')


@pytest.mark.parametrize("header", [{"HX-Boosted": "true"}, {"HX-History-Restore-Request": "true"}])
def test_boosted_and_history_requests_get_the_page(app, header):
    with app.test_request_context(headers={**HTMX, **header}):
        assert "<!doctype" in text_of(hypermedia.render("page.html", "_a.html", word="hi"))


def test_a_request_for_the_whole_body_gets_the_page(app):
    with app.test_request_context(headers={**HTMX, "HX-Request-Type": "full"}):
        assert "<!doctype" in text_of(hypermedia.render("page.html", "_a.html", word="hi"))


def test_a_partial_without_an_id_cannot_be_addressed(app):
    with app.test_request_context(headers=HTMX), pytest.raises(ValueError, match="needs an id"):
        hypermedia.join("_a.html", "_nameless.html", word="hi")


def test_a_change_answers_with_its_partials_and_a_toast(app):
    with app.test_request_context(headers=HTMX):
        answer = hypermedia.render_change("_a.html", otherwise="/", toast="<b>Done</b>", word="hi")

    assert '<p id="a">hi</p>' in text_of(answer)
    assert '<hx-partial hx-target="#toasts" hx-swap="beforeend">' in text_of(answer)
    assert "<b>" not in text_of(answer)


def test_without_htmx_a_change_redirects_and_keeps_its_words(app):
    with app.test_request_context():
        answer = hypermedia.render_change("_a.html", otherwise="/there", toast="Done", word="hi")

        assert (answer.status_code, answer.location) == (303, "/there")
        assert get_flashed_messages() == ["Done"]


@pytest.mark.parametrize(("failed", "kind"), [(True, "failed"), (False, "done")])
def test_words_that_are_kept_tell_whether_it_failed(app, failed, kind):
    with app.test_request_context():
        hypermedia.go_to("/there", toast="Words", failed=failed)

        assert get_flashed_messages(with_categories=True) == [(kind, "Words")]


def test_htmx_is_led_to_another_page_by_header(app):
    with app.test_request_context(headers=HTMX):
        answer = hypermedia.go_to("/there")

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/there")


def test_a_refused_fragment_becomes_a_toast_and_harms_nothing_else(app):
    with app.test_request_context(headers=HTMX):
        answer = hypermedia.refuse("<b>No</b>", 403)

    assert answer.status_code == 403
    assert answer.headers["HX-Retarget"] == "#toasts"
    assert "<b>" not in text_of(answer)
