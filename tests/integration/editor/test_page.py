"""The page of the editor: for those who build, and for those who only look."""

from tests.people import HTMX


def test_the_page_shows_every_step_with_its_name_and_what_it_does(editor):
    page = editor.open()

    assert page.status_code == 200
    for words in ("Normalise", "High value?", "total is more than 100", "POST /order-intake"):
        assert words in page.text


def test_the_panel_alone_is_what_the_page_shows_of_it(editor):
    page = editor.open(step="clean")
    panel = editor.client.get(f"{editor.url}/build?step=clean", headers=HTMX)

    assert panel.text.startswith('<aside class="panel') or "<aside" in panel.text[:200]
    assert {line.strip() for line in panel.text.splitlines()} <= {
        line.strip() for line in page.text.splitlines()
    }


def test_a_step_that_is_gone_selects_nothing(editor):
    assert 'aria-label="Nothing chosen"' in editor.open(step="never_there").text


def test_who_may_only_look_gets_no_way_to_change(editor_of, people):
    page = editor_of(people.vera).open(step="clean")

    for control in ('data-do="add"', 'data-do="undo"', 'id="adder"', "Publish", "Test run</span>"):
        assert control not in page.text
    assert "Only to look at" in page.text


def test_a_stranger_finds_no_workflow(editor_of, people):
    stranger = editor_of(people.zoe)

    assert stranger.open().status_code == 404
    assert stranger.operate("remove", id="answer").status_code == 404


def test_the_picker_offers_what_is_in_scope_there(editor):
    page = editor.open(step="note")

    assert 'data-path="steps.clean.total"' in page.text
    assert 'data-path="trigger.email"' in page.text
    assert 'data-path="steps.answer' not in page.text


def test_an_empty_workflow_says_how_to_begin(editor):
    for step in ("answer", "big", "clean"):
        editor.operate("remove", id=step)

    page = editor.open()

    for words in ("Choose what starts it.", "to add the first step", "nothing is live until"):
        assert words in page.text


def test_the_library_ranks_names_before_help_and_marks_the_match(editor):
    found = editor.client.get(f"{editor.url}/library?q=set", headers=HTMX).text

    assert "<mark>Set</mark> fields" in found
    assert found.index("offer-compose") < found.index("Also fits")


def test_words_of_other_products_find_steps(editor):
    found = editor.client.get(f"{editor.url}/library?q=router", headers=HTMX).text

    assert 'id="offer-branch"' in found


def test_the_workflow_is_renamed_in_place_and_keeps_its_url(editor):
    editor.send("label", {"label": "Orders"})

    assert (editor.workflow.label, editor.workflow.name) == ("Orders", "order-intake")
