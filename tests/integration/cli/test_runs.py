"""`runs retry` as people type it."""

import json

import pytest

FILE = """
openbuild: 1
workflow: check
steps:
  - {id: before, type: increment_value, inputs: {key: before}}
  - {id: check, type: stop, inputs: {outcome: fail, message: no stock}}
  - {id: answer, type: return_data, inputs: {body: {ok: true}}}
"""


@pytest.fixture
def failed(shared, tmp_path):
    """The id of a run that failed."""
    file = tmp_path / "check.yaml"
    file.write_text(FILE)
    shared.run("workflows", "apply", str(file), "--publish")
    shared.run("workflows", "run", "check", "--input", "{}", "--wait")
    listed = json.loads(shared.run("runs", "list", "--state", "failed", "--json").stdout)
    return listed[0]["run_id"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--inputs", "{"), "--inputs is not JSON"),
        (("--inputs", "[]"), "--inputs must be an object"),
        (("--inputs", "{}", "--skip"), "not allowed with"),
    ],
)
def test_what_cannot_go_in_is_refused(shared, failed, words, said):
    told = shared.run("runs", "retry", failed, *words)

    assert told.returncode in (1, 2)
    assert said in told.stderr


def test_a_failed_run_goes_on_and_one_that_has_not_failed_is_refused(shared, failed):
    told = shared.run("runs", "retry", failed, "--skip")
    assert told.stdout == f"{failed} goes on at check.\n", told.stderr

    again = shared.run("runs", "retry", failed)

    assert again.returncode == 1
    assert "only a failed run can be retried" in again.stderr


def test_many_runs_are_done_to_by_filters_and_said_before(shared, failed):
    shared.run("workflows", "run", "check", "--input", "{}", "--wait")
    which = ("--workflow", "check", "--state", "failed")

    foreseen = json.loads(shared.run("runs", "retry", *which, "--dry-run", "--json").stdout)
    told = json.loads(shared.run("runs", "rerun", *which, "--wait", "--json").stdout)

    assert foreseen["can"] == foreseen["total"] == told["total"] == told["done"] >= 2
    assert (told["state"], told["skipped"], told["failed"]) == ("done", 0, 0)


def test_a_run_is_run_again(shared, failed):
    told = shared.run("runs", "rerun", failed)

    new, _, old = told.stdout.strip(".\n").partition(" repeats ")
    assert old == failed, told.stderr
    assert json.loads(shared.run("runs", "show", new, "--json").stdout)["workflow"] == "check"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Say which runs"),
        (("some-id", "--state", "failed"), "not both"),
        (("--state", "odd"), "“odd” is no state"),
        (("--all", "--skip"), "--skip and --inputs are for one run"),
    ],
)
def test_which_runs_must_be_clear(shared, words, said):
    told = shared.run("runs", "retry", *words)

    assert told.returncode == 1
    assert said in told.stderr


def test_a_run_is_shown_with_its_error_as_json(shared, failed):
    told = shared.run("runs", "show", failed).stdout

    [error] = [line for line in told.splitlines() if line.startswith("error ")]
    assert json.loads(error.removeprefix("error"))["kind"]
