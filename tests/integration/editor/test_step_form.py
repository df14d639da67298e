"""The form of a step: every field is saved by itself, and nothing that is typed gets lost."""

import json

from tests.integration.editor.conftest import places


def test_only_the_named_fields_are_read(editor):
    editor.save("note", "inputs.message", {"inputs.message": "hello", "label": "Not meant"})

    step = editor.draft.find("note")
    assert (step.inputs["message"], step.label) == ("hello", "")


def test_a_name_shows_on_the_card_at_once(editor):
    answer = editor.save("note", "label", {"label": "Tell us"})

    assert "Tell us" in answer.text
    assert "#card-note" in places(answer)


def test_rows_keep_numbers_and_yes_or_no(editor):
    rows = {
        "inputs.value.mode": "rows",
        "inputs.value.rows.0.key": "total",
        "inputs.value.rows.0.value": "{{ trigger.total }}",
        "inputs.value.rows.1.key": "count",
        "inputs.value.rows.1.value": "12",
        "inputs.value.rows.2.key": "zip",
        "inputs.value.rows.2.value": "01067",
        "inputs.value.rows.3.key": "vip",
        "inputs.value.rows.3.value": "true",
        "inputs.value.rows.4.key": "",
        "inputs.value.rows.4.value": "left out",
    }
    editor.save("clean", "inputs.value", rows)

    assert editor.draft.find("clean").inputs["value"] == {
        "total": "{{ trigger.total }}",
        "count": 12,
        "zip": "01067",
        "vip": True,
    }


def test_a_new_row_is_drawn_but_not_stored(editor):
    rows = {
        "inputs.value.mode": "rows",
        "inputs.value.rows.0.key": "total",
        "inputs.value.rows.0.value": "1",
    }
    answer = editor.save("clean", "", rows, action="add-row", target="inputs.value")

    assert "inputs.value.rows.1.key" in answer.text
    assert editor.draft.find("clean").inputs["value"] == {"total": 1}


def test_a_row_is_taken_away(editor):
    rows = {
        "inputs.value.mode": "rows",
        "inputs.value.rows.0.key": "a",
        "inputs.value.rows.0.value": "1",
        "inputs.value.rows.1.key": "b",
        "inputs.value.rows.1.value": "2",
    }
    editor.save("clean", "", rows, action="remove-row", target="inputs.value", row="0")

    assert editor.draft.find("clean").inputs["value"] == {"b": 2}


def test_json_may_hold_values_without_quotes(editor):
    text = '{"total": {{ trigger.total }}, "lines": [1, "{{ trigger.email }}"]}'
    editor.save("clean", "inputs.value", {"inputs.value.mode": "text", "inputs.value.text": text})

    assert editor.draft.find("clean").inputs["value"] == {
        "total": "{{ trigger.total }}",
        "lines": [1, "{{ trigger.email }}"],
    }


def test_unfinished_json_stays_in_the_form_and_is_told(editor):
    before = editor.draft.find("clean").inputs
    values = {"inputs.value.mode": "text", "inputs.value.text": '{"total": ', "label": "New"}
    answer = editor.save("clean", "inputs.value label", values)

    assert editor.draft.find("clean").inputs == before
    assert editor.draft.find("clean").label == "New", "the other field is saved"
    assert "this isn’t finished JSON" in answer.text
    assert "#part-inputs-value" not in places(answer), "what was typed must not be drawn over"


def test_a_bad_length_of_time_is_told_beside_its_field(editor):
    answer = editor.save("note", "timeout note", {"timeout": "20 bananas", "note": "ask Kim"})

    assert "is not a length of time" in answer.text
    assert (editor.draft.find("note").timeout, editor.draft.find("note").note) == (None, "ask Kim")


def test_retries_are_the_authors_own_or_the_usual_ones(editor):
    own = {"retry.mode": "own", "retry.attempts": "5", "retry.wait": "2s"}
    editor.save("note", "retry", own)
    assert editor.draft.find("note").retry == {"attempts": 5, "wait": "2s"}
    editor.save("note", "retry", {"retry.mode": "usual"})
    assert editor.draft.find("note").retry is None


def test_a_failure_may_be_passed_over(editor):
    editor.save("note", "on_error", {"on_error": "continue"})

    assert editor.draft.find("note").on_error == "continue"


def test_a_switch_that_is_off_switches_the_step_off(editor):
    editor.save("note", "disabled", {"disabled": "true"})

    assert editor.draft.find("note").disabled


