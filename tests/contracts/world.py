"""One of each thing that pages show, and the address of every route about them."""

from types import SimpleNamespace

CALLED = {
    "endpoint": {"exposed": True, "parameters": [{"key": "name", "type": "text"}]},
    "schedules": [{"key": "weekdays", "cron": "0 9 * * 1-5", "input": {"name": "<i>Keller</i>"}}],
}
GREETING = {"id": "greeting", "type": "compose", "inputs": {"value": "Hello {{ trigger.name }}"}}
ANSWER = {"id": "answer", "type": "return_data", "inputs": {"body": {"said": "hello"}}}


def build(workspace_id, work):
    """A published workflow that ran, a connection and a key of that workspace."""
    from core.engine.definition import Definition
    from core.runtime import connections, runs, tokens, workflows
    from core.storage.schedule import Schedule

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
    mail, template = mails(workspace_id, run)
    return SimpleNamespace(
        workflow=workflow,
        run=run,
        batch=batch_of(workflow, work),
        action=action_on(run),
        schedule=Schedule.of_workflow(workflow.id)[0],
        connection=connection,
        token=token,
        mail=mail,
        template=template,
        address=marked_address(workspace_id, mail),
    )


def batch_of(workflow, work):
    """A batch of that workflow whose items have ended."""
    from core.engine.definition import Definition
    from core.runtime import batches, runs, workflows
    from core.storage.batch import Batch
    from core.storage.db import db

    names = {"list": ["Ana", "<b>Bo</b>"], "parameters": {"name": "{{ item }}"}}
    plan = {"id": "plan", "type": "schedule_on_list", "inputs": {"workflow": "welcome", **names}}
    definition = Definition.from_json({"steps": [plan]})
    planner = workflows.create(
        workflow.workspace_id, "planner", "Greet <i>many</i>", by="Olga", definition=definition
    )
    workflows.publish(planner, by="Olga")
    runs.start_by_hand(planner, {}, by="Olga")
    work()
    batches.sweep()
    db.session.rollback()
    return db.session.scalars(db.select(Batch)).first()


def action_on(run):
    """A bulk action on that run that has ended."""
    from core.runtime import bulk_actions

    action_id = bulk_actions.begin_chosen(run.workspace_id, "cancel", [run.id], by="Olga <b>B</b>")
    bulk_actions.go_on(action_id)
    return bulk_actions.as_known(action_id)


def mails(workspace_id, run):
    """A mail that a run kept, and a template."""
    from core.engine.mail_messages import OutgoingMail, read_addresses
    from core.engine.mail_templates import MailContent
    from core.runtime import mail_templates, outbox
    from core.storage.mail import Mail

    origin = outbox.Origin(workspace_id, f"{run.id}:mail", run_id=run.id, step="Send <b>a mail</b>")
    to = read_addresses('"Ana <i>Keller</i>" <ana@example.org>', "To")
    mail = OutgoingMail(to, "Hello <i>Keller</i>", "<i>Keller</i>", "<p style='color:red'>Hi</p>")
    outbox.Outbox(origin).send(mail)
    values = mail_templates.Values(
        "Greet <b>people</b>", MailContent("<i>Keller</i> {{name}}", "{{name}}"), {"name": "Ana"}
    )
    template = mail_templates.create(workspace_id, values, by="Olga", name="greeting")
    return Mail.of_workspace(workspace_id)[0], template


def marked_address(workspace_id, mail):
    """An address that takes no mails, since its service told so of that mail."""
    from core import clock
    from core.runtime import marked_addresses
    from core.runtime.marked_addresses import Mark
    from core.storage.db import db, write_connection
    from core.storage.mail_event import MarkedAddress

    mark = Mark("ana@example.org", "bounced", "550 <i>Keller</i>", "office", clock.now(), mail.id)
    with write_connection() as database:
        marked_addresses.mark(database, workspace_id, mark)
    db.session.rollback()
    return MarkedAddress.of_workspace(workspace_id)[0]


class Anything:
    """Stands for a record that need not exist."""

    id = 1


NOWHERE = SimpleNamespace(
    **dict.fromkeys(
        (
            "workflow",
            "run",
            "batch",
            "action",
            "schedule",
            "connection",
            "token",
            "mail",
            "template",
            "address",
        ),
        Anything,
    )
)


def arguments(world):
    """The value of every name that stands in a route."""
    return {
        "workflow_id": world.workflow.id,
        "run_id": world.run.id,
        "batch_id": world.batch.id,
        "action_id": world.action.id,
        "schedule_id": world.schedule.id,
        "key": "weekdays",
        "connection_id": world.connection.id,
        "token_id": world.token.id,
        "mail_id": world.mail.id,
        "template_id": world.template.id,
        "address_id": world.address.id,
        "step_id": "greeting",
        "number": 1,
        "token": "no-such-link",
        "page": "introduction",
        "file": "pictures/life-of-a-run.svg",
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
