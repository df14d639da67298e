"""The problems of a draft as pages show them: where they are and lead, and who accepted them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import url_for

from blueprints.editor import wording
from blueprints.workflow_pages import START
from core.engine.definition import Step
from core.runtime import accepted_warnings, workflows
from core.runtime.accepted_warnings import Accepted
from core.runtime.checks import Problem
from core.steps import step_types
from core.storage.workflow import Workflow

SECRET = "secret_typed_in"
LIMIT = {"concurrency": "limit"}
IF_IT_FAILS = ("retry", "timeout", "on_error", "after_crash")


@dataclass(frozen=True, slots=True)
class ShownProblem:
    """One problem. `step` is the card to select, empty if the settings are to blame."""

    key: str
    code: str
    severity: str
    message: str
    step_id: str | None
    field: str
    column: int | None
    where: str
    step: str
    link: str
    accepted: Accepted | None = None

    @property
    def is_error(self) -> bool:
        """Whether it keeps the draft from being published."""
        return self.severity == "error"

    @property
    def is_open(self) -> bool:
        """Whether somebody has to look at it."""
        return self.accepted is None

    @property
    def icon(self) -> str:
        """Its picture."""
        if self.is_error:
            return "circle-alert"
        return "triangle-alert" if self.is_open else "circle-check"


def of_draft(workflow: Workflow, names: Mapping[str, str]) -> Sequence[ShownProblem]:
    """All problems of the draft, in reading order."""
    accepted = accepted_warnings.of_version(workflow.published)
    return [
        shown(problem, workflow, names, accepted.get(problem.key))
        for problem in workflows.problems(workflow)
    ]


def shown(
    problem: Problem, workflow: Workflow, names: Mapping[str, str], accepted: Accepted | None
) -> ShownProblem:
    field = problem.field or ""
    is_secret = problem.code == SECRET and problem.step_id  # its message names no field
    inside = input_words(workflow.definition.find(problem.step_id), field) if is_secret else ""
    step = problem.step_id or ("" if field.startswith("settings") else START)
    return ShownProblem(
        problem.key,
        problem.code,
        problem.severity,
        wording.naming(problem.message, names),
        problem.step_id,
        field,
        problem.column,
        " › ".join(filter(None, (where(problem.step_id, field, names), inside))),
        step,
        link_to(workflow.id, step, field),
        accepted,
    )


def where(step_id: str | None, field: str, names: Mapping[str, str]) -> str:
    """What the place of a problem is called."""
    if step_id is not None:
        return names.get(step_id, step_id)
    return "Settings" if field.startswith("settings") else "Starts when"


def input_words(step: Step, field: str) -> str:
    """A field of a step's inputs, and what is meant inside it: “Headers › Authorization”."""
    group, _, key = field.partition(".")
    if group != "inputs":
        return ""
    key, *inner = key.split(".")
    step_type = step_types().get(step.type)
    labels = {known.key: known.label for known in step_type.fields} if step_type else {}
    return " › ".join([labels.get(key, key), *inner])


def link_to(workflow_id: int, step: str, field: str) -> str:
    """The page with the field that is to blame."""
    if not step:
        return url_for("editor.settings", workflow_id=workflow_id, _anchor=setting_of(field))
    values = {"step": step}
    if field.split(".")[0] in IF_IT_FAILS:
        values["tab"] = "fails"
    return url_for("editor.show", workflow_id=workflow_id, **values)


def setting_of(field: str) -> str:
    """The control of the page of settings that shows a field of the draft's settings."""
    _, name, *inner = field.split(".")
    return inner[0] if name == "concurrency" and inner else LIMIT.get(name, name)


def count_words(problems: Iterable[ShownProblem]) -> str:
    """How many of each kind there are: “1 error, 2 warnings”."""
    listed = list(problems)
    warnings = [problem for problem in listed if not problem.is_error]
    counts = {
        "error": sum(problem.is_error for problem in listed),
        "warning": sum(problem.is_open for problem in warnings),
        "accepted warning": sum(not problem.is_open for problem in warnings),
    }
    return ", ".join(wording.count(count, word) for word, count in counts.items() if count)
