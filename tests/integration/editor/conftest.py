"""A workflow in the editor, and people who open it."""

import html
import re

import pytest

from core.engine.definition import Definition
from core.runtime import workflows, workspaces
from core.storage.db import db
from core.storage.workflow import Workflow
from tests.people import HTMX

ORDER = {
    "triggers": {
        "endpoint": {
            "exposed": True,
            "parameters": [{"key": "email", "type": "email"}, {"key": "total", "type": "number"}],
        }
    },
    "steps": [
        {
            "id": "clean",
            "type": "compose",
            "label": "Normalise",
            "inputs": {"value": {"total": "{{ trigger.total }}"}},
        },
        {
            "id": "big",
            "type": "branch",
            "label": "High value?",
            "branches": [
                {
                    "key": "yes",
                    "label": "Yes",
                    "only_when": {
                        "all": [
                            {"left": "{{ steps.clean.total }}", "is": "greater_than", "right": 100}
                        ]
                    },
                    "steps": [{"id": "note", "type": "log_message", "inputs": {"message": "big"}}],
                },
                {"key": "otherwise", "steps": []},
            ],
        },
        {"id": "answer", "type": "return_data", "inputs": {"body": {"ok": True}}},
    ],
}


class Editor:
    """One person at one workflow: sends what the page's script would send."""

    def __init__(self, client, workflow):
        self.client = client
        self.id = workflow.id
        self.url = f"/workflows/{workflow.id}"

    @property
    def workflow(self):
        db.session.rollback()
        return db.session.get_one(Workflow, self.id, populate_existing=True)

    @property
    def draft(self):
        return self.workflow.definition

    def open(self, **query):
        return self.client.get(f"{self.url}/build", query_string=query)

    def send(self, path, values, *, revision=None, htmx=True):
        revision = self.workflow.revision if revision is None else revision
        headers = HTMX if htmx else {}
        return self.client.post(
            f"{self.url}/{path}", data={**values, "revision": revision}, headers=headers
        )

    def operate(self, op, *, revision=None, htmx=True, **values):
        return self.send("operations", {"op": op, **values}, revision=revision, htmx=htmx)

    def save(self, step, fields, values, **more):
        return self.send(f"steps/{step}", {**values, "fields": fields, **more})


@pytest.fixture
def workflow(app, people):
    definition = Definition.from_json(ORDER)
    return workflows.create(
        workspaces.first().id, "order-intake", "Order intake", by="Max", definition=definition
    )


@pytest.fixture
def editor_of(client_of, workflow):
    return lambda person: Editor(client_of(person), workflow)


@pytest.fixture
def editor(editor_of, people):
    """Max, who may edit."""
    return editor_of(people.max)


def places(answer):
    """Where the pieces of an answer go, with how they are put there."""
    found = re.findall(r'<hx-partial hx-target="([^"]*)" hx-swap="([^"]*)"', answer.text)
    return {html.unescape(target): swap for target, swap in found}
