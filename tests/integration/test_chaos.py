from tests.chaos import kills

CALLS = 250


def test_nothing_accepted_is_lost_while_processes_are_killed_each_second():
    found = kills.measure(CALLS)

    print(found)
    assert found["accepted"] == CALLS
    assert found["kills"] >= 3
    for name in ("lost", "stuck", "missing", "wrong_key", "miscounted"):
        assert found[name] == 0, found
