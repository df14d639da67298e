"""Delete a template: asked before, refused while workflows use it."""

from flask import Response, url_for

from blueprints.hypermedia import go_to, render
from blueprints.mail_templates import bp
from blueprints.mail_templates.views import INDEX, listed, visible_template
from core.runtime import mail_templates
from core.runtime.mail_templates import TemplateInUse

DIALOG = "mail_templates/_delete.html"


@bp.get("/<int:template_id>/deletion")
def confirm_deletion(template_id: int) -> Response:
    return answer_dialog(template_id)


@bp.post("/<int:template_id>/deletion")
def delete(template_id: int) -> Response:
    template = visible_template(template_id)
    try:
        mail_templates.delete(template)
    except TemplateInUse:
        return answer_dialog(template_id, status=422)
    return go_to(url_for("mail_templates.index"), toast=f"“{template.label}” is deleted")


def answer_dialog(template_id: int, *, status: int = 200) -> Response:
    template = visible_template(template_id)
    users = mail_templates.used_by(template)
    return render(
        INDEX, DIALOG, status=status, dialog=DIALOG, template=template, users=users, **listed()
    )
