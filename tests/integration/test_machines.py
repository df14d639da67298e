"""One machine of many is cut off in the middle of its work, and comes back."""

import pytest

from tests.chaos import machines

CALLS, CUT_SECONDS = 100, 9


@pytest.mark.postgresql
def test_what_a_cut_off_machine_held_goes_on_elsewhere_and_its_late_writes_are_refused():
    found = machines.measure(CALLS, CUT_SECONDS)

    print(found)
    assert found["accepted"] == CALLS
    assert found["held_when_cut_off"] > 0
    assert found["seconds_until_taken_over"] < machines.TAKEN_OVER_WITHIN
    for name in ("lost", "stuck", "missing", "wrong_key", "miscounted", "late_writes"):
        assert found[name] == 0, found
