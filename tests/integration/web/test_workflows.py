"""The list of workflows and what can be done to one of them as a whole."""

import io

import pytest

from blueprints.workflows import files
from core.engine.definition import Definition
from core.runtime import workflows
from core.storage.db import db
from core.storage.run import Run
from core.storage.workflow import Workflow
from tests.people import HTMX

CALLED = {"endpoint": {"exposed": True}}
ASKING = {
    "endpoint": {
        "exposed": True,
        "parameters": [
            {"key": "email", "type": "email"},
            {"key": "total", "type": "number", "optional": True},
        ],
    }
}
NOTE = [{"id": "note", "type": "log_message", "label": "Note it", "inputs": {"message": "hi"}}]


@pytest.fixture
def make(people):
    """Makes a workflow of Olga's workspace, published unless told otherwise."""

    def make(label, *, folder="", triggers=CALLED, live=True):
        workflow = workflows.create(
            1,
            workflows.slug(label),
            label,
            by="Olga",
            folder=folder,
            definition=Definition.from_json({"triggers": triggers, "steps": NOTE}),
        )
        if live:
            workflows.publish(workflow, by="Olga")
        return workflow

    return make


@pytest.fixture
def max(people, client_of):
    return client_of(people.max)


def look_again():
    """Forget what this test has read, and the snapshot it read it from."""
    db.session.rollback()
    db.session.expire_all()


def test_an_empty_list_says_what_a_workflow_is(max):
    page = max.get("/workflows").text

    assert "No workflows yet" in page and "it is Monday 9:00" in page


def test_the_list_shows_folders_states_and_ways_to_start(max, make):
    make("Order intake", folder="Sales")
    workflows.set_enabled(make("Low stock"), False, by="Olga")
    make("CSV import", triggers={}, live=False)

    page = max.get("/workflows").text

    assert page.index("Sales") < page.index("Order intake") < page.index("No folder")
    for words in ("Live v1", "Called", "By hand", ">Off<", "never live", "3 workflows, 1 live"):
        assert words in page


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("?q=order", "Order intake", "Low stock"),
        ("?q=low-st", "Low stock", "Order intake"),
        ("?q=NOTE+it", "Order intake", "Nothing"),
        ("?folder=Sales", "Order intake", "Low stock"),
        ("?q=zebra", "Nothing has “zebra”", "Order intake"),
    ],
)
def test_the_list_is_searched_by_name_url_step_and_folder(max, make, query, shown, hidden):
    make("Order intake", folder="Sales")
    make("Low stock")

    fragment = max.get(f"/workflows{query}", headers=HTMX).text

    assert shown in fragment and hidden not in fragment


def test_a_new_workflow_opens_in_the_editor(max):
    answer = max.post("/workflows", data={"label": "Größe & Preis", "start": "call"})

    workflow = Workflow.named(1, "groe-preis")
    assert answer.location == f"/workflows/{workflow.id}/build"
    assert workflow.definition.triggers["endpoint"]["exposed"] is True
    assert workflow.updated_by == "Max"


def test_two_unnamed_workflows_get_names_of_their_own(max):
    max.post("/workflows", data={"start": "hand"})
    max.post("/workflows", data={"start": "hand"})

    names = {workflow.name for workflow in Workflow.of_workspace(1)}
    assert names == {"new-workflow", "new-workflow-2"}


def test_a_way_to_start_that_is_not_offered_is_refused(max):
    assert max.post("/workflows", data={"start": "telepathy"}).status_code == 400


def test_disabling_renews_the_row_and_says_so(max, make):
    workflow = make("Order intake")

    answer = max.post(f"/workflows/{workflow.id}/disabling", headers=HTMX)

    assert f'id="workflow-{workflow.id}"' in answer.text and ">Off<" in answer.text
    assert 'hx-target="#toasts"' in answer.text
    look_again()
    assert not workflow.is_enabled


def test_without_htmx_a_change_leads_back_to_the_list(max, make):
    workflow = make("Order intake")

    answer = max.post(f"/workflows/{workflow.id}/disabling")

    assert (answer.status_code, answer.location) == (303, "/workflows")
    assert "Order intake is off" in max.get("/workflows").text


def test_renaming_warns_who_calls_the_url(max, make):
    live, draft = make("Order intake"), make("Low stock", live=False)

    assert "/api/1.1/wf/order-intake</code>" in max.get(f"/workflows/{live.id}/name").text
    assert "Another URL part" not in max.get(f"/workflows/{draft.id}/name").text


def test_renaming_changes_name_url_and_folder(max, make):
    workflow = make("Order intake")

    max.post(
        f"/workflows/{workflow.id}/name",
        data={"label": "Orders", "name": "orders", "folder": "Sales"},
    )

    look_again()
    assert (workflow.label, workflow.name, workflow.folder) == ("Orders", "orders", "Sales")


