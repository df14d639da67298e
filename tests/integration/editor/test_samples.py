"""What the last good run has shown is held against the draft, without its values."""

from core.engine.definition import Definition
from core.runtime import runs, samples, workflows, workspaces
from core.storage.db import transaction

KEEP = {"id": "keep", "type": "store_value", "inputs": {"key": "last", "value": {"sum": 12}}}


def reading(text):
    note = {"id": "note", "type": "log_message", "inputs": {"message": text}}
    return Definition.from_json({"steps": [KEEP, note]})


def test_a_name_that_the_last_run_nearly_had_is_a_doubt(app, work):
    with transaction():
        room = workspaces.first().id
    definition = reading("{{ steps.keep.value.summ }} {{ steps.keep.value.other }}")
    workflow = workflows.create(room, "sums", "Sums", by="Max", definition=definition)
    assert workflows.problems(workflow) == ()

    workflows.publish(workflow, by="Max")
    runs.start_by_hand(workflow, {}, by="Max")
    work()

    [problem] = workflows.problems(workflow)
    assert (problem.code, problem.severity) == ("unknown_key", "warning")
    assert "in the last run there was no “summ” in “value”; did you mean “sum”?" in problem.message


def test_a_step_that_changed_since_is_not_compared(app, work):
    with transaction():
        room = workspaces.first().id
    definition = reading("{{ steps.keep.value.sum }}")
    workflow = workflows.create(room, "sums", "Sums", by="Max", definition=definition)
    workflows.publish(workflow, by="Max")
    runs.start_by_hand(workflow, {}, by="Max")
    work()

    change = {"op": "change_step", "id": "keep", "changes": {"inputs.value": {"total": 1}}}
    workflow = workflows.edit_draft(workflow, workflow.revision, change, by="Max")

    assert "keep" not in samples.of_workflow(workflow, workflow.definition)
