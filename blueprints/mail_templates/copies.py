"""Copy a template under a new name."""

from flask import Response, url_for

from blueprints.access import current_person
from blueprints.hypermedia import go_to
from blueprints.mail_templates import bp
from blueprints.mail_templates.views import visible_template
from core.runtime import mail_templates


@bp.post("/<int:template_id>/copies")
def duplicate(template_id: int) -> Response:
    copy = mail_templates.duplicate(visible_template(template_id), by=current_person().name)
    return go_to(url_for("mail_templates.show", template_id=copy.id), toast="This is the copy")
