from types import SimpleNamespace

from blueprints.cli import bench
from tests.bench import bench_million


def test_the_bench_of_many_runs_measures_every_page(monkeypatch):
    monkeypatch.setattr(bench_million, "ROUNDS", 1)
    monkeypatch.setattr(bench_million, "DEEP", 2)

    measured = bench_million.measure(runs=120)

    names = [part["name"] for part in measured["parts"]]
    assert names[:2] == ["list, newest runs", "list, page 2"]
    assert {"text, no hit", "reason approval", "dashboard, month"} < set(names)
    assert all(part["ms_p95"] >= part["ms_p50"] > 0 for part in measured["parts"])


def test_options_reach_only_the_benches_that_have_a_use_for_them():
    options = SimpleNamespace(runs=50, database=None)
    plain = SimpleNamespace(measure=lambda: None)

    assert bench.asked(bench_million, options) == {"runs": 50}
    assert bench.asked(plain, options) == {}