def test_conditions_are_read_back_as_a_sentence(editor):
    rows = {
        "only_when.mode": "any",
        "only_when.rows.0.left": "{{ trigger.total }}",
        "only_when.rows.0.is": "at_least",
        "only_when.rows.0.right": "10",
        "only_when.rows.1.left": "{{ trigger.email }}",
        "only_when.rows.1.is": "is_empty",
        "only_when.rows.1.right": "",
        "only_when.rows.2.left": "{{ trigger.email }}",
        "only_when.rows.2.is": "equals",
        "only_when.rows.2.right": "",
    }
    answer = editor.save("note", "only_when", rows)

    assert editor.draft.find("note").only_when == {
        "any": [
            {"left": "{{ trigger.total }}", "is": "at_least", "right": 10},
            {"left": "{{ trigger.email }}", "is": "is_empty"},
        ]
    }, "the third row isn't finished"
    assert "only if total is at least 10 or email is empty" in answer.text


def test_a_group_of_conditions_is_added_inside(editor):
    rows = {
        "only_when.mode": "all",
        "only_when.rows.0.left": "{{ trigger.total }}",
        "only_when.rows.0.is": "equals",
        "only_when.rows.0.right": "1",
    }
    answer = editor.save("note", "", rows, action="add-group", target="only_when")

    assert editor.draft.find("note").only_when["all"][1] == {"any": []}
    assert "only_when.rows.1.rows.0.left" in answer.text


def test_a_paths_name_and_condition_belong_to_the_path(editor):
    values = {
        "branches.yes.label": "Large",
        "branches.yes.only_when.mode": "expression",
        "branches.yes.only_when.expression": "{{ trigger.total > 5 }}",
    }
    answer = editor.save("big", "branches.yes", values)

    branch = editor.draft.find("big").branch("yes")
    assert (branch.label, branch.only_when) == ("Large", "{{ trigger.total > 5 }}")
    assert places(answer)["#step-big"] == "outerHTML"


def test_a_broken_expression_keeps_the_condition_as_it_was(editor):
    before = editor.draft.find("big").branch("yes").only_when
    values = {
        "branches.yes.label": "Large",
        "branches.yes.only_when.mode": "expression",
        "branches.yes.only_when.expression": "{{ trigger.total > }}",
    }
    answer = editor.save("big", "branches.yes", values)

    branch = editor.draft.find("big").branch("yes")
    assert (branch.label, branch.only_when) == ("Large", before)
    assert "Not saved:" in answer.text


def test_problems_stand_below_their_fields_and_are_counted(editor):
    editor.operate("insert", type="call_api", at="root:")
    answer = editor.save("call_api", "inputs.url", {"inputs.url": ""})

    assert "1 error" in answer.text
    assert places(answer)["#below-inputs-url"] == "outerHTML"
    assert "“URL” is empty" in answer.text


def test_a_step_that_somebody_removed_is_told(editor, editor_of, people):
    editor_of(people.olga).operate("remove", id="note")
    answer = editor.save("note", "label", {"label": "Mine"})

    assert answer.status_code == 409
    assert "no longer there" in answer.text


def test_a_field_that_somebody_made_unfit_keeps_the_form(editor, editor_of, people):
    old = editor.workflow.revision
    editor_of(people.olga).operate("remove_branch", id="big", key="otherwise")
    editor_of(people.olga).operate("undo")
    answer = editor.send("steps/note", {"fields": "label", "label": "Mine"}, revision=old)

    assert answer.status_code == 200
    assert editor.draft.find("note").label == "Mine"
    assert "#flow" in places(answer)


def test_without_a_script_all_fields_are_saved_at_once(editor):
    values = {"label": "Plain", "inputs.message": "hello", "inputs.level": "info", "note": ""}
    answer = editor.send("steps/note", values, htmx=False)

    assert answer.status_code == 303
    step = editor.draft.find("note")
    assert (step.label, step.inputs["message"]) == ("Plain", "hello")


def test_what_changed_is_told_to_the_script(editor):
    answer = editor.save("clean", "", {}, action="as-text", target="inputs.value")

    said = json.loads(answer.headers["HX-Trigger"])["flow:changed"]
    assert (said["redrawn"], said["action"]) == ("inputs.value", "as-text")
    assert 'name="inputs.value.text"' in answer.text
