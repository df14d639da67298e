"""Commands: what they print, what they refuse, and that they start at once."""

import contextvars
import io
import json
import logging
import resource
import sqlite3
import subprocess
from collections import namedtuple

import pytest

from blueprints.cli import main
from tests.openbuild import Openbuild

Told = namedtuple("Told", "returncode stdout stderr")
PASSWORD = "correct horse battery staple"
COMMAND_CPU_SECONDS = 1.5  # a second of a quiet machine; other tests run beside


class Terminal:
    """Gives commands in this process, on the test's own data folder."""

    def __init__(self, capsys, monkeypatch):
        self.capsys = capsys
        self.monkeypatch = monkeypatch

    def run(self, *words, given=""):
        self.monkeypatch.setattr("sys.stdin", io.StringIO(given))
        self.capsys.readouterr()
        code = contextvars.Context().run(self.give, words)
        return Told(code, *self.capsys.readouterr())

    def give(self, words):
        try:
            return main(list(words))
        except SystemExit as leaving:
            return leaving.code


@pytest.fixture
def terminal(settings, capsys, monkeypatch):
    handlers, level = logging.root.handlers, logging.root.level
    yield Terminal(capsys, monkeypatch)
    logging.root.handlers = handlers
    logging.root.setLevel(level)


@pytest.fixture
def home(terminal):
    """A terminal on a data folder with its owner."""
    told = create(terminal, "ana@example.org", "owner")
    assert told.returncode == 0, told.stderr
    return terminal


def create(openbuild, email, role, *words, password=PASSWORD):
    about = ("--email", email, "--role", role, "--password-stdin")
    return openbuild.run("users", "create", *about, *words, given=password)


def listed(openbuild, *words):
    told = openbuild.run(*words, "list", "--json")
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def test_the_first_command_makes_the_database(openbuild):
    assert listed(openbuild, "runs") == []


@pytest.mark.parametrize("words", [("users", "create", "--help"), ("runs", "list", "--json")])
def test_a_command_starts_at_once(openbuild, words):
    openbuild.run("runs", "list")  # which makes the database
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = subprocess.run(
        openbuild.command(*words), env=openbuild.environment(), stdout=subprocess.DEVNULL
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert told.returncode == 0
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert used < COMMAND_CPU_SECONDS


def test_a_password_that_is_too_weak_is_refused_in_words(home):
    told = create(home, "max@example.org", "editor", password="short")

    assert told.returncode == 1
    assert told.stderr.strip()
    assert "Traceback" not in told.stderr


def test_nobody_exists_twice(home):
    told = create(home, "ana@example.org", "editor")

    assert told.returncode == 1
    assert "exists already" in told.stderr


def test_nothing_asks_when_there_is_no_terminal(home):
    told = home.run("users", "create", "--email", "zoe@example.org")

    assert told.returncode == 1
    assert "--password-stdin" in told.stderr


def test_a_person_gets_a_new_password_and_is_kept_out(home):
    create(home, "leo@example.org", "viewer", "--name", "Leo Lind")
    about = ("--email", "leo@example.org")

    changed = home.run(
        "users", "set-password", *about, "--password-stdin", given="another long password"
    )
    disabled = home.run("users", "disable", *about)

    assert (changed.returncode, disabled.returncode) == (0, 0)
    leo = next(user for user in listed(home, "users") if user["email"] == "leo@example.org")
    assert (leo["name"], leo["role"]) == ("Leo Lind", "viewer")
    assert leo["disabled_at"]


def test_an_unknown_person_is_named(home):
    told = home.run("users", "disable", "--email", "nobody@example.org")

    assert (told.returncode, told.stderr) == (1, "Nobody here has the email nobody@example.org.\n")


def test_a_key_is_printed_once_and_alone(home):
    made = home.run("tokens", "create", "--name", "Shop", "--scope", "run:orders")

    key = made.stdout.strip()
    assert made.stdout == key + "\n"
    assert key.startswith("ob_")
    (shown,) = listed(home, "tokens")
    assert (shown["name"], shown["scopes"]) == ("Shop", ["run:orders"])
    assert key not in json.dumps(shown)

    revoked = home.run("tokens", "revoke", key)
    assert revoked.returncode == 0
    assert listed(home, "tokens") == []


def test_a_key_that_cannot_be_is_refused(home):
    scope = home.run("tokens", "create", "--name", "Shop", "--scope", "everything")
    expiry = home.run("tokens", "create", "--name", "Shop", "--expires", "soon")

    assert scope.returncode == 1
    assert "everything" in scope.stderr
    assert expiry.returncode == 2
    assert "90d" in expiry.stderr or "30d" in expiry.stderr


def test_a_connection_keeps_its_secret_to_itself(home):
    about = ("connections", "set", "crm", "--type", "http_api")
    field = ("--field", "base_url=https://crm.example.com", "--field", "style=bearer")

    made = home.run(*about, *field, "--secret-stdin", given="s3cr3t-value")
    changed = home.run(*about, "--label", "Our CRM")

    assert (made.returncode, changed.returncode) == (0, 0), made.stderr + changed.stderr
    told = home.run("connections", "list", "--json").stdout
    (shown,) = json.loads(told)
    assert (shown["name"], shown["label"], shown["secrets"]) == ("crm", "Our CRM", ["key"])
    assert "s3cr3t" not in told
    assert home.run("connections", "delete", "crm").returncode == 0
    assert listed(home, "connections") == []


def test_a_wrong_connection_is_refused_by_field(home):
    about = ("connections", "set", "crm", "--type", "http_api", "--secret-stdin")

    told = home.run(*about, "--field", "base_url=crm", given="k")

    assert told.returncode == 1
    assert "https://" in told.stderr


@pytest.mark.parametrize("words", [("fly",), ("users",), ("runs", "list", "--state", "asleep")])
def test_wrong_usage_is_exit_code_2(home, words):
    assert home.run(*words).returncode == 2


def test_a_run_that_is_not_there_is_named(home):
    told = home.run("runs", "show", "018f5b1e-0000-7000-8000-000000000001")

    assert told.returncode == 1
    assert "There is no run 018f5b1e" in told.stderr


def test_another_workspace_is_named_when_there_is_none(home):
    told = home.run("runs", "list", "--workspace", "sales")

    assert (told.returncode, told.stderr) == (1, "There is no workspace “sales”.\n")


def test_the_doctor_names_what_is_not_running(home):
    told = home.run("doctor")

    assert told.returncode == 1
    assert "no worker has been heard of" in told.stdout
    assert "keys              ok" in told.stdout


def test_a_setting_that_cannot_be_is_one_sentence(tmp_path):
    told = Openbuild(tmp_path / "var").run("users", "list", OPENBUILD_LOG_LEVEL="loud")

    assert told.returncode == 1
    assert "OPENBUILD_LOG_LEVEL" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.only_sqlite
def test_a_newer_database_is_left_alone(openbuild):
    openbuild.run("users", "list")
    with sqlite3.connect(openbuild.home / "openbuild.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    told = openbuild.run("users", "list")
    up = openbuild.run("up", "--port", str(openbuild.port))

    assert (told.returncode, up.returncode) == (1, 1)
    assert "newer openBuild" in told.stderr
    assert "newer openBuild" in up.stderr
    assert "Traceback" not in up.stderr + told.stderr
