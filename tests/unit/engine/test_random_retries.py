"""Workflows of any shape fail somewhere and are taken up again: as if nothing had failed."""

from collections import Counter

import orjson
from hypothesis import HealthCheck, Phase, given, settings

from core.engine import entries
from core.engine.errors import StepFailed
from core.engine.outcomes import Done
from core.engine.reopening import reopening, way_to
from tests.unit.engine.machines import Bench, World
from tests.unit.engine.random_workflows import Author, may_take_only_so_long, workflows
from tests.unit.engine.test_random_workflows import outcome

MOST_FAILURES = 8  # of one workflow


class Builder(Author):
    """Leaves out what happens because of a failure, and happens again after a retry."""

    def guard(self, place):
        drawn = super().guard(place)
        kept = [branch for branch in drawn["branches"] if branch["key"] != "finally"]
        return drawn | {"branches": kept}

    def stop(self, place):
        return self.compose(place)

    def parallel(self, place):
        return self.stopping(super().parallel(place), "on_branch_error")

    def for_each(self, place):
        return self.stopping(super().for_each(place), "on_item_error")

    def stopping(self, drawn, key):
        """One failure leaves what runs beside it."""
        drawn["inputs"][key] = self.chance.choice(["stop", "stop", "continue"])
        return drawn


class MendedWorld(World):
    """All works but the one step, until it is mended; what is flaky works the third time."""

    failing = ""

    def perform(self, perform):
        self.calls.append(perform.key)
        if perform.path == self.failing:
            return StepFailed("no", retryable=False)
        if perform.step.id.startswith("flaky") and perform.attempt < 3:
            return StepFailed("not yet", retryable=True)
        return Done({"did": perform.path, "attempt": perform.attempt})


def a_bench(steps, failing=""):
    bench = Bench(*steps, world=MendedWorld(), trigger={"n": 7})
    bench.steps, bench.world.failing = steps, failing
    return bench


def take_up(bench, path):
    """As a person does it: the step is mended, and the run goes on from there."""
    bench.world.failing = ""
    plan = reopening(way_to(bench.definition, path.rpartition("/")[2], path)).to_json()
    bench.journal.begin_round(entries.retried(path, 2, plan, "Ana", bench.now))


def check(steps):
    whole = a_bench(steps)
    expected = outcome(whole, whole.run())
    paths = sorted({key.removeprefix("r:") for key in whole.world.calls})
    for path in paths[:: max(1, len(paths) // MOST_FAILURES)]:
        for is_cut in (False, True):
            compare(steps, path, whole, expected, is_cut)


def compare(steps, path, whole, expected, is_cut):
    bench = a_bench(steps, failing=path)
    if (bench.run().error or {}).get("path") != path:
        return  # it was caught
    take_up(bench, path)
    ended = bench.run_through_cuts() if is_cut else bench.run()

    found, about = outcome(bench, ended), (path, is_cut, orjson.dumps(steps).decode())
    same = ("ended", "outputs", "skipped", "turns", "variables", "replies")
    assert {name: found[name] for name in same} == {name: expected[name] for name in same}, about
    if not is_cut:
        assert done(bench, path) == done(whole, path), about


def done(bench, failing):
    """How often each step has worked; one that failed beside the failure has a key of its own."""
    keys = (key.removesuffix(":r2") for key in bench.world.calls)
    return Counter(key for key in keys if key != f"r:{failing}" and "flaky" not in key)


def test_what_failed_and_is_taken_up_again_ends_as_if_nothing_had_failed(pytestconfig):
    @settings(
        max_examples=pytestconfig.getoption("examples"),
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(workflows(Builder))
    def holds(steps):
        if not may_take_only_so_long(steps):
            check(steps)

    holds()
