"""Send a mail that was kept: asked before, through which mailbox."""

from flask import Response, request, url_for

from blueprints.hypermedia import go_to, render
from blueprints.mail_pages import framed
from blueprints.outbox import bp
from blueprints.outbox.views import INDEX, shown, visible_mail
from core.engine.mail_messages import MailFailed
from core.runtime import mail_posting, outbox
from core.runtime.outbox import NotSendable

DIALOG = "outbox/_send.html"


@bp.get("/outbox/<int:mail_id>/sending")
def choose_mailbox(mail_id: int) -> Response:
    return answer_dialog(mail_id)


@bp.post("/outbox/<int:mail_id>/sending")
def send(mail_id: int) -> Response:
    mail = visible_mail(mail_id)
    name = request.form.get("connection", "")
    if name not in {box.name for box in mail_posting.mailboxes(mail.workspace_id)}:
        return answer_dialog(mail_id, problem="Choose a mailbox.", status=422)
    try:
        outbox.send_by_hand(mail, name)
    except NotSendable as refused:
        here = url_for("outbox.show", mail_id=mail_id)
        return go_to(here, toast=str(refused), failed=True)
    except MailFailed as failure:
        return answer_dialog(mail_id, problem=f"{failure.message}.", status=422)
    return go_to(url_for("outbox.show", mail_id=mail_id), toast=f"Sent to {mail.to_line}")


def answer_dialog(mail_id: int, *, problem: str = "", status: int = 200) -> Response:
    mail = visible_mail(mail_id)
    boxes = mail_posting.mailboxes(mail.workspace_id)
    page = render(
        INDEX,
        DIALOG,
        status=status,
        dialog=DIALOG,
        mail=mail,
        mailboxes=[(box.name, box.label) for box in boxes],
        problem=problem,
        **shown(mail),
    )
    return framed(page)
