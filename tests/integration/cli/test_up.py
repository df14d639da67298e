"""`up`: one command runs everything, keeps it running and ends it in good order."""

import json
import os
import signal
import socket
import stat
from contextlib import suppress
from functools import partial
from subprocess import TimeoutExpired

import pytest

from tests.openbuild import cpu_seconds, memory_mb
from tests.waiting import wait_until

KINDS = {
    "openbuild: supervisor",
    "openbuild: web",
    "openbuild: worker 1",
    "openbuild: worker 2",
    "openbuild: scheduler",
    "valkey",
}
MOST_MEMORY_MB = 180
WARM_START_CPU_SECONDS = 4


def outside_connections(pid):
    """Remote addresses of a process's TCP connections that are not on this machine."""
    links = (os.path.realpath(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd"))
    inodes = {link.rpartition("[")[2][:-1] for link in links if "socket:" in link}
    rows = []
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}") as lines:
            rows += [line.split() for line in lines][1:]
    local = ("0100007F", "0" * 32, "0" * 8, "0" * 24 + "01000000")
    return [row[2] for row in rows if row[9] in inodes and row[2].partition(":")[0] not in local]


def test_everything_runs_under_its_name(shared):
    assert set(shared.processes()) == KINDS


def test_it_says_where_it_is_and_what_to_do_first(shared):
    assert f"openBuild is running at {shared.url}" in shared.said
    assert f"{shared.url}/owner/" in shared.said
    assert "curl " in shared.said
    assert "Stop with Ctrl-C" in shared.said


def test_it_is_alive_and_ready(shared):
    status, live = shared.get("/health/live")
    assert (status, json.loads(live)["status"]) == (200, "ok")

    status, ready = shared.get("/health/ready")
    assert status == 200
    parts = ("database", "queue", "disk", "worker", "scheduler")
    assert json.loads(ready)["status"] == "ok"
    assert json.loads(ready)["checks"] == dict.fromkeys(parts, "ok")
    assert json.loads(ready)["remarks"] == []


def test_what_it_keeps_is_for_its_user_only(shared):
    modes = {
        name: stat.S_IMODE((shared.home / name).stat().st_mode)
        for name in ("keys", "valkey", "run")
    }

    assert modes == {"keys": 0o600, "valkey": 0o700, "run": 0o700}


def test_it_is_small_when_idle(shared):
    assert memory_mb(shared.processes().values()) < MOST_MEMORY_MB


def test_it_opens_no_connection_to_the_outside(shared):
    pids = shared.processes().values()

    assert not [address for pid in pids for address in outside_connections(pid)]


def test_the_supervisor_has_one_thread(shared):
    supervisor = shared.processes()["openbuild: supervisor"]

    assert len(os.listdir(f"/proc/{supervisor}/task")) == 1


def test_a_second_up_says_so_and_harms_nothing(shared):
    before = shared.processes()

    second = shared.run("up", "--port", str(shared.port + 1))

    assert second.returncode == 1
    assert f"already runs in {shared.home}: {shared.url}" in second.stderr
    assert shared.processes() == before
    assert shared.get("/health/ready")[0] == 200


def test_what_is_killed_is_started_again_and_nothing_else_is(openbuild):
    openbuild.up()

    for victim in sorted(KINDS - {"openbuild: supervisor"}):
        before = openbuild.processes()
        os.kill(before[victim], signal.SIGKILL)
        wait_until(partial(is_replaced, openbuild, victim, before[victim]))
        wait_until(lambda: openbuild.get("/health/ready")[0] == 200)
        after = openbuild.processes()
        assert {name for name in KINDS if after[name] != before[name]} == {victim}


def is_replaced(openbuild, name, pid):
    return openbuild.processes().get(name, pid) != pid


def test_callers_wait_while_the_web_process_is_replaced(openbuild):
    openbuild.up()
    web = openbuild.processes()["openbuild: web"]

    os.kill(web, signal.SIGKILL)
    wait_until(lambda: web not in openbuild.processes().values())

    assert openbuild.get("/health/live")[0] == 200


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_good_order(openbuild, signum):
    openbuild.up()
    pids = openbuild.processes().values()

    assert openbuild.stop(signum) == 0

    assert "Stopped." in openbuild.said
    assert "Traceback" not in openbuild.said
    assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]


def test_no_child_outlives_the_supervisor(openbuild):
    openbuild.up()
    started = openbuild.processes()

    def left():
        return [title for title, pid in started.items() if os.path.exists(f"/proc/{pid}")]

    openbuild.process.kill()
    openbuild.process.wait()

    with suppress(AssertionError):
        wait_until(lambda: not left(), 20)
    assert left() == []


def test_it_starts_again_at_once_after_it_was_killed_also_in_a_deep_folder(tmp_path, openbuild):
    openbuild.home = tmp_path / ("deep-" * 20) / ("folder-" * 12) / "var"
    openbuild.up()
    openbuild.process.kill()
    openbuild.process.wait()

    openbuild.up()

    assert set(openbuild.processes()) == KINDS


def test_a_warm_start_is_quick_and_prints_the_curl_line_no_more(openbuild):
    openbuild.up()
    openbuild.stop()
    openbuild.log.write_text("")

    openbuild.up()

    assert cpu_seconds(openbuild.process.pid) < WARM_START_CPU_SECONDS
    assert "curl " not in openbuild.said
    assert "/owner/" in openbuild.said


def test_a_port_in_use_is_one_sentence_with_a_way_out(openbuild):
    with socket.create_server(("127.0.0.1", openbuild.port)):
        told = openbuild.run("up", "--port", str(openbuild.port))

    assert told.returncode == 1
    assert f"Port {openbuild.port} is in use" in told.stderr
    assert "--port" in told.stderr
    assert "Traceback" not in told.stderr


def test_an_address_for_others_needs_one_for_links(openbuild):
    told = openbuild.run("up", "--host", "0.0.0.0")

    assert told.returncode == 1
    assert "OPENBUILD_BASE_URL" in told.stderr


def test_a_database_that_does_not_answer_is_one_sentence(openbuild):
    address = "postgresql://openbuild:hunter2@127.0.0.1:1/openbuild"

    told = openbuild.run("up", "--port", str(openbuild.port), OPENBUILD_DATABASE_URL=address)

    assert told.returncode == 1
    assert "The database doesn't answer" in told.stderr
    assert "Traceback" not in told.stderr
    assert "hunter2" not in told.stdout + told.stderr


def test_it_outlives_its_terminal_when_told_to(openbuild):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what nohup does
    try:
        openbuild.up()
    finally:
        signal.signal(signal.SIGHUP, before)

    openbuild.process.send_signal(signal.SIGHUP)
    with pytest.raises(TimeoutExpired):
        openbuild.process.wait(1)

    assert openbuild.get("/health/ready")[0] == 200
