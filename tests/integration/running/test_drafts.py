from datetime import timedelta

import pytest

from core import clock
from core.runtime import draft_history, workflows
from core.runtime.workflows import NothingToUndo, RevisionConflict
from core.storage.db import db
from core.storage.workflow import DraftChange
from tests.factories import make_workflow
from tests.unit.engine.machines import step


@pytest.fixture
def workflow(app):
    return make_workflow(step("a", value="first"), is_published=False)


def change(workflow, value, by="Olga", key="inputs.value"):
    operation = {"op": "change_step", "id": "a", "changes": {key: value}}
    return workflows.edit_draft(workflow, workflow.revision, operation, by=by)


def value_of(workflow):
    return workflow.definition.find("a").inputs["value"]


def changes():
    return db.session.scalar(db.select(db.func.count()).select_from(DraftChange))


def test_undo_takes_a_change_back_and_redo_does_it_again(workflow):
    change(workflow, "second")

    workflows.undo(workflow, by="Olga")
    assert value_of(workflow) == "first"
    workflows.redo(workflow, by="Olga")

    assert value_of(workflow) == "second"


def test_typing_into_one_field_is_one_change(workflow):
    for text in ("s", "se", "sec"):
        change(workflow, text)

    workflows.undo(workflow, by="Olga")

    assert value_of(workflow) == "first"
    assert not workflows.can_undo(workflow)


def test_another_field_another_person_and_a_pause_begin_a_change_of_their_own(workflow):
    with clock.freeze(clock.now()) as time:
        change(workflow, "second")
        change(workflow, "third", by="Max")
        change(workflow, "A note", by="Max", key="note")
        change(workflow, "Another", by="Max", key="note")
        time.move(timedelta(seconds=6))
        change(workflow, "A third", by="Max", key="note")

    assert changes() == 4


def test_a_new_change_cuts_off_what_was_taken_back(workflow):
    change(workflow, "second")
    workflows.undo(workflow, by="Olga")

    change(workflow, "third")

    with pytest.raises(NothingToUndo):
        workflows.redo(workflow, by="Olga")


def test_only_the_last_changes_are_kept(workflow, monkeypatch):
    monkeypatch.setattr(draft_history, "KEPT", 3)

    for number in range(6):
        change(workflow, str(number), by=f"person {number}")

    assert changes() == 3


def test_a_stale_change_that_still_fits_is_applied_and_one_that_does_not_is_refused(workflow):
    stale = workflow.revision
    change(workflow, "second")
    note = {"op": "change_step", "id": "a", "changes": {"note": "still fits"}}
    workflows.edit_draft(workflow, stale, note, by="Max")
    gone = {"op": "remove_step", "id": "gone"}

    with pytest.raises(RevisionConflict):
        workflows.edit_draft(workflow, stale, gone, by="Max")

    assert workflow.definition.find("a").note == "still fits"
