from tests.bench import bench_outside


def test_the_bench_of_calls_to_others_compares_a_loop_with_threads(monkeypatch):
    monkeypatch.setattr(bench_outside, "CALLS", 3)
    monkeypatch.setattr(bench_outside, "SECONDS", 0.01)
    monkeypatch.setattr(bench_outside, "ROUNDS", 1)

    measured = bench_outside.measure()

    assert [part["name"] for part in measured["parts"]] == [
        "3 calls of 10 ms at once, plain threads",
        "3 calls of 10 ms at once, a loop on SQLite",
        "3 calls of 10 ms at once, a loop on PostgreSQL",
    ]
    assert measured["ratio"] == measured["parts"][1]["ratio"] > 0
