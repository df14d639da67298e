import json

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.engine import editing
from core.engine.definition import Definition
from core.engine.differences import differences
from core.engine.errors import DefinitionError
from tests.unit.engine.definitions import a_definition, definitions, operations

some = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def after(*edits):
    definition = a_definition()
    for operation in edits:
        definition, _ = editing.apply(definition, operation)
    return differences(a_definition(), definition)


def test_nothing_differs_from_itself():
    assert after() == ()


def test_new_gone_moved_and_changed_steps_are_told_apart():
    step = {"id": "new", "type": "compose"}

    assert after({"op": "insert_step", "at": "big.yes:mail", "step": step}) == (
        "+ step new (compose) after mail",
    )
    assert after({"op": "remove_step", "id": "mail"}) == ("- step mail",)
    assert after({"op": "move_step", "id": "mail", "at": "root:"}) == (
        "> step mail moved at the start",
    )
    assert after({"op": "move_step", "id": "answer", "at": "root:"}) == (
        "> step answer moved at the start",
    )
    assert after({"op": "change_step", "id": "mail", "changes": {"inputs.message": "x"}}) == (
        "+ step mail.inputs: a group",
    )


def test_paths_starts_and_settings_are_named():
    assert after(
        {"op": "change_branch", "id": "big", "key": "yes", "changes": {"label": "Low"}}
    ) == ("~ path yes of step big.label: High → Low",)
    assert after({"op": "move_branch", "id": "big", "key": "yes", "after": "otherwise"}) == (
        "> paths of step big in another order",
    )
    assert after({"op": "change_triggers", "changes": {"endpoint.method": "GET"}}) == (
        "+ triggers.endpoint: a group",
    )
    assert after({"op": "change_settings", "changes": {"timeout": "5m"}}) == (
        "+ settings.timeout: 5m",
    )


@some
@given(st.data())
def test_only_equal_definitions_have_no_differences(data):
    before = data.draw(definitions())
    try:
        changed, _ = editing.apply(before, data.draw(operations(before)))
    except DefinitionError:
        assume(False)

    assert bool(differences(before, changed)) == (before.to_json() != changed.to_json())
    assert json.dumps(differences(before, changed))


def test_what_the_caller_sends_is_compared_by_name():
    before = {"endpoint": {"parameters": [{"key": "email"}, {"key": "total", "type": "number"}]}}
    after = {"endpoint": {"parameters": [{"key": "total", "type": "text"}, {"key": "phone"}]}}

    lines = differences(Definition(triggers=before), Definition(triggers=after))

    assert lines == (
        "- triggers.endpoint.parameters.email",
        "~ triggers.endpoint.parameters.total.type: number → text",
        "+ triggers.endpoint.parameters.phone: a group",
    )


def test_conditions_are_compared_as_sentences():
    def only_when(right):
        return {"all": [{"left": "{{ trigger.total }}", "is": "greater_than", "right": right}]}

    before, after = (
        Definition.from_json({"steps": [{"id": "a", "type": "stop", "only_when": only_when(n)}]})
        for n in (500, 1000)
    )

    assert differences(before, after) == (
        "~ step a.only_when: trigger › total is more than 500 → trigger › total is more than 1000",
    )
