"""The pages about mails, as members use them, with and without htmx."""

import re

import pytest

from core.engine.mail_messages import OutgoingMail, read_addresses
from core.engine.mail_templates import MailContent
from core.runtime import failure_mails, mail_posting, mail_templates, workflows
from core.runtime.mail_templates import Values
from core.runtime.outbox import Origin, Outbox
from core.storage.mail_template import MailTemplate
from tests.factories import make_workflow, start_run, workspace
from tests.integration.mail.conftest import connect, mails
from tests.people import HTMX
from tests.unit.engine.machines import step

EVIL = "<script>alert(1)</script><b style='color:red'>Hello</b>"


@pytest.fixture
def olga(people, client_of):
    return client_of(people.olga)


def keep(subject="Hello", *, key="run:a", html="", text="Hello Ana", to="ana@example.org"):
    mail = OutgoingMail(read_addresses(to, "To"), subject, text, html)
    Outbox(Origin(workspace().id, key)).send(mail)
    return mails()[0]


def test_an_empty_outbox_says_what_will_be_in_it(olga):
    page = olga.get("/outbox").text

    assert "No mails yet" in page
    assert "Connect a mailbox" in page


def test_the_outbox_shows_mails_with_their_run(olga, work):
    mail_step = step("mail", "send_email", to="ana@example.org", subject="Hi", text="Hello")
    run = start_run(mail_step, settings={"run_title": "Order 7"})
    work()
    keep("Another", key="run:b")

    page = olga.get(f"/outbox/{mails()[1].id}").text

    assert "These mails were kept here; nothing was sent." in page
    assert "ana@example.org" in page and "Kept here" in page
    assert f'href="/runs/{run.id}"' in page and "Order 7" in page
    assert "set by the mailbox that sends it" in page


def test_the_list_can_be_searched_and_paged(olga, monkeypatch):
    from blueprints.outbox import views

    monkeypatch.setattr(views, "PAGE", 2)
    for number in range(3):
        keep(f"Mail number {number}", key=f"run:{number}")

    first = olga.get("/outbox")
    older = re.search(r'href="(/outbox\?before=\d+)"', first.text)[1]
    found = olga.get("/outbox?text=number 1", headers=HTMX).text

    assert "Mail number 0" in olga.get(older).text
    assert "Mail number 1" in found and "Mail number 2" not in found
    assert "<!doctype" not in found
    assert "No mail with “none”" in olga.get("/outbox?text=none").text


def test_a_mail_stands_in_a_frame_that_can_do_nothing(olga):
    mail = keep(html=EVIL)

    page = olga.get(f"/outbox/{mail.id}")
    alone = olga.get(f"/outbox/{mail.id}/content")

    assert EVIL not in page.text
    assert f'<iframe class="mailhead__frame" src="/outbox/{mail.id}/content"' in page.text
    assert re.search(r"<iframe[^>]* sandbox></iframe>", page.text)
    assert page.headers["Content-Security-Policy"].endswith(
        "frame-ancestors 'none'; frame-src 'self'"
    )
    assert EVIL in alone.text
    policy = alone.headers["Content-Security-Policy"]
    assert policy == (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        "frame-ancestors 'self'"
    )


def test_text_and_headers_have_their_tabs(olga):
    mail = keep("Grüße", text=f"One\n{EVIL}")

    text = olga.get(f"/outbox/{mail.id}?tab=text").text
    headers = olga.get(f"/outbox/{mail.id}?tab=headers").text

    assert "One\n&lt;script&gt;" in text
    assert "Message-ID" in headers and mail.message_id.strip("<>") in headers
    assert "&lt;script&gt;" in olga.get(f"/outbox/{mail.id}/content").text


def test_only_pages_with_mails_may_have_frames(olga):
    assert "frame-src" not in olga.get("/connections").headers["Content-Security-Policy"]


