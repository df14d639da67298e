"""Publishing, and the versions that stay."""

import re

import pytest

from core.runtime import workflows
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


def test_a_password_typed_into_a_step_is_told_with_its_field(editor):
    key = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
    editor.operate("insert", type="call_api", at="root:")
    given = {"url": f"https://shop.test/?api_key={key}", "headers": {"X-Key": key}}
    changed = {"op": "change_step", "id": "call_api", "changes": {"inputs": given}}
    workflows.edit_draft(editor.workflow, editor.workflow.revision, changed, by="Max")

    dialog = editor.client.get(f"{editor.url}/publication", headers=HTMX).text

    assert "<b>Call an API › URL</b>" in dialog
    assert "<b>Call an API › Headers › X-Key</b>" in dialog


def test_problems_stand_in_the_way_and_lead_to_their_fields(editor):
    editor.operate("insert", type="call_api", at="root:")
    dialog = editor.client.get(f"{editor.url}/publication", headers=HTMX).text
    answer = editor.client.post(f"{editor.url}/publication", headers=HTMX)

    assert "1 error stands in the way" in dialog
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


def test_what_a_step_was_and_is_stands_side_by_side(editor):
    publish(editor)
    editor.save("note", "inputs.message", {"inputs.message": "very {{ steps.clean.total }}"})
    row = {"left": "{{ steps.clean.total }}", "is": "less_than", "right": 9}
    changes = {"only_when": {"all": [row]}}
    change = {"op": "change_branch", "id": "big", "key": "yes", "changes": changes}
    workflows.edit_draft(editor.workflow, editor.workflow.revision, change, by="Max")

    page = editor.client.get(f"{editor.url}/versions/compare").text

    assert "From version 1 to the draft" in page
    assert cells(page, "Line") == ("big", "very Normalise › total")
    assert cells(page, "path Yes") == (
        "“Yes” when total is more than 100",
        "“Yes” when total is less than 9",
    )


def cells(page, label):
    """What stands before and after in the row of that name."""
    row = page.split(f'<th scope="row">{label}</th>')[1].split("</tr>")[0]
    return tuple(re.sub(r"<[^>]+>", "", cell) for cell in row.split("</td>")[:2])


def test_a_change_that_may_refuse_callers_says_so(editor):
    publish(editor)
    needed = [{"key": "email", "type": "email"}, {"key": "phone"}]
    change = {"op": "change_triggers", "changes": {"endpoint.parameters": needed}}
    workflows.edit_draft(editor.workflow, editor.workflow.revision, change, by="Max")

    assert "may refuse callers" in editor.client.get(f"{editor.url}/publication").text


def test_any_two_versions_are_compared(editor):
    publish(editor)
    editor.operate("remove", id="answer")
    publish(editor)

    page = editor.client.get(f"{editor.url}/versions/compare?before=2&after=1").text
    same = editor.client.get(f"{editor.url}/versions/compare?before=2&after=draft").text

    assert "From version 2 to version 1" in page
    assert "change--added" in page
    assert "They are the same" in same


@pytest.mark.parametrize("chosen", ["3", "0", "x", "9" * 40, ""])
def test_versions_that_are_not_there_are_not_compared(editor, chosen):
    publish(editor)

    assert editor.client.get(f"{editor.url}/versions/compare?before={chosen}").status_code == 404


def test_the_draft_says_on_the_versions_page_what_publishing_would_change(editor):
    publish(editor)
    editor.operate("remove", id="answer")

    page = editor.client.get(f"{editor.url}/versions").text

    assert 'id="version-draft"' in page
    assert "since version 1" in page


def test_there_is_no_version_yet(editor):
    assert "No version yet" in editor.client.get(f"{editor.url}/versions").text


def test_who_may_only_look_publishes_nothing(editor_of, people):
    viewer = editor_of(people.vera)

    assert publish(viewer).status_code == 403
    assert Version.of_workflow(viewer.id) == []
