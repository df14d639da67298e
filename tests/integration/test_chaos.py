import socket
import threading
from types import SimpleNamespace

import pytest

from core.runtime import rescue
from tests.chaos import (
    backlog,
    callers,
    disk,
    figures,
    kills,
    machines,
    poison,
    postgresql,
    schedulers,
)
from tests.conftest import DATABASES

CALLS = {"sqlite": 1000, "postgresql": 250}
EFFECTS = ("broken_rules", "lost", "stuck", "missing", "wrong_key", "miscounted")


ANSWERS = (b"", b'{"run_id"', b'{"run_id": "a"}')  # the first ones of a server that is killed


def check(found, *more, names=EFFECTS):
    print(found)
    broken = {name: found[name] for name in (*names, *more) if found[name]}
    assert not broken, found


@pytest.mark.parametrize("database", DATABASES)
def test_nothing_accepted_is_lost_while_processes_are_killed_each_second(database):
    found = kills.measure(CALLS[database], database)

    check(found)
    assert found["accepted"] == CALLS[database], found
    assert found["kills"] >= 3, found


@pytest.mark.parametrize("database", DATABASES)
def test_what_was_accepted_ends_after_everything_was_killed_at_once(database):
    found = backlog.measure(calls=100, database=database)

    check(found, "nothing_under_way")
    assert found["ended_when_killed"] + found["ended_afterwards"] == 100, found
    assert found["ended_afterwards"] > 0, found


@pytest.mark.postgresql
def test_what_a_cut_off_machine_held_goes_on_elsewhere_and_its_late_writes_are_refused():
    found = machines.measure(calls=100, cut_seconds=9)

    check(found, "late_writes")
    assert found["held_when_cut_off"] > 0
    assert found["seconds_until_taken_over"] < machines.TAKEN_OVER_WITHIN


@pytest.mark.postgresql
def test_while_postgresql_is_away_callers_hear_503_and_nothing_is_lost():
    found = postgresql.measure(times=1, away_seconds=4)

    check(found, "other_answers")
    assert found["refused_with_503"] > 0
    assert found["times_shown"] == 1
    assert found["healed_after_seconds"] < 5


def test_while_the_disk_is_full_callers_hear_503_and_nothing_is_lost():
    if not disk.is_possible():
        pytest.skip("a small disk can only be mounted by root")
    found = disk.measure(times=1, full_seconds=4)

    check(found, "other_answers", "damaged")
    assert found["refused_with_503"] > 0
    assert found["healed_after_seconds"] < 60


@pytest.mark.parametrize("database", DATABASES)
def test_schedulers_that_are_killed_and_frozen_start_each_due_time_once(database):
    found = schedulers.measure(seconds=6, database=database)

    check(found, names=("broken_rules", "stuck", "doubled", "missed", "early"))
    assert found["kills"] > 0
    assert found["fired"] > 0


def test_who_kills_its_worker_once_in_company_and_three_times_alone_is_set_aside():
    found = poison.measure(runs=60, poisonous=3)

    names = ("lost", "stuck", "missing", "wrong_key", "broken_rules", "not_set_aside")
    check(found, names=names)
    assert found["kills"] <= 3 * (1 + rescue.MOST_DEATHS)


def test_a_figure_that_breaks_a_promise_is_named():
    counted = {"lost": 1, "stuck": 0, "kills": 3, "p95_seconds": 2.5}

    assert figures.broken(kills, counted) == {"lost": 0}
    assert figures.broken(SimpleNamespace(AT_MOST={"p95_seconds": 2}), counted) == {
        "lost": 0,
        "p95_seconds": 2,
    }


def test_of_what_is_wrong_the_first_are_named():
    wrong = {"lost": ["d", "b", "c", "a"], "missing": set()}

    assert figures.counted(wrong) == {"lost": 4, "missing": 0, "such_as": {"lost": ["a", "b", "c"]}}
    assert figures.counted({"missing": set()}) == {"missing": 0}


def test_where_a_run_stands_that_has_not_succeeded_is_said_in_a_line():
    ends = {"a": ["running", None, "worker 1:77", None]}

    assert kills.in_words("a", ends) == "a running worker 1:77"
    assert kills.in_words("b", ends) == "b not in the database"


def test_a_caller_who_was_hung_up_on_in_the_middle_of_an_answer_calls_again():
    with socket.create_server(("127.0.0.1", 0)) as server:
        answers = [b"HTTP/1.1 202 A\r\nContent-Length: 15\r\n\r\n" + rest for rest in ANSWERS]
        answering = threading.Thread(target=give, args=(server, answers))
        answering.start()
        web = SimpleNamespace(url="http://{}:{}".format(*server.getsockname()))

        assert callers.call_until_accepted(web, "key", 1) == "a"
        answering.join()


def give(server, answers):
    for answer in answers:
        line, _ = server.accept()
        with line:
            while not line.recv(4096).endswith(b"}"):
                pass  # what is left unread would reset the connection under the answer
            line.sendall(answer)
