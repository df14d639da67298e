"""A workflow's own settings."""

from core.runtime import workflows

TYPED = {"label": "Orders", "folder": "Sales", "color": "teal", "description": "Ask Kim."}


def save(editor, **values):
    return editor.client.post(f"{editor.url}/settings", data={**TYPED, **values})


def test_names_are_saved_at_once(editor):
    answer = save(editor)

    workflow = editor.workflow
    assert answer.status_code == 303
    assert (workflow.label, workflow.folder, workflow.color) == ("Orders", "Sales", "teal")
    assert "Ask Kim." in editor.client.get(f"{editor.url}/settings").text


def test_what_runs_go_by_becomes_part_of_the_draft(editor):
    save(editor, run_title="{{ trigger.email }}", timeout="5m")

    assert editor.draft.settings == {"run_title": "{{ trigger.email }}", "timeout": "5m"}
    assert workflows.can_undo(editor.workflow)
    save(editor, run_title="", timeout="")
    assert editor.draft.settings == {}


def test_what_cannot_be_is_told_and_nothing_is_lost(editor):
    answer = save(editor, timeout="20 bananas", label="Kept in the form")

    assert answer.status_code == 422
    assert "is not a length of time" in answer.text
    assert 'value="Kept in the form"' in answer.text
    assert editor.workflow.label == "Order intake"


def test_a_workflow_needs_a_name(editor):
    assert save(editor, label=" ").status_code == 422


def test_who_may_only_look_changes_nothing(editor_of, people):
    viewer = editor_of(people.vera)

    assert save(viewer).status_code == 403
    assert "Save" not in viewer.client.get(f"{viewer.url}/settings").text


def test_a_limit_on_runs_becomes_part_of_the_draft(editor):
    save(editor, limit="5", per="{{ trigger.email }}", when_full="skip")

    limit = {"limit": 5, "per": "{{ trigger.email }}", "when_full": "skip"}
    assert editor.draft.settings == {"concurrency": limit}
    page = editor.client.get(f"{editor.url}/settings").text
    assert 'value="skip" selected' in page
    save(editor, limit="", per="", when_full="queue")
    assert editor.draft.settings == {}


def test_what_starts_after_a_failure_and_how_many_steps_there_may_be_is_chosen(editor):
    workflows.create(editor.workflow.workspace_id, "alert-ops", "Alert ops", by="Max")

    save(editor, on_failure="alert-ops", max_steps="500")

    order = {"max_steps": 500, "on_failure": {"workflow": "alert-ops"}}
    assert editor.draft.settings == order
    page = editor.client.get(f"{editor.url}/settings").text
    assert '<option value="alert-ops" selected>Alert ops</option>' in page
    assert f'<option value="{editor.workflow.name}"' not in page
    save(editor, on_failure="", max_steps="")
    assert editor.draft.settings == {}


def test_a_workflow_that_follows_itself_is_shown_as_it_is(editor):
    save(editor, on_failure=editor.workflow.name)

    page = editor.client.get(f"{editor.url}/settings").text
    assert f'<option value="{editor.workflow.name}" selected>' in page
    assert "(not there)" not in page


def test_more_steps_than_there_may_be_are_told_beside_their_field(editor):
    answer = save(editor, max_steps="many")

    assert answer.status_code == 422
    assert 'aria-describedby="max_steps-error"' in answer.text


def test_a_problem_of_a_setting_leads_to_its_field(editor):
    settings = {"run_title": "{{ vars.x }}", "on_failure": {"workflow": "gone"}}
    settings["concurrency"] = {"limit": 1, "per": "{{ vars.x }}"}
    for key, value in settings.items():
        operation = {"op": "change_settings", "changes": {key: value}}
        workflows.edit_draft(editor.workflow, editor.workflow.revision, operation, by="Max")

    page = editor.open().text
    form = editor.client.get(f"{editor.url}/settings").text

    for name in ("run_title", "per", "on_failure"):
        assert f'href="{editor.url}/settings#{name}"' in page
        assert f'id="{name}"' in form
    assert '<option value="gone" selected>gone (not there)</option>' in form


def test_a_limit_that_cannot_be_is_told_beside_its_field(editor):
    for typed in ("none", "0", ""):
        answer = save(editor, limit=typed, per="{{ trigger.email }}")

        assert answer.status_code == 422
        assert 'aria-describedby="limit-error"' in answer.text
    assert "concurrency" not in editor.draft.settings
