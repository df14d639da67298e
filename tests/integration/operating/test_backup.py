"""Backup and restore: whole or not at all, keys only under a passphrase, nothing fired unasked."""

import json
import os
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from app import create_app
from core import clock, config
from core.runtime import backups, connections, duties, holding, leases, runs
from core.runtime.connections import Values
from core.storage import archive, copies, migrate
from core.storage.db import db, transaction
from tests.factories import fresh, make_workflow, start_run, workspace
from tests.openbuild import Openbuild
from tests.waiting import wait_until

PASSPHRASE = "a passphrase of some length"
NAP = {"id": "nap", "type": "wait", "inputs": {"for": "1100ms"}}
NOTE = {"id": "note", "type": "increment_value", "inputs": {"key": "fired"}}


@pytest.fixture
def passphrase(tmp_path):
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    return file


@pytest.fixture
def backup_file(tmp_path):
    return tmp_path / "kept" / "today.zip"


def make_connection():
    values = Values("Stripe", {"sender": "Stripe"}, {"secret": "whsec_test"})
    return connections.create(workspace().id, "stripe", "webhook_secret", values=values, by="Olga")


def value_of(file, query):
    with closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchone()[0]


@pytest.mark.only_sqlite
def test_a_backup_is_restored_elsewhere_with_its_secrets(
    app, command, move_to, backup_file, passphrase
):
    make_connection()
    start_run(NOTE)
    made = command("backup", backup_file, "--passphrase-file", passphrase)
    home = move_to("elsewhere")

    told = command("restore", backup_file, "--passphrase-file", passphrase)

    assert (made.returncode, told.returncode) == (0, 0), made.stderr + told.stderr
    assert "the database and the keys" in made.stdout
    assert "press Start sending" in told.stdout
    assert "don't open" not in told.stdout
    assert value_of(home / "openbuild.db", "SELECT count(*) FROM run") == 1
    assert os.stat(backup_file).st_mode & 0o777 == 0o600
    with create_app().app_context():
        assert connections.secrets_of(1, "stripe") == {"secret": "whsec_test"}
        assert holding.is_on()
        db.session.remove()
        db.engine.dispose()


@pytest.mark.only_sqlite
def test_without_a_passphrase_the_keys_are_left_out_and_both_sides_say_so(
    app, command, move_to, backup_file
):
    make_connection()
    made = command("backup", backup_file)
    move_to("elsewhere")

    told = command("restore", backup_file)

    assert "The keys are not in it" in made.stdout
    assert "don't open the secrets of: stripe" in told.stdout
    with zipfile.ZipFile(backup_file) as packed:
        assert sorted(packed.namelist()) == ["backup.json", "openbuild.db"]


def test_keys_in_a_backup_open_with_the_passphrase_alone(
    app, command, move_to, backup_file, passphrase
):
    command("backup", backup_file, "--passphrase-file", passphrase)
    passphrase.write_text("another passphrase of some length")
    home = move_to("elsewhere")
    key = config.current().encryption_keys[0]

    told = command("restore", backup_file, "--passphrase-file", passphrase)

    assert (told.returncode, told.stdout) == (1, "")
    assert "not the one" in told.stderr
    assert not (home / "openbuild.db").exists()
    assert key in (home / "keys").read_text()


@pytest.mark.only_sqlite
def test_a_restore_without_the_passphrase_says_that_the_keys_are_in_the_backup(
    app, command, move_to, backup_file, passphrase
):
    make_connection()
    command("backup", backup_file, "--passphrase-file", passphrase)
    move_to("elsewhere")

    told = command("restore", backup_file)

    assert "don't open the secrets of: stripe" in told.stdout
    assert "restore it again with --passphrase-file and --replace" in told.stdout


def test_a_passphrase_that_is_not_there_is_named_in_words(app, command, backup_file, tmp_path):
    missing = tmp_path / "no-such-file"

    told = command("backup", backup_file, "--passphrase-file", missing)

    said = f"The passphrase in {missing} can't be read: No such file or directory."
    assert told.stderr.strip() == said


@pytest.mark.only_sqlite
def test_a_short_passphrase_is_refused(app, command, backup_file, passphrase):
    passphrase.write_text("short")

    told = command("backup", backup_file, "--passphrase-file", passphrase)

    assert told.returncode == 1
    assert "at least 12 characters" in told.stderr
    assert not backup_file.exists()


