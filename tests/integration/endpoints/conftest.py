import threading

import pytest
from flask import current_app

from core import clock
from core.engine.definition import Definition
from core.runtime import tokens, workflows
from core.storage.db import db, transaction
from core.storage.run import Run
from core.storage.workspace import Workspace
from tests.waiting import wait_until
from worker import RunWorker

ANSWER = {"id": "answer", "type": "return_data", "inputs": {"body": "{{ trigger.body }}"}}


@pytest.fixture
def workspace(app):
    """The first workspace."""
    return make_workspace("main")


def make_workspace(name, timezone="Europe/Berlin"):
    with transaction() as session:
        made = Workspace(name=name, label=name, timezone=timezone, created_at=clock.now())
        session.add(made)
    return made


@pytest.fixture
def publish(workspace):
    """Make a workflow with an endpoint, live unless told otherwise."""

    def publish(name="intake", steps=(ANSWER,), *, workspace=workspace, is_live=True, **endpoint):
        start = {"exposed": True, "auth": {"scheme": "open"}, "reply": "immediate"} | endpoint
        definition = Definition.from_json({"triggers": {"endpoint": start}, "steps": list(steps)})
        workflow = workflows.create(workspace.id, name, name, by="Olga", definition=definition)
        if is_live:
            workflows.publish(workflow, by="Olga")
        return workflow

    return publish


@pytest.fixture
def key(workspace):
    """Make a key; its header."""

    def key(*scopes, workspace=workspace, **options):
        _, text = tokens.create(workspace.id, "Web shop", scopes, created_by="Olga", **options)
        return {"Authorization": f"Bearer {text}"}

    return key


@pytest.fixture
def call(client):
    """Call an endpoint."""

    def call(name="intake", method="POST", *, at="/api/1.1/wf/", **options):
        return client.open(f"{at}{name}", method=method, **options)

    return call


@pytest.fixture
def worker(app):
    """A real worker in a thread of this process, as long as the test lasts."""
    over = threading.Event()

    def work():
        while not over.wait(0.01):
            RunWorker(app, "test").work(burst=True)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


def runs():
    """All runs there are, oldest first, as they are now."""
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(db.select(Run).order_by(Run.id)))


def the_run():
    [run] = runs()
    return run


def ended(run_id):
    """Wait until a run has ended."""

    def is_final():
        db.session.rollback()
        run = db.session.get(Run, run_id, populate_existing=True)
        return run if run is not None and run.is_final else None

    return wait_until(is_final)


class Calls:
    """Calls made beside the test, in threads; their responses in the order of their start."""

    def __init__(self, app, act, count=1):
        self.responses = [None] * count
        self.threads = [
            threading.Thread(target=self._call, args=(app, act, place)) for place in range(count)
        ]
        for thread in self.threads:
            thread.start()

    def _call(self, app, act, place):
        with app.app_context():
            self.responses[place] = act()

    def join(self):
        for thread in self.threads:
            thread.join(30)
        return self.responses


@pytest.fixture
def beside(app):
    """Make calls while the test goes on."""

    def beside(act, count=1):
        return Calls(current_app._get_current_object(), act, count)

    return beside
