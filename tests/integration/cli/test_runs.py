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
