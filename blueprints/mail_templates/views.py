"""The list of templates, and the page on which one is written and looked at."""

from typing import Any

from flask import Response, request, url_for

from blueprints.access import current_person, current_workspace, found
from blueprints.hypermedia import go_to, render, render_change
from blueprints.mail_pages import content, framed
from blueprints.mail_templates import bp
from core.engine.mail_templates import MailContent
from core.runtime import mail_templates
from core.runtime.mail_templates import TemplateRefused, Values
from core.storage.db import db
from core.storage.mail_template import MailTemplate

INDEX = "mail_templates/index.html"
LIST = "mail_templates/_list.html"
NEW = "mail_templates/_new.html"
SHOW = "mail_templates/show.html"
FORM = "mail_templates/_form.html"
PREVIEW = "mail_templates/_preview.html"
FIRST = MailContent("Hello {{name}}", "Hello {{name}},\n\n", "")
SAMPLE = "sample-"


@bp.get("")
def index() -> Response:
    return render(INDEX, LIST, **listed())


@bp.get("/new")
def new() -> Response:
    return answer_new("", {})


@bp.post("")
def create() -> Response:
    label = request.form.get("label", "")
    values = Values(label, FIRST, {})
    try:
        template = mail_templates.create(
            current_workspace().id, values, by=current_person().name, name=typed_name()
        )
    except TemplateRefused as refused:
        return answer_new(label, refused.problems, status=422)
    return go_to(url_for("mail_templates.show", template_id=template.id))


@bp.get("/<int:template_id>")
def show(template_id: int) -> Response:
    template = visible_template(template_id)
    return framed(render(SHOW, FORM, PREVIEW, **shown(template)))


@bp.post("/<int:template_id>")
def change(template_id: int) -> Response:
    template = visible_template(template_id)
    values = typed()
    try:
        mail_templates.change(template, values, by=current_person().name)
    except TemplateRefused as refused:
        page = render(SHOW, FORM, status=422, **shown(template, values, refused.problems))
        return framed(page)
    here = url_for("mail_templates.show", template_id=template.id)
    return render_change(FORM, PREVIEW, otherwise=here, toast="Saved", **shown(template))


@bp.get("/<int:template_id>/content")
def mail_content(template_id: int) -> Response:
    """The mail with its samples, for its frame."""
    filled = mail_templates.with_samples(visible_template(template_id))
    return content(filled.subject, filled.text, filled.html)


def visible_template(template_id: int) -> MailTemplate:
    """The template, if it is in this person's workspace; else 404."""
    here = MailTemplate.id == template_id, MailTemplate.workspace_id == current_workspace().id
    return found(db.session.scalar(db.select(MailTemplate).where(*here)))


def listed() -> dict[str, Any]:
    """What the list needs."""
    return {"templates": MailTemplate.of_workspace(current_workspace().id)}


def shown(
    template: MailTemplate, given: Values | None = None, problems: dict[str, str] | None = None
) -> dict[str, Any]:
    """What the page of one template needs; `given` is what was typed and could not be saved."""
    given = given or Values(template.label, template.content, template.samples)
    samples = mail_templates.sample_values(given.content, given.samples)
    return {
        "template": template,
        "given": given,
        "problems": problems or {},
        "samples": samples,
        "filled": mail_templates.with_samples(template),
        "users": mail_templates.used_by(template),
    }


def answer_new(label: str, problems: dict[str, str], *, status: int = 200) -> Response:
    return render(
        INDEX,
        NEW,
        status=status,
        dialog=NEW,
        label=label,
        name=typed_name(),
        problems=problems,
        **listed(),
    )


def typed_name() -> str:
    return request.form.get("name", "").strip()


def typed() -> Values:
    """What the form holds; browsers send line ends in two characters."""
    form = request.form
    parts = (form.get(key, "").replace("\r\n", "\n") for key in ("subject", "text", "html"))
    samples = {
        key.removeprefix(SAMPLE): value for key, value in form.items() if key.startswith(SAMPLE)
    }
    return Values(form.get("label", ""), MailContent(*parts), samples)
