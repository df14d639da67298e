"""`web`: one process, and only the doors that it is asked to open."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.openbuild import ROOT, Openbuild
from tests.waiting import wait_until

PUBLIC = "/api/1.1/wf/welcome"
PAGE = "/sign-in"


@pytest.fixture
def openbuild(tmp_path, fresh_database):
    openbuild = Openbuild(tmp_path / "var", fresh_database())
    yield openbuild
    openbuild.close()


def serve(openbuild, *words):
    openbuild.start("web", "--port", str(openbuild.port), *words)
    wait_until(lambda: openbuild.get("/health/live")[0] == 200, 30)


@pytest.mark.parametrize(
    ("only", "has_calls", "has_pages"), [("calls", True, False), ("pages", False, True)]
)
def test_only_the_asked_for_doors_are_open(openbuild, only, has_calls, has_pages):
    serve(openbuild, "--only", only)

    # The workflow isn't there, so that the call is refused in the API's own words.
    assert ("statusCode" in openbuild.get(PUBLIC)[1]) == has_calls
    assert (openbuild.get(PAGE)[0] != 404) == has_pages
    assert openbuild.stop() == 0


def test_it_has_its_name_and_bears_a_slow_stranger(openbuild):
    serve(openbuild)
    with socket.create_connection(("127.0.0.1", openbuild.port)) as slow:
        slow.sendall(b"POST /api/1.1/wf/welcome HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")

        assert openbuild.get("/health/live")[0] == 200
    with open(f"/proc/{openbuild.process.pid}/cmdline") as title:
        assert title.read().startswith("openbuild: web")


HASTY = """
from blueprints.cli.supervision import web_server
web_server.DRAIN_SECONDS = 0.5
from blueprints.cli import main
raise SystemExit(main(["web", "--port", "{port}"]))
"""


def test_a_stranger_who_never_finishes_cannot_keep_it_from_ending(openbuild, monkeypatch):
    hasty = [sys.executable, "-c", HASTY.format(port=openbuild.port)]
    monkeypatch.setattr(openbuild, "command", lambda *words: hasty)
    serve(openbuild)
    with socket.create_connection(("127.0.0.1", openbuild.port)) as slow:
        slow.sendall(b"POST /api/1.1/wf/welcome HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
        wait_until(lambda: openbuild.get("/health/live")[0] == 200, 5)

        assert openbuild.stop(signal.SIGTERM) == 0
    assert "still not complete" in openbuild.said


def test_flask_and_python_know_the_application_too(openbuild):
    environment = {**openbuild.environment(), "PYTHONPATH": ""}
    told = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "routes"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert told.returncode == 0, told.stderr
    assert "/health/ready" in told.stdout
    assert os.path.exists(openbuild.home / "keys")


def test_an_answer_on_a_kept_connection_is_not_held_back(openbuild):
    """Without TCP_NODELAY each waits 40 ms for the caller's system to confirm the first half."""
    serve(openbuild)
    line, took = http.client.HTTPConnection("127.0.0.1", openbuild.port), []
    for _ in range(30):
        began = time.monotonic()
        line.request("GET", "/health/live")
        line.getresponse().read()
        took.append(time.monotonic() - began)
    line.close()

    assert sorted(took)[10] < 0.03


@pytest.mark.parametrize("command", ["up", "web"])
@pytest.mark.parametrize("port", ["0", "99999", "80x"])
def test_a_port_that_cannot_be_is_refused(openbuild, command, port):
    told = openbuild.run(command, "--port", port)

    assert told.returncode == 2
    assert "choose a port from 1 to 65535" in told.stderr


def test_a_port_in_use_has_a_way_out_for_this_command(openbuild):
    with socket.create_server(("127.0.0.1", openbuild.port)):
        told = openbuild.run("web", "--port", str(openbuild.port))

    assert f"Port {openbuild.port} is in use" in told.stderr
    assert "with --port, such as --port " in told.stderr
    assert "./openbuild up" not in told.stderr
