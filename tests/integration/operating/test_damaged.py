"""A damaged database: named with what to do, and no obstacle for a backup."""

import pytest

from tests.factories import start_run
from tests.integration.operating.test_backup import NOTE, value_of
from tests.openbuild import Openbuild

DAMAGES = {"no database": b"garbage" * 2000, "damaged pages": b"SQLite format 3\0" + b"\xff" * 9000}


@pytest.mark.only_sqlite
@pytest.mark.parametrize("content", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_database_gives_way_to_a_backup(app, command, move_to, tmp_path, content):
    backup_file = tmp_path / "today.zip"
    start_run(NOTE)
    command("backup", backup_file)
    home = move_to("damaged")
    (home / "openbuild.db").write_bytes(content)

    told = command("restore", backup_file, "--replace")

    assert (told.returncode, told.stderr) == (0, "")
    assert value_of(home / "openbuild.db", "SELECT count(*) FROM run") == 1
    (before,) = home.glob("openbuild.db.before-*")
    assert before.read_bytes() == content


@pytest.mark.only_sqlite
@pytest.mark.parametrize("content", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("words", [("users", "list"), ("doctor",)])
def test_a_damaged_database_is_named_with_what_to_do(app, command, move_to, content, words):
    home = move_to("damaged")
    (home / "openbuild.db").write_bytes(content)

    told = command(*words)

    said = told.stdout + told.stderr
    assert told.returncode == 1
    assert "damaged" in said
    assert "restore" in said.lower()
    assert "Traceback" not in said
    assert "doesn't answer" not in said


@pytest.mark.only_sqlite
def test_up_names_a_damaged_database_in_a_sentence(tmp_path):
    openbuild = Openbuild(tmp_path / "var")
    openbuild.home.mkdir()
    (openbuild.home / "openbuild.db").write_bytes(DAMAGES["no database"])

    told = openbuild.run("up", "--port", str(openbuild.port))

    assert told.returncode == 1
    assert "The database is damaged: file is not a database." in told.stderr
    assert "./openbuild restore FILE --replace" in told.stderr
    assert "Traceback" not in told.stdout + told.stderr
