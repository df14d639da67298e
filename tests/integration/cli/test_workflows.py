"""`workflows` as people type it: files in, files out, runs by hand."""

import json
import logging
from pathlib import Path

import pytest

from blueprints.cli import main

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SMALL = """\
openbuild: 1
workflow: small
label: Small
triggers:
  endpoint:
    parameters:
      - {key: name, type: text}
steps:
  - id: answer
    type: return_data
    inputs:
      body:
        text: "Hello {{ trigger.name }}"
"""


@pytest.fixture
def command(settings, capsys):
    """A command in this process on a fresh data folder: exit code, stdout, stderr."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def command(*words):
        code = main(["workflows", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    yield command
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def small(tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(SMALL)
    return file


def test_a_file_goes_in_and_comes_out_the_same(command, small, tmp_path):
    assert command("apply", str(small), "--publish") == (
        0,
        "small: created, live as version 1\n",
        "",
    )
    assert command("apply", str(small), "--publish") == (0, "small: unchanged\n", "")

    out = tmp_path / "out.yaml"
    command("export", "small", "-o", str(out))

    assert out.read_text() == SMALL
    assert command("export", "small")[1] == SMALL


def test_a_plan_prints_what_would_change_and_changes_nothing(command, small):
    command("apply", str(small))
    small.write_text(SMALL.replace("Hello", "Hi"))

    code, said, _ = command("plan", str(small))

    assert code == 0
    assert said == (
        "small: changed\n"
        "  ~ step answer.inputs.body.text: Hello {{ trigger.name }} → Hi {{ trigger.name }}\n"
    )
    assert "Hello" in command("export", "small")[1]


def test_a_refused_file_names_every_problem_and_exits_with_1(command, small):
    small.write_text(SMALL.replace("return_data", "find_things").replace("key: name", "key: body"))

    code, said, problems = command("apply", str(small))

    assert (code, said) == (1, "")
    assert problems.splitlines() == [
        f"{small}, line 7: triggers.endpoint.parameters[0].key: “body” is reserved: "
        "a call's own trigger.body has this name",
        f"{small}, line 10: steps[0].type: unknown step type find_things",
    ]


def test_workflows_are_listed_switched_and_deleted(command, small):
    command("apply", str(small), "--publish")
    command("disable", "small")

    (row,) = json.loads(command("list", "--json")[1])

    assert (row["name"], row["live_version"], row["enabled"]) == ("small", 1, False)
    assert "small  Small  live, disabled" in command("list")[1]
    assert command("enable", "small")[1] == "small is enabled.\n"
    assert command("delete", "small")[1] == "small is deleted.\n"
    assert json.loads(command("list", "--json")[1]) == []
    assert command("enable", "small") == (1, "", "There is no workflow “small”.\n")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("run", "small", "--input", "{}"), "name"),
        (("run", "small", "--input", "[1]"), "must be a JSON object"),
        (("run", "small", "--input", "{"), "--input is not JSON"),
        (("run", "gone"), "There is no workflow “gone”."),
        (("apply", "nowhere.yaml"), "nowhere.yaml can't be read"),
    ],
)
def test_what_cannot_be_done_is_said_on_stderr(command, small, words, reason):
    command("apply", str(small), "--publish")

    code, said, problem = command(*words)

    assert (code, said) == (1, "")
    assert reason in problem


def test_a_draft_runs_before_it_is_published(command, small):
    command("apply", str(small))

    refused = command("run", "small", "--input", '{"name": "Ana"}')
    code, said, _ = command("run", "small", "--input", '{"name": "Ana"}', "--draft", "--json")

    assert refused[0] == 1
    assert "has not been published yet" in refused[2]
    assert code == 0
    assert json.loads(said)["state"] == "queued"


DOUBTFUL = SMALL.replace("type: return_data", 'type: return_data\n    only_when: "{{ 1 > 2 }}"')
DOUBT = "small.yaml, line 11: step answer, only_when: this never holds, so the step never runs"


def test_warnings_are_printed_and_stop_nothing(command, small):
    small.write_text(DOUBTFUL)

    code, out, err = command("apply", str(small), "--publish")

    assert (code, err) == (0, "")
    assert "small: created, live as version 1" in out
    assert f"! warning: {small.parent}/{DOUBT}" in out
    assert "--accept REASON keeps a reason" in out


def test_a_reason_accepts_the_warnings_of_files_and_stays(command, small, settings):
    small.write_text(DOUBTFUL)
    command("apply", str(small), "--publish")

    first = command("apply", str(small), "--publish", "--accept", "switched on in May")
    again = command("apply", str(small), "--publish", "--json")

    assert first == (0, "small: unchanged, live as version 2\n", "")
    assert json.loads(again[1])[0]["warnings"] == []


def test_a_reason_without_publishing_is_refused(command, small):
    code, _, err = command("apply", str(small), "--accept", "why not")

    assert code == 1
    assert "--accept goes with --publish" in err
