"""Create, change, copy and delete mail templates; fill them with samples to be looked at."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from core import clock
from core.engine.mail_messages import MailAddress, MailFailed, OutgoingMail, check, check_subject
from core.engine.mail_templates import MailContent
from core.runtime import outbox
from core.runtime.connections import NAME, name_for
from core.storage.db import db, transaction
from core.storage.mail_template import MailTemplate
from core.storage.workflow import Version, Workflow

LONGEST_LABEL = 100
TRIAL_SECONDS = 10.0
STEP_TYPE = "send_email"


class TemplateRefused(Exception):
    """Values that can't be stored; `problems` says by field what is wrong."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class TemplateInUse(Exception):
    """A template that workflows still use can't be deleted."""


@dataclass(frozen=True, slots=True)
class Values:
    """What a form gives: the label, the parts, and samples for the placeholders."""

    label: str
    content: MailContent
    samples: Mapping[str, str]


def create(workspace_id: int, values: Values, *, by: str, name: str = "") -> MailTemplate:
    """Store a new template; raises TemplateRefused."""
    name = name or name_for(values.label) or "mail"
    problems = _problems(values)
    if not NAME.fullmatch(name):
        problems["name"] = "Use small letters, digits, - and _, at most 64."
    now = clock.now()
    with transaction() as session:
        if MailTemplate.named(workspace_id, name):
            problems["name"] = f"There is a template “{name}” already."
        if problems:
            raise TemplateRefused(problems)
        template = MailTemplate(workspace_id=workspace_id, name=name, created_at=now)
        _write(template, values, by)
        session.add(template)
    return template


def change(template: MailTemplate, values: Values, *, by: str) -> None:
    """Change a template; raises TemplateRefused."""
    if problems := _problems(values):
        raise TemplateRefused(problems)
    with transaction():
        _write(template, values, by)


def duplicate(template: MailTemplate, *, by: str) -> MailTemplate:
    """A copy under a name that is free."""
    taken = {other.name for other in MailTemplate.of_workspace(template.workspace_id)}
    base = f"{template.name[:56]}-copy"
    tries = (base if n == 1 else f"{base}-{n}" for n in range(1, len(taken) + 2))
    name = next(each for each in tries if each not in taken)
    label = f"{template.label[: LONGEST_LABEL - 7]} (copy)"
    values = Values(label, template.content, template.samples)
    return create(template.workspace_id, values, by=by, name=name)


def delete(template: MailTemplate) -> None:
    """Forget a template; raises TemplateInUse."""
    with transaction() as session:
        if used_by(template):
            raise TemplateInUse(template.name)
        session.delete(template)


def used_by(template: MailTemplate) -> list[Workflow]:
    """The workflows whose draft or live version uses it."""
    workflows = Workflow.of_workspace(template.workspace_id)
    live = [workflow.published_id for workflow in workflows if workflow.published_id]
    query = select(Version.workflow_id, Version.content).where(Version.id.in_(live))
    published = {workflow_id: content for workflow_id, content in db.session.execute(query)}
    return [
        workflow
        for workflow in workflows
        if template.name in {*_named(workflow.draft), *_named(published.get(workflow.id))}
    ]


def with_samples(template: MailTemplate) -> MailContent:
    """The template as it looks with its sample values."""
    return template.content.fill(sample_values(template.content, template.samples))


def sample_values(content: MailContent, samples: Mapping[str, str]) -> dict[str, str]:
    """A value for every placeholder: the sample, else its own name."""
    return {name: samples.get(name) or f"[{name}]" for name in content.placeholders}


def send_trial(template: MailTemplate, to: MailAddress, connection: str) -> int:
    """Send it with its samples, or keep it here; returns the mail's id; raises MailFailed."""
    filled = with_samples(template)
    mail = check(OutgoingMail((to,), filled.subject, filled.text, filled.html))
    return outbox.send_test(template.workspace_id, mail, connection, seconds=TRIAL_SECONDS)


def _problems(values: Values) -> dict[str, str]:
    content = values.content
    problems = dict(content.problems)
    if not values.label.strip() or len(values.label) > LONGEST_LABEL:
        problems["label"] = f"A name of at most {LONGEST_LABEL} characters."
    try:
        check_subject(content.subject)
    except MailFailed as failure:
        problems.setdefault("subject", failure.message + ".")
    if not content.text.strip() and not content.html.strip():
        problems.setdefault("text", "The mail is empty: write a text or HTML.")
    return problems


def _write(template: MailTemplate, values: Values, by: str) -> None:
    content = values.content
    template.label = values.label.strip()
    template.subject, template.text, template.html = content.subject, content.text, content.html
    known = content.placeholders
    template.samples = {name: values.samples[name] for name in known if values.samples.get(name)}
    template.updated_at, template.updated_by = clock.now(), by


def _named(part: Any) -> Iterator[str]:
    """Every template that a definition's mail steps name."""
    if isinstance(part, Mapping):
        inputs = part.get("inputs")
        if part.get("type") == STEP_TYPE and isinstance(inputs, Mapping):
            yield str(inputs.get("template") or "")
        for value in part.values():
            yield from _named(value)
    elif isinstance(part, list):
        for item in part:
            yield from _named(item)