def test_a_kept_mail_is_sent_for_real_once(olga, mailbox):
    mail = keep()
    sending = f"/outbox/{mail.id}/sending"
    assert "Office" in olga.get(sending).text

    sent = olga.post(sending, data={"connection": "office"})
    again = olga.post(sending, data={"connection": "office"}, follow_redirects=True)

    assert sent.status_code == 303
    assert "has been sent" in again.text
    assert len(mailbox.mails) == 1
    assert mailbox.messages[0]["Message-ID"] == mail.message_id
    assert "Sent" in olga.get(f"/outbox/{mail.id}").text


def test_a_mail_that_can_t_be_sent_says_why_and_stays(olga, open_mailbox):
    server = open_mailbox(answers={"RCPT": "550 unknown"})
    connect(server.port)
    mail = keep()

    refused = olga.post(f"/outbox/{mail.id}/sending", data={"connection": "office"}, headers=HTMX)
    unknown = olga.post(f"/outbox/{mail.id}/sending", data={"connection": "none"}, headers=HTMX)

    assert refused.status_code == unknown.status_code == 422
    assert "does not take mail for ana@example.org (550): unknown" in refused.text
    assert (mails()[0].state, mails()[0].attempts) == ("failed", 1)


def test_who_only_looks_sends_nothing(people, client_of, mailbox):
    mail = keep()
    vera = client_of(people.vera)

    assert vera.get(f"/outbox/{mail.id}").status_code == 200
    assert vera.post(f"/outbox/{mail.id}/sending").status_code == 403
    assert "Send it for real" not in vera.get(f"/outbox/{mail.id}").text


def write(label="Order confirmation", **more):
    content = MailContent("Order {{order}}", "Hello {{name}}", more.pop("html", ""))
    return mail_templates.create(workspace().id, Values(label, content, {"name": "Ana"}), by="Olga")


def fresh_template(template):
    from core.storage.db import db

    db.session.rollback()
    db.session.expire_all()
    return db.session.get(MailTemplate, template.id)


def test_a_template_is_made_written_and_looked_at(olga):
    assert "No mail templates yet" in olga.get("/mail-templates").text

    made = olga.post("/mail-templates", data={"label": "Order <confirmation>"})
    address = made.location
    form = {"label": "Orders", "subject": "Order {{order}}", "text": "Hi\r\n{{name}}"}
    form |= {"html": "<p>{{name}}</p>", "sample-name": "<Ana>", "sample-gone": "x"}
    saved = olga.post(address, data=form, headers=HTMX)

    assert saved.status_code == 200
    assert "Order [order]" in saved.text
    assert "<p>&lt;Ana&gt;</p>" in olga.get(f"{address}/content").text
    template = MailTemplate.named(workspace().id, "order-confirmation")
    template = fresh_template(template)
    assert (template.label, template.text, template.samples) == (
        "Orders",
        "Hi\n{{name}}",
        {"name": "<Ana>"},
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"subject": ""}, "“Subject” is empty."),
        ({"subject": "a\nb"}, "line break"),
        ({"text": "{{ first name }}"}, "is no placeholder"),
        ({"text": ""}, "The mail is empty"),
        ({"label": ""}, "A name of at most 100 characters."),
    ],
)
def test_what_can_t_be_a_template_is_said_beside_the_field(olga, change, said):
    template = write()
    form = {"label": "Orders", "subject": "Hi", "text": "Hello", "html": ""} | change

    answer = olga.post(f"/mail-templates/{template.id}", data=form, headers=HTMX)

    assert answer.status_code == 422
    assert said in answer.text
    assert fresh_template(template).label == "Order confirmation"


def test_two_templates_don_t_share_a_name(olga):
    write()

    answer = olga.post("/mail-templates", data={"label": "Order confirmation"}, headers=HTMX)

    assert answer.status_code == 422
    assert "There is a template “order-confirmation” already." in answer.text


def test_a_template_is_copied(olga):
    template = write()

    olga.post(f"/mail-templates/{template.id}/copies")
    olga.post(f"/mail-templates/{template.id}/copies")

    names = {each.name for each in MailTemplate.of_workspace(workspace().id)}
    assert names == {
        "order-confirmation", "order-confirmation-copy", "order-confirmation-copy-2"
    }  # fmt: skip


