"""Percentiles of a weighted sample."""

from core.runtime.run_times import Times, times


def test_nothing_measured_has_no_times():
    assert times([]) is None


def test_one_run_is_all_of_them():
    assert times([(40, 1)]) == Times(40, 40, 40)


def test_of_a_hundred_runs_the_slowest_but_one_is_the_99th():
    assert times((ms, 1) for ms in range(1, 101)) == Times(50, 95, 99)


def test_a_run_that_stands_for_many_counts_as_many():
    assert times([(10, 1), (20, 98), (5000, 1)]) == Times(20, 20, 20)
    assert times([(10, 1), (20, 10), (5000, 89)]) == Times(5000, 5000, 5000)