@pytest.mark.parametrize(
    ("name", "said"), [("Orders!", "try “orders”"), ("low-stock", "already a workflow")]
)
def test_a_name_that_cannot_be_is_said_beside_its_field(max, make, name, said):
    workflow = make("Order intake")
    make("Low stock")

    answer = max.post(
        f"/workflows/{workflow.id}/name", data={"label": "Orders", "name": name}, headers=HTMX
    )

    assert answer.status_code == 422
    assert said in answer.text and f'value="{name}"' in answer.text


def test_a_copy_is_a_draft(max, make):
    make("Order intake")

    fragment = max.post("/workflows/1/copies", headers=HTMX).text

    assert "Order intake (copy)" in fragment
    assert Workflow.named(1, "order-intake-copy").published_id is None


def test_a_live_workflow_is_deleted_only_by_who_writes_its_name(max, make):
    workflow = make("Order intake")

    assert max.post(f"/workflows/{workflow.id}/deletion", data={"sure": "?"}).status_code == 422
    max.post(f"/workflows/{workflow.id}/deletion", data={"sure": "order-intake"})

    assert max.get(f"/workflows/{workflow.id}/name").status_code == 404
    assert Workflow.of_workspace(1) == []


def test_running_by_hand_asks_for_the_parameters(max, make):
    workflow = make("Order intake", triggers=ASKING)

    form = max.get(f"/workflows/{workflow.id}/manual-run").text
    refused = max.post(f"/workflows/{workflow.id}/manual-run", data={"email": "ana"})
    answer = max.post(
        f"/workflows/{workflow.id}/manual-run", data={"email": "ana@example.org", "total": "12.5"}
    )

    assert 'name="email"' in form and "Runs version 1" in form
    assert refused.status_code == 422 and "must be an email address" in refused.text
    run = db.session.scalars(db.select(Run)).one()
    assert answer.location == f"/runs/{run.id}"
    assert (run.origin, run.mode, run.started_by) == ("manual", "live", "Max")
    assert (run.input["email"], run.input["total"]) == ("ana@example.org", 12.5)


def test_a_workflow_without_parameters_takes_any_object(max, make):
    workflow = make("Order intake")

    refused = max.post(f"/workflows/{workflow.id}/manual-run", data={"body": "{oops"})
    not_an_object = max.post(f"/workflows/{workflow.id}/manual-run", data={"body": "[1]"})
    max.post(f"/workflows/{workflow.id}/manual-run", data={"body": '{"a": [1, 2]}'})

    assert refused.status_code == 422 and "This is not JSON" in refused.text
    assert not_an_object.status_code == 422
    assert db.session.scalars(db.select(Run)).one().input["body"] == {"a": [1, 2]}


def test_a_workflow_that_was_never_live_runs_as_a_test(max, make):
    workflow = make("Order intake", live=False)

    max.post(f"/workflows/{workflow.id}/manual-run", data={"body": ""})

    assert db.session.scalars(db.select(Run)).one().mode == "test"


def upload(browser, text, name="orders.yaml", **more):
    file = (io.BytesIO(text if isinstance(text, bytes) else text.encode()), name)
    return browser.post("/workflows/import", data={"file": file, **more})


def test_an_exported_file_comes_back_as_a_draft(max, make):
    workflow = make("Order intake")
    file = max.get(f"/workflows/{workflow.id}/file")
    workflows.delete(workflow, by="Olga")

    answer = upload(max, file.text)

    look_again()
    copy = Workflow.named(1, "order-intake")
    assert 'filename="order-intake.yaml"' in file.headers["Content-Disposition"]
    assert answer.location == f"/workflows/{copy.id}/build"
    assert (copy.label, copy.published_id) == ("Order intake", None)
    assert copy.definition == workflow.definition


def test_a_file_of_a_workflow_that_is_here_is_looked_at_first(max, make):
    workflow = make("Order intake")
    text = max.get(f"/workflows/{workflow.id}/file").text.replace("Note it", "Write it down")

    asked = upload(max, text)
    look_again()
    before = workflow.revision
    max.post("/workflows/import", data={"text": text, "name": "orders.yaml", "sure": "yes"})

    assert "order-intake is here already" in asked.text and "Write it down" in asked.text
    look_again()
    assert (before, workflow.revision) == (1, 2)
    assert workflow.definition.find("note").label == "Write it down"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("openbuild: 1\nworkflow: a\nsteps: {", "line"),
        ("openbuild: 1\nworkflow: a\nsteps: []\nstepz: []", "stepz"),
        (b"\xff\xfe", "is not UTF-8 text"),
        ("#" * 2000, "is larger than 1 MB"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_where(max, monkeypatch, text, said):
    monkeypatch.setattr(files, "LARGEST", 1000)

    answer = upload(max, text)

    assert answer.status_code == 422
    assert "orders.yaml" in answer.text and said in answer.text
    assert Workflow.of_workspace(1) == []


def test_a_viewer_sees_the_list_and_no_way_to_change_it(people, client_of, make):
    make("Order intake")

    page = client_of(people.vera).get("/workflows").text

    assert "Order intake" in page
    for words in ("New workflow", "Delete", "Disable", "Rename", "Run now"):
        assert words not in page
