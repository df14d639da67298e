"""Test runs: what they will really do, their input, and how they show on the canvas."""

import re

import pytest

from blueprints.editor.overlays import ShownRun
from core.runtime import runs
from core.storage.db import db
from core.storage.run import Run
from tests.factories import fresh, start_run
from tests.integration.editor.conftest import places
from tests.people import HTMX
from tests.unit.engine.machines import step

INPUT = {"email": "mara@example.org", "total": "184.5"}


def start(editor, **values):
    return editor.client.post(f"{editor.url}/test-run", data=values, headers=HTMX)


def the_run():
    db.session.rollback()
    return db.session.scalars(db.select(Run)).one()


def test_the_draft_runs_with_the_typed_input_and_shows_on_the_canvas(editor, work):
    answer = start(editor, **INPUT)
    work()

    run = the_run()
    db.session.refresh(run)
    assert (run.mode, run.origin, run.state) == ("test", "test", "succeeded")
    assert (run.input["total"], run.input["caller"]["name"]) == (184.5, "Max")
    assert places(answer)["#flow"] == "outerMorph"
    assert f"run={run.id}" in answer.headers["HX-Push-Url"]


def test_bad_input_is_told_beside_its_field_and_starts_nothing(editor):
    answer = start(editor, email="nobody", total="many")

    assert answer.status_code == 422
    assert answer.text.count("field__error") == 2
    assert 'value="nobody"' in answer.text
    assert db.session.scalars(db.select(Run)).all() == []


def test_the_form_begins_with_the_input_of_the_last_run(editor, work):
    start(editor, **INPUT)
    work()

    form = editor.client.get(f"{editor.url}/test-run", headers=HTMX).text

    assert 'value="mara@example.org"' in form
    assert "filled in from the last run" in form


def test_it_says_what_it_will_really_do_before_it_does(editor):
    editor.operate("insert", type="call_api", at="root:")
    editor.save(
        "call_api",
        "inputs.url inputs.method",
        {"inputs.url": "https://{{ trigger.email }}.example.com/orders", "inputs.method": "POST"},
    )
    editor.operate("insert", type="store_value", at="big.yes:note")
    editor.save("store_value", "inputs.key", {"inputs.key": "last order"})

    said = editor.client.post(
        f"{editor.url}/test-run/effects", data={**INPUT, "email": "shop@a.co"}, headers=HTMX
    ).text

    assert "This test really does 2 things" in said
    assert "posts to shop@a.co.example.com" in said
    assert "may store the value last order" in said


def test_a_mail_without_a_mailbox_is_only_kept(editor):
    editor.operate("insert", type="send_email", at="root:")
    editor.save("send_email", "inputs.to", {"inputs.to": "{{ trigger.email }}"})

    said = editor.client.post(f"{editor.url}/test-run/effects", data=INPUT, headers=HTMX).text

    assert "keeps a mail to mara@example.org in the outbox" in said


def test_a_draft_without_effects_says_so(editor):
    form = editor.client.get(f"{editor.url}/test-run", headers=HTMX).text

    assert "Nothing leaves openBuild" in form


def test_progress_is_silent_until_something_happens(editor, work):
    answer = start(editor, **INPUT)
    poll = re.search(r'hx-get="([^"]*progress[^"]*)"', answer.text)[1].replace("&amp;", "&")

    assert editor.client.get(poll, headers=HTMX).status_code == 204
    work()
    after = editor.client.get(poll, headers=HTMX)

    assert "Succeeded in" in after.text
    assert "hx-trigger" not in after.text.split("</section>")[0], "a final run is polled no more"
    assert places(after)["#flow"] == "outerMorph"


def test_the_canvas_shows_how_each_step_went(editor, work):
    start(editor, **INPUT)
    work()
    page = editor.open(run=the_run().id).text

    assert re.search(r'class="card [^"]*card--ok[^"]*" id="card-clean"', page)
    assert re.search(r'class="path path--taken" id="path-big-yes"', page)
    assert re.search(r'class="path path--untaken" id="path-big-otherwise"', page)
    assert "Took Yes" in page
    assert 'data-do="add"' not in page, "nothing is built into a run"


def test_a_step_of_the_run_shows_what_went_in_and_came_out(editor, work):
    start(editor, **INPUT)
    work()
    run, client = the_run(), editor.client
    panel = client.get(f"{editor.url}/build?run={run.id}&step=clean", headers=HTMX).text
    tab = client.get(f"{editor.url}/build?step=clean&tab=test", headers=HTMX).text

    for text in (panel, tab):
        assert "What came out" in text
        assert "184.5" in text


def test_the_readback_says_what_the_last_run_would_do(editor, work):
    start(editor, **INPUT)
    work()

    assert "Last run (184.5) would take Yes" in editor.open(step="big").text


def test_a_run_that_goes_on_is_cancelled_from_its_bar(editor):
    start(editor, **INPUT)
    run = the_run()
    editor.client.post(f"{editor.url}/runs/{run.id}/test-run-cancellation")

    assert the_run().state == "cancelled"


def test_an_undeclared_body_is_json(editor):
    editor.send("starts", {"fields": "parameters"})
    good = start(editor, body='{"name": "Ana"}')
    bad = start(editor, body='{"name": ')

    assert (good.status_code, bad.status_code) == (200, 422)
    assert the_run().input["body"] == {"name": "Ana"}
    assert "This is not JSON" in bad.text


def test_the_turns_of_a_loop_are_looked_at_one_by_one(editor, work):
    editor.operate("insert", type="for_each", at="root:")
    editor.save("for_each", "inputs.list", {"inputs.list": '["a", "b", "c"]'})
    editor.operate("insert", type="compose", at="for_each.body:")
    editor.save(
        "compose", "inputs.value", {"inputs.value.mode": "text", "inputs.value.text": "{{ item }}"}
    )
    run = runs.start_test(editor.workflow, {"total": 1, "email": "a@b.co"}, by="Max")
    work()

    query = f"run={run.id}&step=compose&turn=for_each:1"
    panel = editor.client.get(f"{editor.url}/build?{query}", headers=HTMX).text

    assert "Item 2" in panel
    assert "&#34;b&#34;" in panel


@pytest.fixture
def nested(app, work):
    """A run of a loop in a loop; in turn 2 of the outer one, turn 2 of the inner one failed."""
    odd = "{{ item == 1 and loops.outer.item == 1 }}"
    fails = step("odd", "stop", outcome="fail", message="odd", only_when=odd)
    inner = [fails, step("v", value="{{ item }}")]
    more = {"on_item_error": "continue"}
    within = step("inner", "for_each", {"body": inner}, list=[0, 1, 2], **more)
    last = step("last", value="{{ item }}")
    run = start_run(step("outer", "for_each", {"body": [within, last]}, list=[0, 1, 2, 3], **more))
    work()
    return fresh(run)


@pytest.mark.parametrize(
    ("asked", "outer", "inner"),
    [({}, 1, 1), ({"outer": 3}, 3, 2), ({"outer": 3, "inner": 0}, 3, 0), ({"inner": 0}, 1, 0)],
)
def test_all_cards_in_loops_show_one_turn_of_each(nested, asked, outer, inner):
    shown = ShownRun(nested, asked)
    within = f"outer/{outer}/inner/{inner}"

    assert {id: found.path for id, found in shown.steps.items()} == {
        "outer": "outer",
        "inner": f"outer/{outer}/inner",
        "last": f"outer/{outer}/last",
        "odd": f"{within}/odd",
        "v": f"{within}/v",
    }
    cards = shown.overlay.cards
    assert (cards["outer"].item, cards["inner"].item) == (outer, inner)
