"""openBuild as its users start it: commands, and a real `up`, on a data folder of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tests import commands
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[1]
SUPERVISOR = "openbuild: supervisor"
START_SECONDS = 40
STOP_SECONDS = 40


class Openbuild:
    """Commands on one data folder, and at most one `up`."""

    def __init__(self, home, database_url=""):
        self.home = home
        self.database_url = database_url
        self.port = free_port()
        self.process = None
        self.log = home.parent / f"{home.name}.log"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self):
        return self.log.read_text() if self.log.exists() else ""

    def environment(self, **more):
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        given = {"OPENBUILD_HOME": str(self.home), "PYTHONPATH": str(ROOT)}
        if self.database_url:
            given["OPENBUILD_DATABASE_URL"] = self.database_url
        given |= more
        return {**kept, **given}

    def command(self, *words):
        return [sys.executable, "-P", "-m", "blueprints.cli", *words]

    def run(self, *words, given="", **environment):
        """A command that ends by itself."""
        return commands.run(words, self.environment(**environment), given, START_SECONDS)

    def up(self, *words, **environment):
        """Start everything; returns when it is ready."""
        said_before = len(self.said)
        self.start("up", "--port", str(self.port), *words, **environment)
        wait_until(lambda: self.has_started(said_before), START_SECONDS)
        wait_until(lambda: self.get("/health/ready")[0] == 200, START_SECONDS)
        return self

    def has_started(self, said_before):
        assert self.process.poll() is None, self.said[said_before:]
        return "is running at" in self.said[said_before:]

    def start(self, *words, **environment):
        """A command that runs until it is told to end."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.command(*words),
                env=self.environment(**environment),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self

    def get(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def processes(self):
        """The living processes of this `up`, by what ps calls them."""
        if self.process is None:
            return {}
        family = {self.process.pid}
        named = {}
        for pid, parent, title in all_processes():
            if pid in family or parent in family:
                family.add(pid)
                # A fork that has no name of its own yet has the supervisor's.
                if pid == self.process.pid or title != SUPERVISOR:
                    named[title] = pid
        return named

    def stop(self, signum=signal.SIGTERM):
        """Ask it to end; the exit code."""
        self.process.send_signal(signum)
        return self.process.wait(STOP_SECONDS)

    def close(self):
        if self.process and self.process.poll() is None:
            self.stop()


def all_processes():
    """(pid, parent, title) of all processes, the unnamed ones left out."""
    told = subprocess.run(["ps", "-wweo", "pid=,ppid=,args="], capture_output=True, text=True)
    for line in told.stdout.splitlines():
        pid, parent, title = line.split(None, 2)
        name = re.match(r"openbuild: [a-z]+( \d+)?|\S*valkey-server", title)
        if name:
            shown = "valkey" if "valkey" in name[0] else name[0]
            yield int(pid), int(parent), shown


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def memory_mb(pids):
    """What these processes use together, shared memory counted once."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return total / 1024


def cpu_seconds(pid):
    """How long a process has kept a processor busy: the same however loaded the machine is."""
    with open(f"/proc/{pid}/stat") as stat_file:
        fields = stat_file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
