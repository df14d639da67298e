import re

import pytest

from tests.people import HTMX


def test_the_first_page_shows_the_contents_and_leads_on(people, client_of):
    page = client_of(people.vera).get("/docs").text

    assert "What openBuild is" in page
    assert 'href="/docs/learning/life-of-a-run"' in page
    assert re.search(r'rel="next" href="/docs/first-workflow"', page)
    assert 'rel="prev"' not in page


def test_a_page_lies_between_its_neighbours(people, client_of):
    page = client_of(people.vera).get("/docs/learning/life-of-a-run").text

    assert 'rel="prev" href="/docs/coming-from-bubble-or-n8n"' in page
    assert 'rel="next" href="/docs/learning/calls-and-keys"' in page
    assert 'href="#claim"' in page
    assert 'src="/docs/files/pictures/life-of-a-run.svg"' in page


def test_pictures_are_served_and_nothing_else_of_the_folder(people, client_of):
    vera = client_of(people.vera)
    picture = vera.get("/docs/files/pictures/life-of-a-run.svg")

    assert picture.mimetype == "image/svg+xml"
    for name in ("pictures/take.py", "../app.py", "pictures/none.png", "introduction.md"):
        assert vera.get(f"/docs/files/{name}").status_code == 404, name


def test_a_page_that_is_not_there_is_not_found(people, client_of):
    assert client_of(people.vera).get("/docs/learning/nothing").status_code == 404


def test_words_are_found_in_headings_first(people, client_of):
    page = client_of(people.vera).get("/docs?q=rescue").text

    first = re.search(r'class="docs__found" href="([^"]+)"', page)[1]
    assert first == "/docs/learning/life-of-a-run#rescue"
    assert "<mark>" in page


@pytest.mark.parametrize(
    ("typed", "where"),
    [
        ("daylight saving", "learning/schedules"),
        ("DST", "learning/schedules"),
        ("environment variables", "operating/settings"),
        ("reverse proxy", "operating/deploying"),
        ("SSL", "operating/deploying"),
        ("scale", "operating/scaling"),
        ("migrate", "operating/upgrading"),
        ("key rotation", "operating/upgrading"),
        ("rollback", "operating/upgrading"),
        ("offline", "operating/upgrading"),
        ("plugin", "extending/step"),
        ("permissions", "operating/security"),
        ("human", "learning/people-and-callbacks"),
        ("replay", "learning/bulk"),
    ],
)
def test_what_others_call_otherwise_is_found_too(people, client_of, typed, where):
    found = client_of(people.vera).get("/docs", query_string={"q": typed}).text

    assert f'class="docs__found" href="/docs/{where}' in found


def test_every_word_has_to_be_there(people, client_of):
    page = client_of(people.vera).get("/docs?q=lease+unicorn").text

    assert "Nothing in the documentation has these words" in page


def test_what_is_looked_for_is_text(people, client_of):
    page = client_of(people.vera).get("/docs?q=<b>key</b>").text

    assert "<b>key</b>" not in page


def test_while_one_types_only_the_body_comes(people, client_of):
    body = client_of(people.vera).get("/docs?q=key", headers=HTMX).text

    assert body.lstrip().startswith('<div class="docs__body" id="docs-body">')


def test_strangers_are_led_to_the_door(client):
    assert client.get("/docs").location.startswith("/sign-in")
