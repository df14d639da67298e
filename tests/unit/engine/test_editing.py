import json

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.engine import editing
from core.engine.definition import Branch, Definition, Step
from core.engine.errors import DefinitionError
from core.steps import step_types
from tests.unit.engine.definitions import a_definition, definitions, operations

some = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def without_order(definition):
    """The same, for what has names and no order: settings that come back come last."""
    return json.dumps(definition.to_json(), sort_keys=True)


def written(definition):
    """The definition as JSON text, in which the order of keys counts."""
    return json.dumps(definition.to_json())


@some
@given(st.data())
def test_what_an_operation_did_its_inverse_takes_back(data):
    before = data.draw(definitions())
    operation = data.draw(operations(before))
    try:
        after, inverse = editing.apply(before, operation)
    except DefinitionError:
        assume(False)

    back, _ = editing.apply(after, json.loads(json.dumps(inverse)))

    assert back == before
    assert without_order(back) == without_order(before)


@some
@given(st.data())
def test_an_undone_operation_can_be_done_again_with_the_same_outcome(data):
    before = data.draw(definitions())
    operation = data.draw(operations(before))
    try:
        after, inverse = editing.apply(before, operation)
    except DefinitionError:
        assume(False)
    undone, redo = editing.apply(after, inverse)

    by_inverse, _ = editing.apply(undone, redo)
    by_operation, _ = editing.apply(undone, operation)

    assert by_inverse == after
    assert by_operation == after


@some
@given(st.data())
def test_ids_stay_unique_whatever_is_done(data):
    definition = data.draw(definitions())
    for _ in range(4):
        try:
            definition, _ = editing.apply(definition, data.draw(operations(definition)))
        except DefinitionError:
            continue

    ids = [step.id for step in definition.walk()]

    assert len(ids) == len(set(ids))


@some
@given(st.data())
def test_a_changed_definition_reads_the_same_from_its_json(data):
    definition = data.draw(definitions())
    try:
        after, _ = editing.apply(definition, data.draw(operations(definition)))
    except DefinitionError:
        assume(False)

    assert Definition.from_json(after.to_json()) == after