def test_a_template_in_use_is_not_deleted(olga):
    template = write()
    workflow = make_workflow(step("m", "send_email", to="a@x.de", template="order-confirmation"))

    refused = olga.post(f"/mail-templates/{template.id}/deletion", headers=HTMX)
    assert refused.status_code == 422 and workflow.label in refused.text

    workflows.delete(workflow, by="Olga")
    olga.post(f"/mail-templates/{template.id}/deletion")
    assert MailTemplate.of_workspace(workspace().id) == []


def test_a_template_is_tried_with_its_samples(olga, mailbox):
    template = write(html="<p>{{name}}</p>")
    trial = f"/mail-templates/{template.id}/trial"
    assert 'value="olga@example.org"' in olga.get(trial).text

    olga.post(trial, data={"to": "max@example.org", "connection": "office"})
    kept = olga.post(trial, data={"to": "max@example.org", "connection": ""})
    wrong = olga.post(trial, data={"to": "max", "connection": ""}, headers=HTMX)

    assert mailbox.messages[0]["Subject"] == "Order [order]"
    assert kept.location == f"/outbox/{mails()[0].id}"
    assert "is not a mail address" in wrong.text


def test_a_step_fills_in_a_template(app, work):
    write()
    values = {"order": "ORD-7", "name": "{{ trigger.who }}"}
    mail_step = step("m", "send_email", to="a@x.de", template="order-confirmation", values=values)

    run = start_run(mail_step, input={"who": "{{order}} & Ana"})
    work()

    (mail,) = mails()
    assert (mail.subject, mail.text, mail.run_id) == (
        "Order ORD-7",
        "Hello {{order}} & Ana",
        run.id,
    )


def test_a_mailbox_is_tried_from_its_drawer(olga, mailbox):
    from core.storage.connection import Connection

    connection = Connection.named(workspace().id, "office")
    assert "Send a test mail" in olga.get(f"/connections/{connection.id}").text

    sent = olga.post(
        f"/connections/{connection.id}/test-mail",
        data={"label": "Office", "test-to": "max@example.org"},
        headers=HTMX,
    )
    wrong = olga.post(f"/connections/{connection.id}/test-mail", data={"test-to": "x"})

    assert "Look whether it has arrived at max@example.org." in sent.text
    assert "is not a mail address" in wrong.text
    assert mailbox.messages[0]["To"] == "max@example.org"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"host": "https://smtp.x.de"}, "Write the name of the server alone"),
        ({"port": "99999"}, "A number from 1 to 65535"),
        ({"security": "none", "username": "ana"}, "A password would be readable"),
        ({"from_email": "ana"}, "Write an address such as orders@example.org."),
        ({"from_name": "Ana\nBcc: b@x.de"}, "Write an address"),
    ],
)
def test_a_mailbox_is_refused_in_words(olga, fields, said):
    given = {"host": "smtp.x.de", "port": "587", "security": "starttls", "from_email": "a@x.de"}
    form = {f"field-{key}": value for key, value in (given | fields).items()}

    answer = olga.post("/connections", data={"type": "smtp", "label": "Box"} | form, headers=HTMX)

    assert answer.status_code == 422
    assert said in answer.text


def test_everybody_chooses_their_mails_and_managers_the_mailbox(people, client_of, mailbox):
    olga, max_ = client_of(people.olga), client_of(people.max)
    here = workspace().id

    olga.post("/settings/mail/mine", data={"failures": "no"}, headers=HTMX)
    max_.post("/settings/mail/mine", data={"failures": "yes"})
    olga.post("/settings/mail", data={"connection": ""})

    assert not failure_mails.is_wanted(here, people.olga, "owner")
    assert failure_mails.is_wanted(here, people.max, "editor")
    assert mail_posting.default_connection(here) == ""
    assert max_.post("/settings/mail", data={"connection": "office"}).status_code == 403
    assert olga.post("/settings/mail", data={"connection": "nobody"}).status_code == 404
    assert "Only owners and admins change this." in max_.get("/settings/mail").text
