from pathlib import Path

import pytest

from core.engine.definition import Definition
from core.runtime import connections, manual_starts, runs, workflow_files, workflows, workspaces
from core.runtime.workflow_files import FilesRefused
from core.storage.db import transaction
from core.storage.workflow import Version, Workflow

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SMALL = """\
openbuild: 1
workflow: small
label: Small
steps:
  - id: hello
    type: compose
    inputs:
      value: "Hello {{ trigger.name }}"
  - id: answer
    type: return_data
    inputs:
      body:
        text: "{{ steps.hello }}"
"""
PARENT = """\
openbuild: 1
workflow: parent
steps:
  - id: child
    type: run_workflow
    inputs: {workflow: small, parameters: {name: Ana}}
"""


@pytest.fixture
def room(app):
    with transaction():
        return workspaces.first().id


def a_webhook_secret(room):
    values = connections.Values("GitHub", {}, {"secret": "s3cret"})
    connections.create(room, "github", "webhook_secret", values=values, by="test")


def apply(room, *texts, publish=False):
    return workflow_files.apply(room, texts, by="test", publish=publish)


def refusal(room, *texts, publish=True):
    with pytest.raises(FilesRefused) as refused:
        apply(room, *texts, publish=publish)
    return [str(problem) for problem in refused.value.problems]


def test_a_file_becomes_a_workflow_and_the_same_file_changes_nothing(room):
    first, again = apply(room, SMALL, publish=True)[0], apply(room, SMALL, publish=True)[0]

    assert (first.kind, first.version) == ("created", 1)
    assert (again.kind, again.version, again.lines) == ("unchanged", None, ())
    assert Workflow.named(room, "small").revision == 1


def test_an_exported_workflow_applied_again_changes_nothing(room):
    workflow = workflows.create(room, "drawn", "Drawn", by="test", folder="A: b", color="teal")
    steps = [
        {"op": "insert_step", "at": "root:", "step": {"id": "say", "type": "log_message"}},
        {"op": "change_step", "id": "say", "changes": {"inputs.message": "one\ntwo {{ now() }}"}},
        {
            "op": "change_triggers",
            "changes": {"endpoint.parameters": [{"type": "text", "key": "a"}]},
        },
        {"op": "change_triggers", "changes": {"endpoint.exposed": True}},
    ]
    for operation in steps:
        workflow = workflows.edit_draft(workflow, workflow.revision, operation, by="test")

    text = workflow_files.export(workflow)

    assert [change.kind for change in apply(room, text)] == ["unchanged"]
    assert workflow_files.export(Workflow.named(room, "drawn")) == text
    assert text.index("exposed") < text.index("parameters")


def test_a_changed_file_is_one_undoable_change_and_says_what_it_changed(room):
    apply(room, SMALL, publish=True)

    change = apply(room, SMALL.replace("Hello", "Hi").replace("Small", "Smaller"), publish=True)[0]

    assert change.kind == "changed"
    assert change.lines == (
        "~ label: Small → Smaller",
        "~ step hello.inputs.value: Hello {{ trigger.name }} → Hi {{ trigger.name }}",
    )
    workflow = Workflow.named(room, "small")
    assert (change.version, workflow.published.number) == (2, 2)
    undone = workflows.undo(workflow, by="test")
    assert undone.definition.find("hello").inputs["value"].startswith("Hello")


def test_files_are_applied_all_or_not_at_all(room):
    broken = PARENT.replace("workflow: small", "workflow: smal")

    problems = refusal(room, SMALL, broken)

    assert problems == [
        "file 2, line 6: step child, inputs.workflow: "
        "there is no workflow called “smal”; did you mean “small”?"
    ]
    assert Workflow.of_workspace(room) == []


def test_files_that_need_each_other_are_applied_together(room):
    changes = apply(room, PARENT, SMALL, publish=True)

    assert [(change.name, change.version) for change in changes] == [("parent", 1), ("small", 1)]


def test_every_problem_of_every_file_is_listed_with_its_line(room):
    strange = SMALL.replace("compose", "find_things").replace("text:", "status: x\n      texts:")

    problems = refusal(
        room, strange.replace("inputs:\n      body", "input:\n      body"), "a: [", SMALL
    )

    assert problems == [
        "file 1, line 6: steps[0].type: unknown step type find_things",
        "file 1, line 11: steps[1].input: unknown key “input”; did you mean “inputs”?",
        "file 2, line 1: this is not YAML: expected the node content, but found '<stream end>'",
    ]


