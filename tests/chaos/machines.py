"""Cut a worker's machine off in the middle of its runs and let it come back later, then count.

Seven machines: two web, three workers, two schedulers; they share PostgreSQL and Valkey. As root
each is a network namespace with a link of its own, which is pulled; else a process that is frozen.
"""

import itertools
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from core import config_keys
from tests import network
from tests.chaos import kills
from tests.chaos.callers import call_all
from tests.chaos.sink import Sink
from tests.openbuild import Openbuild, free_port
from tests.servers import PostgreSQL, Valkey
from tests.waiting import wait_until

CALLS = 600
CUT_SECONDS = 20
PAUSE = 0.05  # seconds between a caller's calls
SINK_PAUSE = 0.3  # seconds: long enough that runs are under way when the link goes
KINDS = {
    "web1": "web",
    "web2": "web",
    "worker1": "work",
    "worker2": "work",
    "worker3": "work",
    "scheduler1": "schedule",
    "scheduler2": "schedule",
}
VICTIM = "worker1"
TAKEN_OVER_WITHIN = 30  # seconds: a lease of eight, and a busy machine
HELD = "SELECT count(*) FROM run WHERE state = 'running' AND worker_id LIKE 'worker1:%'"


def measure(calls=CALLS, cut_seconds=CUT_SECONDS):
    """Counts by name; `lost`, `stuck`, `missing`, `wrong_key`, `miscounted`, `late_writes` be 0."""
    with tempfile.TemporaryDirectory() as folder:
        if not network.is_possible():
            return experiment(Path(folder), None, calls, cut_seconds)
        with network.Network() as switch:
            return experiment(Path(folder), switch, calls, cut_seconds)


def experiment(folder, switch, calls, cut_seconds):
    listener = switch.listener() if switch else None
    site = Site(folder, switch)
    try:
        with Sink(listener, SINK_PAUSE) as sink:
            return site.count(sink, calls, cut_seconds)
    finally:
        site.close()


class Site:
    """All machines, and what they share."""

    def __init__(self, folder, switch):
        self.folder, self.switch = folder, switch
        self.postgresql, self.valkey = PostgreSQL(switch), Valkey(switch)
        self.postgresql.start()
        self.valkey.start()
        self.postgresql.run("createdb", "-h", self.postgresql.folder, "-U", "openbuild", "machines")
        self.database_url = self.postgresql.url("machines")
        self.home = folder / "var"
        self.processes, self.machines, self.webs = {}, {}, []
        self.turns = itertools.count()

    @property
    def url(self):
        """The next web machine's address."""
        return self.webs[next(self.turns) % len(self.webs)]

    def count(self, sink, calls, cut_seconds):
        key = kills.prepare(Openbuild(self.home, self.database_url), sink)
        for name in KINDS:
            self.start(name, sink)
        wait_until(self.is_up, 60)
        accepted, began = {}, time.monotonic()
        options = {"enter": self.switch.enter if self.switch else lambda: None, "pause": PAUSE}
        calling = threading.Thread(
            target=call_all, args=(self, key, calls), kwargs=options | {"accepted": accepted}
        )
        calling.start()
        wait_until(lambda: len(accepted) > calls / 5 and self.ask(HELD) > 0, 60)
        held, moved = self.cut_off(cut_seconds)
        calling.join()
        accepting = time.monotonic() - began
        unfinished = kills.drain(self)
        wait_until(lambda: not self.ask(HELD), 20)
        found = {"accepted": len(accepted), "stuck": unfinished}
        found |= kills.judge(self, sink, accepted)
        refused = self.said(VICTIM).count("held by another process")
        late = {"late_writes_refused": refused}
        times = {"seconds_accepting": accepting, "seconds_until_taken_over": moved}
        return found | {"held_when_cut_off": held} | late | times

    def start(self, name, sink):
        words, machine, kind = [], None, KINDS[name]
        if self.switch:
            machine = self.machines[name] = self.switch.add(name)
        if kind == "web":
            host = machine.address if machine else "127.0.0.1"
            port = str(free_port())
            self.webs.append(f"http://{host}:{port}")
            words = ["--host", host, "--port", port]
        command = [sys.executable, "-P", "-m", "blueprints.cli", kind, *words]
        home = self.folder / name
        own = Openbuild(home)
        keys = config_keys.stored(self.home)
        given = own.environment(
            OPENBUILD_DATABASE_URL=self.postgresql.address("machines")
            if machine
            else self.database_url,
            OPENBUILD_REDIS_URL=self.valkey.url,
            OPENBUILD_SECRET_KEY=keys.secret_key,
            OPENBUILD_ENCRYPTION_KEYS=",".join(keys.encryption_keys),
            OPENBUILD_BASE_URL="http://flows.example.com",
            OPENBUILD_ALLOWED_HOSTS_OUT=sink.address,
        )
        with (self.folder / f"{name}.log").open("w") as log:
            self.processes[name] = subprocess.Popen(
                machine.command(*command) if machine else command, env=given, stdout=log, stderr=log
            )

    def is_up(self):
        for name, process in self.processes.items():
            assert process.poll() is None, self.said(name)
        query = "SELECT kind, count(*) FROM process GROUP BY kind"
        found = dict(kills.ask(self, query))
        return found == {"web": 2, "worker": 3, "scheduler": 2}

    def cut_off(self, seconds):
        """Take the victim's link away for so long; what it held, and when others had all of it."""
        held, began = self.ask(HELD), time.monotonic()
        self.pull()
        wait_until(lambda: not self.ask(HELD), 60)
        moved = time.monotonic() - began
        time.sleep(max(0.0, seconds - moved))
        self.put_back()
        return held, moved

    def pull(self):
        if self.switch:
            self.machines[VICTIM].cut_off()
        else:
            self.processes[VICTIM].send_signal(signal.SIGSTOP)

    def put_back(self):
        if self.switch:
            self.machines[VICTIM].join()
        else:
            self.processes[VICTIM].send_signal(signal.SIGCONT)

    def ask(self, query):
        return kills.ask(self, query)[0][0]

    def said(self, name):
        return (self.folder / f"{name}.log").read_text()

    def close(self):
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.valkey.close()
        self.postgresql.close()
