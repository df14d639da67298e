"""Ask people, show what they are asked, and take the first answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from core import config
from core.engine import answers, parameters, questions
from core.engine.errors import StepFailed
from core.engine.mail_messages import MailAddress, MailFailed, read_addresses
from core.engine.outcomes import AskPeople
from core.engine.parameters import Parameter
from core.engine.questions import LONGEST_COMMENT, Asked
from core.engine.requests import Perform
from core.engine.states import FINAL
from core.runtime import approval_letters, callbacks, mail_posting, reminders
from core.runtime.approval_letters import Letter
from core.runtime.callbacks import Place
from core.runtime.outbox import Origin
from core.storage.columns import database_now
from core.storage.db import read_connection, write_connection
from core.storage.run import Run, StepRun, Wait
from core.storage.workflow import Workflow
from core.storage.workspace import Workspace

RUN, WAIT, STEP_RUN = Run.__table__, Wait.__table__, StepRun.__table__
WORKFLOW, WORKSPACE = Workflow.__table__, Workspace.__table__
OPEN, ANSWERED, EXPIRED, ENDED = "open", "answered", "expired", "ended"


@dataclass(frozen=True, slots=True)
class Question:
    """What a step of a run asks, and how it stands."""

    place: Place
    state: str  # open | answered | expired | ended
    workspace: str
    workflow: str
    message: str
    form: Sequence[Asked]
    people: Sequence[MailAddress]
    asked_at: datetime
    until: datetime | None
    timezone: str
    answer: Mapping[str, Any]
    answered_at: datetime | None

    @property
    def parameters(self) -> list[Parameter]:
        """What the form declares."""
        return [field.parameter for field in self.form]


def ask(
    connection: Connection, run: Row[Any], perform: Perform, asked: AskPeople, *, now: datetime
) -> AskPeople:
    """Write the question, its mails and its reminders, all in the step's transaction."""
    length = answers.shortest(asked.length, perform.timeout)
    until = now + length if length else None
    row = {"run_id": run.id, "path": perform.path, "round": run.round, "kind": answers.APPROVAL}
    connection.execute(insert(WAIT).values(**row, wake_at=until))
    reminders.forget(connection, run.id, perform.path)
    about = _about(connection, run)
    step = perform.step.label or perform.step_type.label
    for number, person in enumerate(asked.people):
        letter = Letter(
            *about, asked.message, link(run.id, perform.path, number), until, run.timezone
        )
        place = {"workflow_id": run.workflow_id, "run_id": run.id, "step": step}
        key = f"{run.id}:{perform.path}:asked:{run.round}:{number}"
        mail = approval_letters.write(letter, person, is_reminder=False)
        mail_posting.post(Origin(run.workspace_id, key, **place), mail)
        if asked.remind_after and (length is None or asked.remind_after < length):
            key = reminders.key(run.id, run.round, perform.path, number)
            origin = Origin(run.workspace_id, key, kind=reminders.KIND, **place)
            mail = approval_letters.write(letter, person, is_reminder=True)
            mail_posting.post(origin, mail, at=now + asked.remind_after)
    return replace(asked, until=until)


def link(run_id: str, path: str, number: int) -> str:
    """The address at which that person answers."""
    place = Place(run_id, f"{path}#{number}")
    return f"{config.current().base_url}/approvals/{callbacks.token(answers.APPROVAL, place)}"


def by_link(token: str) -> tuple[Question, MailAddress] | None:
    """What the holder of a link is asked, and who they are; None for a link that opens nothing."""
    opened = callbacks.place_of(answers.APPROVAL, token)
    if opened is None:
        return None
    path, _, number = opened.path.rpartition("#")
    question = find(Place(opened.run_id, path))
    if question is None or int(number) >= len(question.people):
        return None
    return question, question.people[int(number)]


