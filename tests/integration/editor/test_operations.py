"""Changes on the canvas: the smallest pieces that differ, also when two people build."""

import json

import pytest

from core.engine.definition import Definition
from core.runtime import workflows
from tests.integration.editor.conftest import ORDER, places
from tests.people import HTMX

LARGEST_INSERT = 40_000  # bytes, with the panel


def test_an_inserted_step_is_put_behind_its_neighbour(editor):
    answer = editor.operate("insert", type="log_message", at="root:clean")

    assert [step.id for step in editor.draft.steps] == ["clean", "log_message", "big", "answer"]
    assert places(answer)["#step-clean"] == "afterend"
    assert "#flow" not in places(answer)
    assert len(answer.data) <= LARGEST_INSERT


def test_inserting_into_a_large_workflow_sends_little(editor):
    steps = [
        {"id": f"s{number}", "type": "log_message", "inputs": {"message": "{{ trigger.email }}"}}
        for number in range(200)
    ]
    large = Definition.from_json({**ORDER, "steps": steps})
    workflows.replace_draft(editor.workflow, large, by="Max")

    answer = editor.operate("insert", type="call_api", at="root:s150")

    assert len(answer.data) <= LARGEST_INSERT
    assert "143 earlier steps" in answer.text, "the picker brings the far ones when asked"
    values = editor.client.get(f"{editor.url}/steps/call_api/values", headers=HTMX).text
    assert 'data-path="steps.s0.message"' in values


def test_the_new_step_is_selected_and_gets_the_focus(editor):
    answer = editor.operate("insert", type="log_message", at="root:clean")

    said = json.loads(answer.headers["HX-Trigger"])["flow:changed"]
    assert (said["focus"], said["selected"]) == ("log_message", "log_message")
    assert answer.headers["HX-Replace-Url"].endswith("?step=log_message")


def test_a_block_comes_with_its_first_paths(editor):
    editor.operate("insert", type="try", at="root:")

    assert [branch.key for branch in editor.draft.find("try").branches] == [
        "try",
        "catch",
        "finally",
    ]


def test_the_first_step_of_a_path_is_put_behind_its_start(editor):
    answer = editor.operate("insert", type="stop", at="big.otherwise:")

    assert places(answer)["#start-big-otherwise"] == "afterend"


def test_a_moved_step_leaves_one_place_for_another(editor):
    answer = editor.operate("move", id="answer", at="big.yes:note")

    assert [step.id for step in editor.draft.find("big").branch("yes").steps] == ["note", "answer"]
    assert places(answer)["#step-note"] == "afterend"
    assert places(answer)["#step-answer"] == "delete"


def test_a_removed_step_can_be_taken_back_from_its_toast(editor):
    answer = editor.operate("remove", id="answer")
    back = editor.operate("undo")

    assert places(answer)["#step-answer"] == "delete"
    assert 'data-do="undo"' in answer.text
    assert "Removed “Answer the caller”" in answer.text
    assert [step.id for step in editor.draft.steps] == ["clean", "big", "answer"]
    assert places(back)["#flow"] == "outerMorph"


def test_the_focus_goes_to_the_neighbour_of_what_is_removed(editor):
    answer = editor.operate("remove", id="clean")

    assert json.loads(answer.headers["HX-Trigger"])["flow:changed"]["focus"] == "big"


def test_removing_what_others_read_shows_the_problem_at_their_cards(editor):
    answer = editor.operate("remove", id="clean")

    assert "#card-big" in places(answer)


def test_redo_does_again_what_undo_took_back(editor):
    editor.operate("remove", id="answer")
    editor.operate("undo")
    editor.operate("redo")

    assert "answer" not in editor.draft.step_ids()


def test_a_copy_has_its_own_ids(editor):
    editor.operate("duplicate", id="big")

    assert {"big", "big_2", "note", "note_2"} <= editor.draft.step_ids()


def test_a_step_is_switched_off_and_on(editor):
    editor.operate("toggle", id="answer")
    assert editor.draft.find("answer").disabled
    editor.operate("toggle", id="answer")
    assert not editor.draft.find("answer").disabled


def test_a_step_travels_over_the_clipboard(editor):
    text = editor.client.get(f"{editor.url}/steps/big/text").text
    editor.operate("paste", step=text, at="root:answer")

    assert [step.id for step in editor.draft.steps][-1] == "big_2"


def test_what_is_no_step_is_not_pasted(editor):
    answer = editor.operate("paste", step='{"type": 1}', at="root:")

    assert answer.status_code == 422
    assert len(editor.draft.steps) == 3


def test_a_new_path_stands_before_the_one_without_a_condition(editor):
    answer = editor.operate("add_branch", id="big")

    keys = [branch.key for branch in editor.draft.find("big").branches]
    assert keys == ["yes", "path_3", "otherwise"]
    assert places(answer)["#step-big"] == "outerHTML"


def test_paths_are_moved_and_removed(editor):
    editor.operate("add_branch", id="big")
    editor.operate("move_branch", id="big", key="path_3", after="")
    editor.operate("remove_branch", id="big", key="yes")

    keys = [branch.key for branch in editor.draft.find("big").branches]
    assert keys == ["path_3", "otherwise"]


def test_an_older_revision_is_applied_where_it_still_fits(editor, editor_of, people):
    old = editor.workflow.revision
    editor_of(people.olga).operate("insert", type="stop", at="root:answer")

    answer = editor.operate("insert", type="log_message", at="root:", revision=old)

    assert answer.status_code == 200
    assert {"stop", "log_message"} <= editor.draft.step_ids()
    assert "#flow" in places(answer), "the other person's step must show as well"


def test_what_no_longer_fits_is_answered_with_how_it_is_now(editor, editor_of, people):
    old = editor.workflow.revision
    editor_of(people.olga).operate("remove", id="answer")

    answer = editor.operate("insert", type="stop", at="root:answer", revision=old)

    assert answer.status_code == 409
    assert "Olga changed this workflow meanwhile" in answer.text
    assert "#flow" in places(answer)


def test_an_unknown_change_is_refused(editor):
    assert editor.operate("explode", id="answer").status_code == 400
    assert editor.operate("insert", type="nonsense", at="root:").status_code == 422


def test_a_browser_without_htmx_is_led_back_to_the_page(editor):
    answer = editor.operate("insert", type="stop", at="root:", htmx=False)

    assert (answer.status_code, answer.location) == (303, f"{editor.url}/build")


def test_who_may_only_look_changes_nothing(editor_of, people):
    answer = editor_of(people.vera).operate("remove", id="answer")

    assert answer.status_code == 403


@pytest.mark.parametrize("op", ["undo", "redo"])
def test_there_may_be_nothing_to_take_back(editor, op):
    answer = editor.operate(op)

    assert answer.status_code == 200
    assert not workflows.can_undo(editor.workflow)