@pytest.mark.parametrize(
    ("at", "ids"),
    [
        ("root:", ["new", "clean", "big", "mail", "answer"]),
        ("root:clean", ["clean", "new", "big", "mail", "answer"]),
        ("big.yes:", ["clean", "big", "new", "mail", "answer"]),
        ("big.yes:mail", ["clean", "big", "mail", "new", "answer"]),
        ("big.otherwise:", ["clean", "big", "mail", "new", "answer"]),
    ],
)
def test_a_step_is_put_at_a_place(at, ids):
    operation = {"op": "insert_step", "at": at, "step": {"id": "new", "type": "compose"}}

    definition, inverse = editing.apply(a_definition(), operation)

    assert [step.id for step in definition.walk()] == ids
    assert inverse == {"op": "remove_step", "id": "new"}


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ({"op": "paint"}, "not a change that openBuild knows: 'paint'"),
        ({"op": "remove_step"}, "not a change that openBuild knows: 'id'"),
        ({"op": "remove_step", "id": "gone"}, "there is no step called “gone”"),
        (
            {"op": "insert_step", "at": "root:", "step": {"id": "mail", "type": "compose"}},
            "there is a step called “mail” already",
        ),
        (
            {"op": "insert_step", "at": "root:mail", "step": {"id": "new", "type": "compose"}},
            "the step “mail” is no longer there",
        ),
        (
            {"op": "insert_step", "at": "big.maybe:", "step": {"id": "new", "type": "compose"}},
            "step “big” has no path called “maybe”",
        ),
        (
            {"op": "insert_step", "at": "root", "step": {"id": "new", "type": "compose"}},
            "“root” is not a place",
        ),
        (
            {"op": "insert_step", "at": "root:", "step": {"id": "New", "type": "compose"}},
            "begins with a letter",
        ),
        ({"op": "move_step", "id": "big", "at": "big.yes:mail"}, "can't be moved into itself"),
        ({"op": "move_step", "id": "mail", "at": "root:mail"}, "the step “mail” is not there"),
        ({"op": "change_step", "id": "mail", "changes": {"id": "post"}}, "can't be changed"),
        ({"op": "change_step", "id": "mail", "changes": {"type": "stop"}}, "can't be changed"),
        ({"op": "change_step", "id": "mail", "changes": {"disabled": "no"}}, "true or false"),
        ({"op": "change_step", "id": "mail", "changes": {"colour": "red"}}, "unknown key"),
        ({"op": "change_step", "id": "big", "changes": {"branches": []}}, "one by one"),
        ({"op": "change_triggers", "changes": {"endpoint.metod": "GET"}}, "did you mean “method”"),
        ({"op": "change_settings", "changes": {"timeout": "long"}}, "not a length of time"),
        ({"op": "rename_step", "id": "mail", "to": "clean"}, "“clean” already"),
        ({"op": "rename_step", "id": "mail", "to": "No good"}, "small letters"),
        ({"op": "add_branch", "id": "big", "branch": {"key": "yes"}}, "“yes” already"),
        (
            {"op": "add_branch", "id": "big", "branch": {"key": "maybe"}, "after": "gone"},
            "the path “gone” is no longer there",
        ),
        (
            {"op": "change_branch", "id": "big", "key": "yes", "changes": {"key": "otherwise"}},
            "“otherwise” already",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(operation, reason):
    with pytest.raises(DefinitionError) as refusal:
        editing.apply(a_definition(), operation)

    assert reason in str(refusal.value)


def test_a_copy_stands_behind_its_original_and_reads_itself():
    inner = Step("row", "compose", {"value": "{{ steps.loop.count + steps.clean.total }}"})
    last = Step("log", "log_message", {"message": "{{ steps['row'] }} of {{ loops.loop.item }}"})
    loop = Step("loop", "for_each", branches=(Branch("body", steps=(inner, last)),))
    definition = Definition(steps=(Step("clean", "compose"), loop))

    after, _ = editing.apply(definition, {"op": "duplicate_step", "id": "loop"})

    copy = after.steps[2]
    copied_inner, copied_last = copy.branches[0].steps
    assert (copy.id, copied_inner.id, copied_last.id) == ("loop_2", "row_2", "log_2")
    assert copied_inner.inputs["value"] == "{{ steps.loop_2.count + steps.clean.total }}"
    assert copied_last.inputs["message"] == "{{ steps['row_2'] }} of {{ loops.loop_2.item }}"
    assert after.steps[1] == loop


def test_a_copy_of_a_copy_counts_on():
    definition = Definition(steps=(Step("mail", "log_message"),))
    for step_id in ("mail", "mail_2", "mail_2"):
        definition, _ = editing.apply(definition, {"op": "duplicate_step", "id": step_id})

    assert sorted(definition.step_ids()) == ["mail", "mail_2", "mail_3", "mail_4"]


def test_a_renamed_step_is_read_by_its_new_name_everywhere():
    triggers = {"endpoint": {"duplicates": {"key": "{{ steps.a }}"}}}
    reader = Step("b", "compose", {"value": ["{{ steps.a.x | default('steps.a') }} steps.a"]})
    definition = Definition(
        triggers, {"run_title": "{{ steps.a }}"}, (Step("a", "compose"), reader)
    )

    renamed, _ = editing.apply(definition, {"op": "rename_step", "id": "a", "to": "first"})

    value = renamed.find("b").inputs["value"]
    assert value == ["{{ steps.first.x | default('steps.a') }} steps.a"]
    assert renamed.settings == {"run_title": "{{ steps.first }}"}
    assert renamed.triggers == {"endpoint": {"duplicates": {"key": "{{ steps.first }}"}}}


def test_a_step_cannot_take_a_name_that_a_broken_reference_waits_for():
    definition = Definition(
        steps=(Step("a", "compose"), Step("b", "compose", {"value": "{{ steps.c }}"}))
    )

    with pytest.raises(DefinitionError, match="something still reads a step called “c”"):
        editing.apply(definition, {"op": "rename_step", "id": "a", "to": "c"})


def test_a_change_reaches_deep_and_null_takes_away():
    step = Step("call", "call_api", {"body": {"a": 1, "b": [1, {"c": 2}]}}, label="Call")
    changes = {"inputs.body.b.1.c": 3, "inputs.body.a": None, "label": None, "timeout": "5s"}

    after, inverse = editing.apply(
        Definition(steps=(step,)), {"op": "change_step", "id": "call", "changes": changes}
    )

    changed = after.find("call")
    assert changed.inputs == {"body": {"b": [1, {"c": 3}]}}
    assert (changed.label, changed.timeout) == ("", "5s")
    assert next(iter(inverse["changes"])) == "timeout"


def test_a_new_step_brings_its_defaults_and_its_paths():
    types = step_types()

    loop = editing.new_step(types["for_each"], {"for_each"})

    assert (loop.id, loop.type) == ("for_each_2", "for_each")
    assert loop.inputs == types["for_each"].defaults
    assert [branch.key for branch in loop.branches] == ["body"]


def test_a_free_id_is_never_too_long():
    wished = "a" * 60

    first = editing.free_id(wished, ())
    second = editing.free_id(wished, {first})

    assert (len(first), len(second)) == (40, 40)
    assert second.endswith("_2")