@pytest.mark.only_sqlite
def test_a_backup_never_takes_the_place_of_a_file(app, command, backup_file):
    command("backup", backup_file)
    before = backup_file.read_bytes()

    told = command("backup", backup_file)

    assert told.returncode == 1
    assert "is there already" in told.stderr
    assert backup_file.read_bytes() == before


@pytest.mark.only_sqlite
def test_a_backup_is_taken_while_somebody_writes(app, command, backup_file):
    with transaction() as session:
        session.execute(db.text("UPDATE workspace SET label = 'half'"))
        told = command("backup", backup_file)

    assert told.returncode == 0


@pytest.mark.only_sqlite
def test_a_database_that_is_there_is_only_replaced_when_told_and_set_aside(
    app, command, settings, backup_file
):
    command("backup", backup_file)
    start_run(NOTE)
    db.session.remove()
    db.engine.dispose()

    refused = command("restore", backup_file)
    told = command("restore", backup_file, "--replace")

    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    assert told.returncode == 0
    (aside,) = settings.home.glob("openbuild.db.before-*[0-9]")
    assert value_of(aside, "SELECT count(*) FROM run") == 1
    assert value_of(settings.home / "openbuild.db", "SELECT count(*) FROM run") == 0


def test_a_backup_of_a_newer_version_is_refused_in_one_sentence(app, command, move_to, backup_file):
    archive.write(backup_file, database=copies.database_file(), revision="9999", members={})
    home = move_to("elsewhere")

    told = command("restore", backup_file)

    assert told.returncode == 1
    assert "newer than this one" in told.stderr
    assert told.stderr.count("\n") == 1
    assert not (home / "openbuild.db").exists()


@pytest.mark.only_sqlite
@pytest.mark.parametrize("words", [("doctor",), ("users", "list")])
def test_a_database_that_some_first_command_made_is_not_in_the_way(
    app, command, move_to, backup_file, words
):
    start_run(NOTE)
    command("backup", backup_file)
    home = move_to("elsewhere")
    command(*words)
    assert (home / "openbuild.db").exists()

    told = command("restore", backup_file)

    assert told.returncode == 0, told.stderr
    assert value_of(home / "openbuild.db", "SELECT count(*) FROM run") == 1


@pytest.mark.only_sqlite
@pytest.mark.parametrize("damage", ["cut", "changed", "other"])
def test_what_is_damaged_is_refused(app, command, move_to, backup_file, damage):
    command("backup", backup_file)
    content = backup_file.read_bytes()
    middle = len(content) // 2
    changed = content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]
    backup_file.write_bytes({"cut": content[:middle], "changed": changed, "other": b"no"}[damage])
    home = move_to("elsewhere")

    told = command("restore", backup_file)

    assert told.returncode == 1
    assert "damaged" in told.stderr or "not a backup" in told.stderr
    assert not (home / "openbuild.db").exists()


def test_nothing_moves_until_sending_starts_and_then_it_does(app, work):
    run = start_run(NAP, NOTE)
    work()
    assert fresh(run).state == "waiting"
    holding.begin(clock.now())
    started = start_run(NOTE)
    wait_until(lambda: fresh(run).wake_at < clock.now())

    duties.tick()
    work()

    assert fresh(run).state == "waiting"
    assert fresh(started).state == "queued"
    assert leases.claim(started.id) is None

    def both_end():
        duties.tick()
        work()
        return {fresh(run).state, fresh(started).state} == {"succeeded"}

    holding.end(by="Olga")
    wait_until(both_end, every=0.2)


def test_calls_are_told_to_come_back(app, client):
    called = {"endpoint": {"exposed": True, "auth": {"scheme": "open"}}}
    make_workflow(NOTE, name="orders", triggers=called)
    holding.begin(None)

    answer = client.post("/api/1.1/wf/orders", json={})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "starts sending" in answer.json["body"]["message"]
    assert runs.listing(workspace().id) == []


@pytest.mark.only_sqlite
def test_a_copy_is_made_before_the_tables_change(app, settings, monkeypatch):
    start_run(NOTE)
    newest = migrate.newest_revision()
    with transaction() as session:
        session.execute(db.text("UPDATE alembic_version SET version_num = '0001'"))
    monkeypatch.setattr(migrate, "run_migrations", lambda: None)

    migrate.upgrade()

    (copy,) = copies.listing()
    assert copy.kind == "before"
    assert copy.file.name.startswith(f"before-{newest}-")
    with archive.opened(copy.file) as backup:
        assert backup.manifest.revision == "0001"


