from core.triggers import trigger_types


def test_a_start_by_another_workflow_is_always_there():
    workflow = trigger_types()["workflow"]

    assert workflow.is_in({})
    assert workflow.fields == ()
    assert workflow.summary({}) == "with “Run another workflow”"
