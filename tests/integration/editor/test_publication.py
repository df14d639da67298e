"""Publishing, and the versions that stay."""

from core.storage.workflow import Version
from tests.people import HTMX


def publish(editor, note=""):
    return editor.client.post(f"{editor.url}/publication", data={"note": note})


def test_publishing_freezes_the_draft_with_a_note(editor):
    answer = publish(editor, "First")

    version = editor.workflow.published
    assert answer.status_code == 303
    assert (version.number, version.note, version.definition) == (1, "First", editor.draft)


def test_the_dialog_says_what_changes_for_the_live_version(editor):
    publish(editor)
    editor.operate("insert", type="stop", at="big.yes:note")
    editor.operate("remove", id="answer")
    editor.save("note", "inputs.message", {"inputs.message": "other"})
    editor.operate("move", id="clean", at="root:big")
    editor.send("starts", {"fields": "endpoint", "endpoint.method": "PUT"})

    said = editor.client.get(f"{editor.url}/publication", headers=HTMX).text

    for words in ("1 → 2", "<b>Stop here</b>", "in Yes", "<b>Answer the caller</b>", "method"):
        assert words in said
    for how in ("added", "removed", "changed"):
        assert f"change--{how}" in said


def test_problems_stand_in_the_way_and_lead_to_their_fields(editor):
    editor.operate("insert", type="call_api", at="root:")
    dialog = editor.client.get(f"{editor.url}/publication", headers=HTMX).text
    answer = editor.client.post(f"{editor.url}/publication", headers=HTMX)

    assert "1 problem stands in the way" in dialog
    assert 'data-step="call_api" data-field="inputs.url"' in dialog
    assert answer.status_code == 422
    assert editor.workflow.published is None


def test_a_version_is_brought_back_as_the_draft(editor):
    publish(editor)
    editor.operate("remove", id="answer")
    publish(editor)

    editor.client.post(f"{editor.url}/versions/1/draft")

    assert "answer" in editor.draft.step_ids()
    assert editor.workflow.published.number == 2, "the live version stays"
    editor.operate("undo")
    assert "answer" not in editor.draft.step_ids()


def test_versions_are_listed_with_notes_and_what_they_changed(editor):
    publish(editor, "The beginning")
    editor.operate("remove", id="answer")
    publish(editor, "No answer any more")

    page = editor.client.get(f"{editor.url}/versions").text

    assert page.index("No answer any more") < page.index("The beginning")
    assert "change--removed" in page


def test_there_is_no_version_yet(editor):
    assert "No version yet" in editor.client.get(f"{editor.url}/versions").text


def test_who_may_only_look_publishes_nothing(editor_of, people):
    viewer = editor_of(people.vera)

    assert publish(viewer).status_code == 403
    assert Version.of_workflow(viewer.id) == []
