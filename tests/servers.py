"""Real servers for tests: Valkey on a socket, PostgreSQL in a temporary folder."""

import os
import shutil
import signal
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from blueprints.cli.supervision import machine, valkey
from blueprints.cli.supervision.children import end_with_parent
from core import config
from tests.waiting import wait_until

POSTGRES_USER = "postgres"


class Valkey:
    """A Valkey of its own, stopped and started as a test wishes; at a network, if there is one."""

    def __init__(self, network=None):
        self.network = network
        self.folder = Path(tempfile.mkdtemp(prefix="ob-valkey-"))
        self.settings = config.load({"OPENBUILD_HOME": str(self.folder)})
        self.process = None

    @property
    def url(self):
        if self.network:
            return f"redis://{self.network.address}:6379/0"
        return f"unix://{self.settings.valkey_socket}"

    def start(self):
        valkey.prepare(self.settings)
        command = [str(valkey.binary()), *valkey.options(self.settings)]
        if self.network:
            opened = ["--port", "6379", "--bind", self.network.address, "--protected-mode", "no"]
            command = self.network.command(*command, *opened)
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, preexec_fn=partial(end_with_parent, signal.SIGTERM)
        )
        wait_until(lambda: valkey.answers(self.settings.valkey_socket))

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.settings.valkey_socket.unlink(missing_ok=True)

    def close(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder)


class PostgreSQL:
    """A PostgreSQL cluster that forgets everything; root runs it as the user postgres.

    At a network, if there is one; the host itself reaches it by its socket.
    """

    def __init__(self, network=None):
        self.network = network
        self.folder = Path(tempfile.mkdtemp(prefix="ob-pg-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self.data.mkdir()
        if os.getuid() == 0:
            shutil.chown(self.data, POSTGRES_USER, POSTGRES_USER)
            shutil.chown(self.folder, POSTGRES_USER, POSTGRES_USER)

    def start(self, *, is_durable=False):
        self.is_durable = is_durable
        self.run("initdb", "-D", self.data, "-U", "openbuild", "--auth=trust", "-N", "-E", "UTF8")
        if self.network:
            with (self.data / "pg_hba.conf").open("a") as rules:
                rules.write("host all all samenet trust\n")
        self.begin()

    def begin(self):
        """Start the server, for the first time or again."""
        address = self.network.address if self.network else ""
        options = f"-c listen_addresses='{address}' -c unix_socket_directories={self.folder}"
        log = self.folder / "log"
        options += f" -c fsync={'on' if self.is_durable else 'off'} -c max_connections=300"
        self.run("pg_ctl", "-D", self.data, "-w", "-l", log, "-o", options, "start")

    def stop(self):
        """End it as a crash would."""
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def run(self, program, *words):
        user = {"user": POSTGRES_USER, "group": POSTGRES_USER} if os.getuid() == 0 else {}
        command = [machine.postgresql(program), *(str(word) for word in words)]
        if self.network:
            who = [f"--reuid={POSTGRES_USER}", f"--regid={POSTGRES_USER}", "--clear-groups"]
            command, user = self.network.command("setpriv", *who, *command), {}
        told = subprocess.run(
            command, cwd="/tmp", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **user
        )
        assert told.returncode == 0, told.stderr

    def url(self, name="postgres"):
        return f"postgresql://openbuild@/{name}?host={self.folder}"

    def address(self, name="postgres"):
        """The same as machines of the network reach it."""
        return f"postgresql://openbuild@{self.network.address}/{name}"

    def close(self):
        self.stop()
        shutil.rmtree(self.folder)
