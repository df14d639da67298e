"""README.md keeps its word: its lines are run as they stand there."""

import ast
import json
import re
import shlex
import struct
import sys
import urllib.request
from itertools import pairwise
from pathlib import Path

import pytest

from core import steps
from core.runtime import runs, workflow_files, workspaces
from core.storage.db import db
from core.storage.run import Run
from core.storage.workflow import Workflow
from tests.openbuild import Openbuild
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
STEP_LINES = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
STEP_KEY = re.search(r"`core/steps/(\w+)\.py`", README)[1]
COMMANDS = re.findall(r"^    \./openbuild (.+?)(?:   .*)?$", README, re.MULTILINE)
PICTURE = ROOT / "docs" / "pictures" / "editor.png"
LARGEST_PICTURE = 250_000
FILE = f"""
openbuild: 1
workflow: loud
label: Loud
triggers: {{}}
steps:
  - id: loud
    type: {STEP_KEY}
    inputs: {{text: "hello {{{{ 1 + 1 }}}}"}}
  - id: answer
    type: return_data
    inputs: {{body: "{{{{ steps.loud }}}}"}}
"""


@pytest.fixture
def added_step(tmp_path, monkeypatch):
    """The README's step in a folder that counts as one of the catalogue's."""
    folder = tmp_path / "steps"
    folder.mkdir()
    (folder / f"{STEP_KEY}.py").write_text(STEP_LINES)
    monkeypatch.setattr(steps, "__path__", [*steps.__path__, str(folder)])
    steps.step_types.cache_clear()
    yield STEP_KEY
    steps.step_types.cache_clear()
    sys.modules.pop(f"core.steps.{STEP_KEY}", None)


@pytest.fixture(scope="module")
def openbuild(tmp_path_factory):
    """An openBuild that was started as the README says, and has its owner."""
    openbuild = Openbuild(tmp_path_factory.mktemp("readme") / "var")
    owner = ("--email", "ana@example.org", "--role", "owner", "--password-stdin")
    try:
        openbuild.up()
        openbuild.run("users", "create", *owner, given="correct horse battery")
        yield openbuild
    finally:
        openbuild.close()


def test_a_step_takes_ten_lines():
    documented = ast.get_docstring(ast.parse(STEP_LINES))
    code = [line for line in STEP_LINES.splitlines() if line and documented not in line]

    assert len(code) <= 10


def test_the_step_of_the_readme_runs(people, work, added_step):
    workspace = workspaces.first()
    workflow_files.apply(workspace.id, [FILE], by="Olga", publish=True)
    run_id = runs.start_by_hand(Workflow.named(workspace.id, "loud"), {}, by="Olga").id

    work()

    db.session.rollback()
    run = db.session.get(Run, run_id, populate_existing=True)
    assert run.state == "succeeded"
    assert run.response["body"] == "HELLO 2"


def test_the_editor_offers_the_step_of_the_readme(people, client_of, added_step):
    workspace = workspaces.first()
    workflow_files.apply(workspace.id, [FILE], by="Olga")
    address = f"/workflows/{Workflow.named(workspace.id, 'loud').id}"
    olga = client_of(people.olga)

    assert "Make a text loud." in olga.get(f"{address}/library").text
    assert "Make a text loud." in olga.get(f"{address}/build?step=loud").text


def test_the_first_workflow_answers_the_line_that_up_prints(openbuild):
    words = shlex.split(next(line for line in openbuild.said.splitlines() if "curl " in line))
    headers = dict(word.split(": ") for flag, word in pairwise(words) if flag == "-H")
    body = words[words.index("-d") + 1].encode()

    with urllib.request.urlopen(urllib.request.Request(words[1], body, headers)) as answer:
        status, answered = answer.status, json.loads(answer.read())

    assert status == 200
    assert "Ana" in json.dumps(answered)
    listed = wait_until(lambda: json.loads(openbuild.run("runs", "list", "--json").stdout))
    assert [run["state"] for run in listed] == ["succeeded"]


@pytest.mark.parametrize("line", [line for line in COMMANDS if line != "up"])
def test_the_commands_of_the_readme_work(openbuild, line):
    words = [
        str(ROOT / "examples/welcome.yaml") if word == "FILE" else word for word in line.split()
    ]

    told = openbuild.run(*words)

    assert told.returncode == 0, told.stderr
    assert told.stdout


def test_the_picture_is_real_and_small():
    assert f"]({PICTURE.relative_to(ROOT)})" in README
    content = PICTURE.read_bytes()

    assert len(content) <= LARGEST_PICTURE
    assert struct.unpack(">II", content[16:24]) == (1440, 900)
