"""Warnings are accepted one by one when a version is published, and the reasons stay with it."""

import re

import pytest

from core.engine.definition import Definition
from core.runtime import accepted_warnings, workflows, workspaces
from core.runtime.workflows import HasProblems
from core.storage.db import transaction
from core.storage.workflow import Version, Workflow
from tests.conftest import DATABASES
from tests.people import HTMX

REASON = re.compile(r'name="(reason\.[0-9a-f]{24})"')
SILENT = {"op": "change_step", "id": "answer", "changes": {"only_when": "{{ trigger.total > 0 }}"}}
BOTH = pytest.mark.parametrize("database", DATABASES, indirect=True)


@pytest.fixture
def silent(editor):
    """The editor of a workflow whose caller sometimes gets no answer."""
    change(editor, SILENT)
    return editor


def change(editor, operation):
    workflow = editor.workflow
    workflows.edit_draft(workflow, workflow.revision, operation, by="Max")


def dialog_of(editor):
    return editor.client.get(f"{editor.url}/publication", headers=HTMX).text


def publish(editor, **reasons):
    return editor.client.post(f"{editor.url}/publication", data=reasons, headers=HTMX)


def accept_all(editor, reason):
    return publish(editor, **dict.fromkeys(REASON.findall(dialog_of(editor)), reason))


def test_a_warning_asks_for_a_reason_and_nothing_is_published_without(silent):
    dialog = dialog_of(silent)
    answer = publish(silent)

    assert "1 warning to accept" in dialog
    assert "That’s all right, because" in dialog
    assert 'aria-invalid="true"' not in dialog
    assert answer.status_code == 422
    assert "Say why, or mend it." in answer.text
    assert silent.workflow.published is None


def test_a_reason_of_spaces_is_none(silent):
    assert accept_all(silent, "   ").status_code == 422


def test_who_when_and_why_stay_with_the_version(silent, people):
    accept_all(silent, "Nobody waits for it")

    [accepted] = accepted_warnings.of_version(silent.workflow.published).values()
    page = silent.client.get(f"{silent.url}/versions").text
    assert (accepted.reason, accepted.by) == ("Nobody waits for it", people.max.name)
    assert (accepted.step_id, accepted.field) == ("answer", "only_when")
    assert "1 warning accepted" in page
    assert "“Nobody waits for it”" in page
    assert people.max.name in page


def test_an_accepted_warning_is_not_asked_again_while_it_stays_the_same(silent):
    accept_all(silent, "Nobody waits for it")
    change(silent, {"op": "change_step", "id": "clean", "changes": {"label": "Tidy"}})

    dialog = dialog_of(silent)
    assert REASON.findall(dialog) == []
    assert "“Nobody waits for it”" in dialog
    assert publish(silent).status_code == 204

    first, second = (accepted_warnings.of_version(v) for v in Version.of_workflow(silent.id))
    assert first == second, "with the one who accepted it, and when"


def test_an_accepted_warning_comes_back_when_the_problem_changes(silent):
    accept_all(silent, "Nobody waits for it")
    undone = {"op": "change_step", "id": "answer", "changes": {"only_when": None}}
    other = {
        "op": "change_branch",
        "id": "big",
        "key": "yes",
        "changes": {"only_when": "{{ 1>2 }}"},
    }
    change(silent, undone)
    change(silent, other)

    assert len(REASON.findall(dialog_of(silent))) == 1
    accept_all(silent, "For later")
    [kept] = accepted_warnings.of_version(silent.workflow.published).values()
    assert kept.reason == "For later", "the reason of what is gone is gone with it"

    change(silent, SILENT)
    assert len(REASON.findall(dialog_of(silent))) == 1, "what was mended is asked anew"


def test_another_secret_is_another_problem(editor):
    secret = {
        "op": "change_step",
        "id": "clean",
        "changes": {"inputs.value": {"password": "a" * 9}},
    }
    change(editor, secret)
    accept_all(editor, "A test account")
    other = {"op": "change_step", "id": "clean", "changes": {"inputs.value": {"password": "b" * 9}}}
    change(editor, other)

    assert len(REASON.findall(dialog_of(editor))) == 1


def test_reasons_for_what_is_no_problem_are_kept_nowhere(editor):
    publish(editor, **{"reason." + "0" * 24: "Nothing to it", "reason.": "x"})

    assert editor.workflow.published.accepted is None


def test_a_warning_that_comes_meanwhile_is_asked_for(silent):
    given = dict.fromkeys(REASON.findall(dialog_of(silent)), "Nobody waits")
    change(silent, {"op": "change_step", "id": "note", "changes": {"only_when": "{{ 1 > 2 }}"}})

    answer = publish(silent, **given)

    assert answer.status_code == 422
    assert 'value="Nobody waits"' in answer.text, "what was typed stays"
    assert answer.text.count('aria-invalid="true"') == 1


def test_accepted_warnings_are_counted_apart_and_leave_the_cards(silent):
    assert "1 problem" in re.sub(r"<[^>]+>", "", silent.open().text)
    accept_all(silent, "Nobody waits for it")

    page = silent.open().text

    assert 'aria-label="1 accepted warning"' in page
    assert "card__problem" not in page


def test_without_htmx_the_dialog_is_a_page_that_asks_as_well(silent):
    answer = silent.client.post(f"{silent.url}/publication")

    assert answer.status_code == 422
    assert "<!doctype html>" in answer.text.lower()
    assert "Say why, or mend it." in answer.text


@BOTH
def test_reasons_are_kept_by_both_databases(app):
    with transaction():
        room = workspaces.first().id
    steps = [
        {"id": "a", "type": "log_message", "inputs": {"message": "x"}, "only_when": "{{ 1>2 }}"}
    ]
    definition = Definition.from_json({"steps": steps})
    workflow = workflows.create(room, "odd", "Odd", by="Max", definition=definition)

    with pytest.raises(HasProblems) as refused:
        workflows.publish(workflow, by="Max", reasons={})
    [problem] = refused.value.problems
    version = workflows.publish(workflow, by="Max", reasons={problem.key: "Für später – „ja“ 🙂"})
    again = workflows.publish(workflow, by="Olga", reasons={})

    assert problem.code == "never_runs"
    first, second = (accepted_warnings.of_version(each) for each in (version, again))
    assert first == second
    assert first[problem.key].reason == "Für später – „ja“ 🙂"
    assert first[problem.key].by == "Max"


@BOTH
def test_circles_are_found_in_what_is_live(app):
    with transaction():
        room = workspaces.first().id

    def calling(name, called):
        step = {"id": "call", "type": "run_workflow", "inputs": {"workflow": called}}
        definition = Definition.from_json({"steps": [step]})
        return workflows.create(room, name, name, by="Max", definition=definition)

    one, two, three = calling("one", "two"), calling("two", "three"), calling("three", "one")
    workflows.publish(two, by="Max")
    workflows.publish(three, by="Max")

    with pytest.raises(HasProblems) as refused:
        workflows.publish(one, by="Max")

    [problem] = refused.value.problems
    assert problem.code == "endless_circle"
    assert "one → two → three → one" in problem.message
    workflows.set_enabled(Workflow.named(room, "three"), False, by="Max")
    assert [p.code for p in workflows.problems(one)] == [], "what is switched off starts nothing"
