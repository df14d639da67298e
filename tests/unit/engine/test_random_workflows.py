"""Workflows of any shape run whole, and with the power cut after each write of the journal."""

from collections import Counter

import orjson
from hypothesis import HealthCheck, Phase, given, settings

from tests.unit.engine.machines import Bench, PowerCut
from tests.unit.engine.random_workflows import (
    MoodyWorld,
    may_take_only_so_long,
    runs_side_by_side,
    workflows,
)

MOST_WRITES = 60  # a run with more is cut at some of them


def a_bench(steps):
    bench = Bench(*steps, world=MoodyWorld(), trigger={"n": 7})
    bench.steps = steps
    return bench


def outcome(bench, ended):
    """What a run has come to, without the times at which it failed."""
    history = bench.journal.history()
    parts = {
        "ended": (ended.state, ended.reason, ended.error),
        "outputs": history.outputs,
        "skipped": history.skipped,
        "turns": history.items,
        "variables": history.variables,
        "replies": bench.machine.replies,
        "calls": sorted(set(bench.world.calls)),
    }
    if runs_side_by_side(bench.steps):  # then no order of answers is promised
        parts["replies"] = sorted(parts["replies"], key=orjson.dumps)
    return {name: timeless(part) for name, part in parts.items()}


def timeless(value):
    if isinstance(value, dict):
        return {key: timeless(inner) for key, inner in value.items() if key != "at"}
    return [timeless(inner) for inner in value] if isinstance(value, list | tuple) else value


def run_with_a_cut_after(writes, steps):
    """Cut the power once, restore, and go on to the end."""
    bench = a_bench(steps)
    bench.journal.cut_after = writes
    try:
        ended = bench.run()
    except PowerCut:
        bench.journal.cut_after = None
        ended = bench.run()
    return bench, ended


def check(steps):
    whole = a_bench(steps)
    expected = outcome(whole, whole.run())
    writes = whole.journal.writes
    for cut in range(0, writes, max(1, writes // MOST_WRITES)):
        bench, ended = run_with_a_cut_after(cut, steps)
        assert outcome(bench, ended) == expected, (
            f"cut after {cut} of {writes} writes: {orjson.dumps(steps).decode()}"
        )
        assert_hardly_repeated(bench, whole)
    if may_take_only_so_long(steps):
        return  # each of many lives takes a second
    often = a_bench(steps)
    assert outcome(often, often.run_through_cuts()) == expected, steps


def assert_hardly_repeated(bench, whole):
    """One cut repeats what was under way, once and under its key; all else is not done again."""
    more = Counter(bench.world.calls) - Counter(whole.world.calls)
    assert set(more.values()) <= {1}


def test_workflows_of_any_shape_end_the_same_wherever_the_power_is_cut(pytestconfig):
    examples = pytestconfig.getoption("examples")

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),  # shrinking takes minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(workflows())
    def holds(steps):
        check(steps)

    holds()