@pytest.mark.only_sqlite
def test_the_newest_copies_are_kept(app, settings):
    for day in range(1, 12):
        made = copies.make(copies.NIGHTLY, f"2026-11-{day:02}", "0001")
        os.utime(made, (day, day))
    kept = copies.make(copies.BY_HAND, "mine", "0001")
    copies.drop_oldest(copies.NIGHTLY)

    nightly = sorted(copy.file.name for copy in copies.listing() if copy.kind == copies.NIGHTLY)
    assert nightly == [f"nightly-2026-11-{day:02}.zip" for day in range(5, 12)]
    assert kept.exists()


@pytest.mark.only_sqlite
def test_a_copy_is_due_once_a_night(app, settings):
    with transaction():
        workspace().timezone = "Europe/Berlin"
    created = clock.now()
    nights = [created + timedelta(days=days) for days in (0, 1, 2)]

    assert [backups.is_night_due(night) for night in nights] == [False, True, True]
    made = copies.make(copies.NIGHTLY, "tonight", "0001")
    second = nights[1].timestamp()
    os.utime(made, (second, second))
    assert [backups.is_night_due(night) for night in nights[1:]] == [False, True]


def test_nights_begin_at_three_where_the_workspace_is():
    morning = datetime(2026, 7, 1, 0, 30, tzinfo=UTC)

    assert backups.last_night(morning, "Europe/Berlin").isoformat() == "2026-06-30T03:00:00+02:00"
    later = morning + timedelta(hours=1)
    assert backups.last_night(later, "Europe/Berlin").isoformat() == "2026-07-01T03:00:00+02:00"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_on_postgresql_the_rest_is_backed_up_and_the_line_for_it_printed(
    app, command, backup_file, passphrase
):
    make_connection()

    told = command("backup", backup_file, "--passphrase-file", passphrase)

    assert told.returncode == 1
    assert "pg_dump --format=custom" in told.stderr
    with archive.opened(backup_file) as backup:
        assert backups.keys_in(backup, PASSPHRASE).startswith("OPENBUILD_SECRET_KEY=")
        assert not backup.manifest.has_database

    restored = command("restore", backup_file, "--passphrase-file", passphrase)
    assert restored.returncode == 0, restored.stderr
    assert "press Start sending" in restored.stdout
    assert holding.is_on()


NAP_FILE = """
openbuild: 1
workflow: nap
steps:
  - {id: nap, type: wait, inputs: {for: 12s}}
  - {id: note, type: increment_value, inputs: {key: fired}}
"""


@pytest.mark.only_sqlite
def test_a_running_openbuild_is_left_alone_and_its_past_not_fired_again(tmp_path):
    """With real processes: what came due since the backup stays where it is until asked."""
    old, new = Openbuild(tmp_path / "old"), Openbuild(tmp_path / "new")
    file = tmp_path / "backup.zip"
    nap = tmp_path / "nap.yaml"
    nap.write_text(NAP_FILE)

    def state(openbuild):
        file = openbuild.home / "openbuild.db"
        return value_of(file, "SELECT coalesce(max(state), '') FROM run")

    def ticks(openbuild):
        status, text = openbuild.get("/health/ready")
        return status == 200 and json.loads(text)["checks"]["scheduler"] == "ok"

    try:
        old.up("--workers", "1")
        assert old.run("workflows", "apply", str(nap), "--publish").returncode == 0
        assert old.run("backup", str(tmp_path / "early.zip")).returncode == 0
        early = old.run("restore", str(tmp_path / "early.zip"), "--replace")
        assert "already runs" in early.stderr
        assert old.run("workflows", "run", "nap", "--input", "{}").returncode == 0
        wait_until(lambda: state(old) == "waiting")
        old.stop()
        assert state(old) == "waiting"
        assert old.run("backup", str(file)).returncode == 0

        assert new.run("restore", str(file)).returncode == 0
        new.up("--workers", "1")
        wait_until(lambda: ticks(new) and woken_if_it_could(new), 40)
        assert state(new) == "waiting"

        start_sending(new)
        wait_until(lambda: state(new) == "succeeded", 20)
    finally:
        old.close()
        new.close()


def woken_if_it_could(openbuild):
    """Whether the run is overdue by more than a scheduler leaves anything lying."""
    query = "SELECT wake_at < (julianday('now') - 2440587.5) * 86400.0 - 3 FROM run"
    return value_of(openbuild.home / "openbuild.db", query)


def start_sending(openbuild):
    config.use(config.load({"OPENBUILD_HOME": str(openbuild.home)}))
    try:
        with create_app().app_context():
            holding.end(by="Olga")
            db.engine.dispose()
    finally:
        config.use(None)
