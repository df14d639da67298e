"""Send a template with its samples to somebody, to see it arrive."""

from flask import Response, request, url_for

from blueprints.access import current_person
from blueprints.hypermedia import go_to, render
from blueprints.mail_pages import framed
from blueprints.mail_templates import bp
from blueprints.mail_templates.views import SHOW, shown, visible_template
from core.engine.mail_messages import MailFailed, read_address
from core.runtime import mail_posting, mail_templates

DIALOG = "mail_templates/_trial.html"


@bp.get("/<int:template_id>/trial")
def new_trial(template_id: int) -> Response:
    template = visible_template(template_id)
    chosen = mail_posting.default_connection(template.workspace_id)
    return answer_dialog(template_id, {"to": current_person().email, "connection": chosen})


@bp.post("/<int:template_id>/trial")
def send_trial(template_id: int) -> Response:
    template = visible_template(template_id)
    typed = {name: request.form.get(name, "").strip() for name in ("to", "connection")}
    known = {box.name for box in mail_posting.mailboxes(template.workspace_id)} | {""}
    if typed["connection"] not in known:
        return answer_dialog(template_id, typed, "Choose a mailbox.", status=422)
    try:
        to = read_address(typed["to"], "To")
        mail_id = mail_templates.send_trial(template, to, typed["connection"])
    except MailFailed as failure:
        return answer_dialog(template_id, typed, f"{failure.message}.", status=422)
    if typed["connection"]:
        here = url_for("mail_templates.show", template_id=template_id)
        return go_to(here, toast=f"Sent to {to.email}")
    return go_to(url_for("outbox.show", mail_id=mail_id), toast="Kept here; nothing was sent")


def answer_dialog(
    template_id: int, typed: dict[str, str], problem: str = "", *, status: int = 200
) -> Response:
    template = visible_template(template_id)
    boxes = [(box.name, box.label) for box in mail_posting.mailboxes(template.workspace_id)]
    page = render(
        SHOW,
        DIALOG,
        status=status,
        dialog=DIALOG,
        typed=typed,
        problem=problem,
        mailboxes=boxes,
        **shown(template),
    )
    return framed(page)
