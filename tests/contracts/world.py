"""One of each thing that pages show, and the address of every route about them."""

from types import SimpleNamespace

CALLED = {"endpoint": {"exposed": True, "parameters": [{"key": "name", "type": "text"}]}}
GREETING = {"id": "greeting", "type": "compose", "inputs": {"value": "Hello {{ trigger.name }}"}}
ANSWER = {"id": "answer", "type": "return_data", "inputs": {"body": {"said": "hello"}}}


def build(workspace_id, work):
    """A published workflow that ran, a connection and a key of that workspace."""
    from core.engine.definition import Definition
    from core.runtime import connections, runs, tokens, workflows

    definition = Definition.from_json({"triggers": CALLED, "steps": [GREETING, ANSWER]})
    workflow = workflows.create(
        workspace_id, "welcome", "Greet <b>people</b>", by="Olga", definition=definition
    )
    workflows.publish(workflow, by="Olga")
    run = runs.start_by_hand(workflow, {"name": "Ana <i>Keller</i>"}, by="Olga")
    work()
    values = connections.Values("Stripe", {"sender": "Stripe"}, {"secret": "whsec_test"})
    connection = connections.create(
        workspace_id, "stripe", "webhook_secret", values=values, by="Olga"
    )
    token, _ = tokens.create(workspace_id, "Web shop", created_by="Olga")
    return SimpleNamespace(workflow=workflow, run=run, connection=connection, token=token)


class Anything:
    """Stands for a record that need not exist."""

    id = 1


NOWHERE = SimpleNamespace(workflow=Anything, run=Anything, connection=Anything, token=Anything)


def arguments(world):
    """The value of every name that stands in a route."""
    return {
        "workflow_id": world.workflow.id,
        "run_id": world.run.id,
        "connection_id": world.connection.id,
        "token_id": world.token.id,
        "step_id": "greeting",
        "number": 1,
        "token": "no-such-link",
    }


def addresses(app, world, *, method):
    """Rule and address of every route of pages that answers this method."""
    from blueprints.policy import ROUTES, Verb

    known = arguments(world)
    with app.test_request_context():
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint):
            if method in rule.methods and ROUTES.get(rule.endpoint) is not Verb.CALL:
                names = {name: known[name] for name in rule.arguments}
                yield rule, app.url_for(rule.endpoint, **names)
