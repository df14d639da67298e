from core.triggers import trigger_types


def test_a_start_by_hand_is_always_there_and_needs_no_settings():
    manual = trigger_types()["manual"]

    assert manual.is_in({})
    assert manual.fields == ()
    assert manual.summary({}) == "from this page"
