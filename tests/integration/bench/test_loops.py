from tests.bench import bench_loops


def test_the_bench_of_loops_measures_each_of_its_parts(monkeypatch):
    monkeypatch.setattr(bench_loops, "IN_ORDER", 3)
    monkeypatch.setattr(bench_loops, "FEW", 4)
    monkeypatch.setattr(bench_loops, "MANY", 20)
    monkeypatch.setattr(bench_loops, "BIG", 100_000)

    measured = bench_loops.measure()

    work = [
        "3 steps in order",
        "a loop over 4 items",
        "a loop over 20 items",
        "100000 bytes through 5 steps",
    ]
    expected = [f"{name}: {each}" for name in ("SQLite", "PostgreSQL") for each in work]
    assert [part["name"] for part in measured["parts"]] == expected
    assert all(part["ratio"] > 0 for part in measured["parts"])
    assert measured["ratio"] == measured["parts"][2]["ratio"]
