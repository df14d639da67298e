"""What people see when something went wrong: a page, or a toast when htmx asked."""

import pytest
from sqlalchemy.exc import OperationalError

from core.engine.errors import StateConflict
from core.runtime.passwords import TooBusy
from tests.conftest import DATABASES
from tests.factories import start_run
from tests.people import HTMX


@pytest.fixture
def broken(app):
    """Makes the page of settings raise."""

    def broken(error):
        def view():
            raise error

        app.view_functions["settings.workspace"] = view

    return broken


def test_a_page_that_is_not_there_says_so_and_leads_home(people, client_of):
    answer = client_of(people.max).get("/workflows/42/name")

    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text
    assert "<code" in answer.text and "/workflows/42/name" in answer.text


def test_a_stranger_gets_the_same_page_without_the_rail(client):
    page = client.get("/no/such/page").text

    assert "There is nothing at this address" in page and 'class="rail"' not in page


def test_what_a_role_may_not_do_is_refused_in_words(people, client_of):
    answer = client_of(people.vera).post("/workflows", data={"start": "hand"})

    assert answer.status_code == 403
    assert "You may not do this" in answer.text


def test_under_htmx_a_refusal_is_a_toast(people, client_of):
    answer = client_of(people.vera).post("/workflows", headers=HTMX)

    assert answer.status_code == 403
    assert answer.headers["HX-Retarget"] == "#toasts"
    assert "You may not do this" in answer.text and "<!doctype" not in answer.text


def test_under_htmx_a_session_that_ended_leads_to_the_door(client):
    answer = client.get("/settings", headers=HTMX)

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in"


def test_a_surprise_is_logged_under_the_reference_that_the_page_shows(
    people, client_of, broken, caplog
):
    broken(ZeroDivisionError("secret words"))

    answer = client_of(people.max).get("/settings")

    assert answer.status_code == 500
    assert "Your runs didn" in answer.text and "secret words" not in answer.text
    assert caplog.records[-1].reference in answer.text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StateConflict("run 1 can no longer become running"), 409),
        (TooBusy("Too many people sign in at this moment."), 503),
        (OperationalError("SELECT 1", {}, Exception("gone")), 503),
    ],
)
def test_known_failures_have_their_own_status(people, client_of, broken, error, status):
    broken(error)

    answer = client_of(people.max).get("/settings")

    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_a_page_of_an_old_session_says_what_to_do(people, client_of):
    browser = client_of(people.max)
    browser.environ_base["HTTP_X_CSRF_TOKEN"] = "another"

    answer = browser.post("/workflows", data={"start": "hand"})

    assert answer.status_code == 403
    assert "Load it again" in answer.text


def test_signed_out_pages_keep_their_headers(client):
    headers = client.get("/sign-in").headers

    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("database", DATABASES, indirect=True)
@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/workflows/99999999999999999999999/name", {404}),
        ("/runs/a%00b", {400, 404}),
        ("/runs?text=%00", {200, 400}),
        ("/api/1.1/wf/a%00b", {400, 404}),
        ("/api/1.1/runs/a%00b?ticket=x", {400, 404}),
    ],
)
def test_what_no_database_can_hold_is_a_mistake_of_the_request(people, client_of, path, statuses):
    assert client_of(people.max).get(path).status_code in statuses


@pytest.mark.parametrize("database", DATABASES, indirect=True)
def test_a_form_with_a_null_character_is_no_mistake_of_ours(people, client_of):
    answer = client_of(people.max).post("/workflows", data={"start": "hand", "label": "a\0b"})

    assert answer.status_code in (303, 400)


def test_a_number_that_no_row_can_have_is_no_number(people, client_of):
    run = start_run({"id": "x", "type": "compose", "inputs": {"value": 1}})
    browser, digits = client_of(people.max), "9" * 5000

    answers = [
        browser.get(f"/runs/{run.id}?items=x:{digits}"),
        browser.get(f"/workflows/{run.workflow_id}/build?run={run.id}&turn=x:{digits}"),
        browser.post("/schedules/new", data={"workflow": digits}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 303]
