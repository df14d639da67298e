"""Keys: rotated under a running process, old ones kept for backups or dropped when told."""

import subprocess
from dataclasses import replace

from sqlalchemy import update

from core import config, config_keys
from core.runtime import connections, processes
from core.runtime.connections import Values
from core.storage.connection import Connection
from core.storage.db import db, transaction
from core.storage.process import Process
from tests.factories import workspace


def make_connection():
    values = Values("Stripe", {"sender": "Stripe"}, {"secret": "whsec_test"})
    return connections.create(workspace().id, "stripe", "webhook_secret", values=values, by="Olga")


def stored(home):
    return config_keys.stored(home).encryption_keys


def test_a_running_process_reads_what_was_encrypted_with_a_newer_key(app, settings, command):
    make_connection()

    told = command("keys", "rotate")
    config.use(settings)  # as a process that has been running all the time

    assert told.returncode == 0, told.stderr
    assert "1 stored secret is" in told.stdout
    newest, older = stored(settings.home)
    assert older == settings.encryption_keys[0]
    assert newest not in told.stdout + told.stderr
    assert connections.secrets_of(workspace().id, "stripe") == {"secret": "whsec_test"}
    assert config.current().encryption_keys[0] == newest


def test_older_keys_are_dropped_only_when_nothing_runs(app, settings, command):
    make_connection()
    processes.beat("worker")

    refused = command("keys", "rotate", "--forget-old")

    assert refused.returncode == 1
    assert "Stop it first" in refused.stderr
    assert stored(settings.home) == settings.encryption_keys


def test_a_process_that_was_killed_a_moment_ago_is_not_in_the_way(app, settings, command):
    processes.beat("worker")
    gone = subprocess.Popen(["true"])
    gone.wait()
    with transaction() as session:
        session.execute(update(Process).values(pid=gone.pid))

    assert command("keys", "rotate", "--forget-old").returncode == 0


def test_after_dropping_older_keys_the_secrets_open_with_the_new_one(app, settings, command):
    make_connection()

    told = command("keys", "rotate", "--forget-old")

    assert told.returncode == 0, told.stderr
    (only,) = stored(settings.home)
    assert only not in settings.encryption_keys
    config.use(replace(settings, encryption_keys=(only,)))
    db.session.expire_all()
    assert connections.secrets_of(workspace().id, "stripe") == {"secret": "whsec_test"}


def test_nothing_is_rotated_while_a_secret_cannot_be_read(app, settings, command):
    make_connection()
    other = config_keys.fresh_encryption_key()
    config_keys.replace(settings.home / "keys", config_keys.written("s", (other,)))
    config.use(replace(settings, encryption_keys=(other,)))

    told = command("keys", "rotate")

    assert told.returncode == 1
    assert "stripe" in told.stderr
    assert stored(settings.home) == (other,)


def test_given_keys_are_used_but_not_changed(app, settings, command):
    make_connection()
    given = (config_keys.fresh_encryption_key(), *settings.encryption_keys)
    config.use(replace(settings, encryption_keys=given))
    before = Connection.named(workspace().id, "stripe").secret_ciphertext

    told = command("keys", "rotate")

    assert told.returncode == 0, told.stderr
    assert "first key of OPENBUILD_ENCRYPTION_KEYS" in told.stdout
    assert stored(settings.home) == settings.encryption_keys
    db.session.expire_all()
    assert Connection.named(workspace().id, "stripe").secret_ciphertext != before