def find(place: Place) -> Question | None:
    """The question at that place, if one was asked there."""
    columns = (
        RUN.c.state,
        RUN.c.timezone,
        RUN.c.cancel_requested_at,
        STEP_RUN.c.inputs,
        STEP_RUN.c.started_at,
        WAIT.c.wake_at,
        WAIT.c.payload,
        WAIT.c.answered_at,
        WORKFLOW.c.label,
        WORKSPACE.c.label.label("workspace"),
        database_now().label("now"),
    )
    same = (WAIT.c.run_id == RUN.c.id) & (WAIT.c.round == RUN.c.round)
    its = (
        (STEP_RUN.c.run_id == WAIT.c.run_id)
        & (STEP_RUN.c.path == WAIT.c.path)
        & (STEP_RUN.c.round == WAIT.c.round)
    )
    query = (
        select(*columns)
        .select_from(RUN)
        .join(WAIT, same)
        .join(STEP_RUN, its)
        .join(WORKFLOW, WORKFLOW.c.id == RUN.c.workflow_id)
        .join(WORKSPACE, WORKSPACE.c.id == RUN.c.workspace_id)
        .where(RUN.c.id == place.run_id, WAIT.c.path == place.path)
        .where(WAIT.c.kind == answers.APPROVAL)
    )
    with read_connection() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else _question(place, row)


def of_run(run_id: str) -> list[Question]:
    """What a run asks people just now, the oldest question first."""
    is_open = WAIT.c.run_id == run_id, WAIT.c.answered_at.is_(None), WAIT.c.kind == answers.APPROVAL
    with read_connection() as connection:
        paths = list(connection.execute(select(WAIT.c.path).where(*is_open)).scalars())
    found = [question for path in paths if (question := find(Place(run_id, path)))]
    shown = [question for question in found if question.state == OPEN]
    return sorted(shown, key=lambda question: question.asked_at)


def read_fields(
    question: Question, form: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of the form's fields, and by field what is wrong."""
    values, bad = parameters.read_typed(question.parameters, form, question.timezone)
    labels = {field.parameter.key: field.label for field in question.form}
    said = {
        one.parameter: one.message.replace(f"“{one.parameter}”", f"“{labels[one.parameter]}”")
        for one in bad
    }
    return values, said


def answer(
    question: Question, *, approved: bool, by: str, comment: str, fields: Mapping[str, Any]
) -> bool:
    """Write the answer, if none came before and there is still time; whether it counts."""
    comment = comment.strip()[:LONGEST_COMMENT]
    payload = {"approved": approved, "by": by, "comment": comment, "fields": dict(fields)}
    place = question.place
    outcome = callbacks.answer(place, answers.APPROVAL, payload, is_early_kept=False)
    if outcome != callbacks.ACCEPTED:
        return False
    with write_connection() as connection:
        reminders.forget(connection, place.run_id, place.path)
    return True


def _question(place: Place, row: Any) -> Question:
    given = row.inputs or {}
    is_unanswered = row.payload in answers.UNANSWERED
    return Question(
        place,
        _state(row),
        row.workspace,
        row.label,
        str(given.get("message") or ""),
        _form(given),
        _people(given),
        row.started_at,
        row.wake_at,
        row.timezone,
        {} if is_unanswered else row.payload or {},
        row.answered_at,
    )


def _state(row: Any) -> str:
    if row.payload == answers.DROPPED:
        return ENDED
    if row.answered_at is not None:
        return EXPIRED if row.payload == answers.TIMED_OUT else ANSWERED
    if row.state in FINAL or row.cancel_requested_at is not None:
        return ENDED
    return EXPIRED if row.wake_at is not None and row.wake_at <= row.now else OPEN


def _form(given: Mapping[str, Any]) -> Sequence[Asked]:
    try:
        return questions.read(given.get("fields"))
    except StepFailed:
        return ()


def _people(given: Mapping[str, Any]) -> Sequence[MailAddress]:
    try:
        return read_addresses(given.get("who"), "Whom")
    except MailFailed:
        return ()


def _about(connection: Connection, run: Row[Any]) -> tuple[str, str]:
    """The labels of the workspace and the workflow."""
    query = (
        select(WORKSPACE.c.label, WORKFLOW.c.label.label("workflow"))
        .join(WORKFLOW, WORKFLOW.c.workspace_id == WORKSPACE.c.id)
        .where(WORKFLOW.c.id == run.workflow_id)
    )
    row = connection.execute(query).one()
    return str(row.label), str(row.workflow)
