from tests.bench import bench_calls


def test_the_bench_of_calls_compares_with_a_bare_flask_on_the_same_server(monkeypatch):
    monkeypatch.setattr(bench_calls, "ACKNOWLEDGED", 48)
    monkeypatch.setattr(bench_calls, "AWAITED", 6)
    monkeypatch.setattr(bench_calls, "CONNECTIONS", (2,))
    monkeypatch.setattr(bench_calls, "DATABASES", ("SQLite",))

    measured = bench_calls.measure()

    assert [part["name"].partition(": p50")[0] for part in measured["parts"]] == [
        "SQLite: bare, stored and enqueued, 16 at a time",
        "SQLite: acknowledged, 16 at a time",
        "SQLite: bare, answered, 2 at a time",
        "SQLite: awaited, 2 at a time",
    ]
    assert all(part["ratio"] > 0 for part in measured["parts"])