def test_one_workflow_in_two_files_is_refused(room):
    assert refusal(room, SMALL, SMALL) == [
        "file 2, line 2: workflow: “small” is in file 1 already; one file for each workflow"
    ]


def test_what_cannot_be_published_may_be_a_draft(room):
    unfinished = SMALL.replace("trigger.name", "steps.gone")

    change = apply(room, unfinished)[0]

    assert change.kind == "created"
    assert "there is no step called “gone”" in str(change.problems[0])
    assert Workflow.named(room, "small").published is None


def test_a_plan_says_what_would_happen_and_does_nothing(room):
    apply(room, SMALL)

    changes = workflow_files.plan(room, {"a.yaml": SMALL.replace("Hello", "Hi"), "b.yaml": PARENT})

    assert [(change.file, change.kind) for change in changes] == [
        ("a.yaml", "changed"),
        ("b.yaml", "created"),
    ]
    assert [workflow.name for workflow in Workflow.of_workspace(room)] == ["small"]
    assert Workflow.named(room, "small").revision == 1


def test_a_deleted_workflow_can_come_back_by_its_file(room):
    apply(room, SMALL, publish=True)
    workflows.delete(Workflow.named(room, "small"), by="test")

    assert apply(room, SMALL, publish=True)[0].kind == "created"


def test_the_examples_can_be_published(room):
    a_webhook_secret(room)
    texts = {path.name: path.read_text() for path in EXAMPLES.glob("*.yaml")}

    changes = workflow_files.apply(room, texts, by="test", publish=True)

    assert {change.version for change in changes} == {1}


def test_a_run_by_hand_needs_the_declared_parameters(room):
    apply(room, (EXAMPLES / "welcome.yaml").read_text(), publish=True)
    workflow = Workflow.named(room, "welcome")

    with pytest.raises(manual_starts.BadInput) as refused:
        manual_starts.start(workflow, {"email": "x"}, by="test")

    assert {bad.parameter for bad in refused.value.problems} == {"name", "email"}


def test_welcome_greets_and_counts(room, work):
    apply(room, (EXAMPLES / "welcome.yaml").read_text(), publish=True)
    workflow = Workflow.named(room, "welcome")

    answers = []
    for name in ("Ana", "Bo"):
        started = manual_starts.start(workflow, {"name": name}, by="test")
        work()
        answers.append(runs.wait_for(started.id, 10).response["body"])

    assert answers == [
        {"greeting": "Hello Ana, you are number 1."},
        {"greeting": "Hello Bo, you are number 2."},
    ]


@pytest.mark.parametrize(
    ("event", "body", "summary"),
    [
        (
            "push",
            {
                "ref": "refs/heads/main",
                "commits": [
                    {
                        "id": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
                        "message": "Mend it\n\nWell",
                    },
                    {"id": "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c", "message": "Say why"},
                ],
                "sender": {"login": "mara"},
                "repository": {"full_name": "acme/shop"},
            },
            "mara pushed 2 commits to main in acme/shop: 6113728 Mend it; 0d1a26e Say why",
        ),
        (
            "pull_request",
            {
                "action": "closed",
                "pull_request": {"number": 7, "title": "Faster", "merged": True},
                "sender": {"login": "mara"},
                "repository": {"full_name": "acme/shop"},
            },
            "mara merged pull request #7 “Faster” in acme/shop",
        ),
        (
            "team_add",
            {"sender": {"login": "mara"}, "organization": {"login": "acme"}},
            "mara: team add in acme",
        ),
        ("meta", {}, "GitHub: meta in GitHub"),
    ],
)
def test_github_activity_says_each_event_in_one_line(room, work, event, body, summary):
    a_webhook_secret(room)
    apply(room, (EXAMPLES / "github-activity.yaml").read_text(), publish=True)
    workflow = Workflow.named(room, "github-activity")
    trigger = {"headers": {"x-github-event": event}, "query": {}, "body": body, "caller": {}}

    run = runs.start_by_hand(workflow, trigger, by="test")
    work()

    assert runs.wait_for(run.id, 10).response["body"] == {"summary": summary}


def test_a_version_keeps_what_its_file_said(room):
    apply(room, SMALL, publish=True)
    apply(room, SMALL.replace("Hello", "Hi"), publish=True)
    workflow = Workflow.named(room, "small")

    first = Version.numbered(workflow.id, 1)

    assert isinstance(first.definition, Definition)
    assert first.definition.find("hello").inputs["value"] == "Hello {{ trigger.name }}"
