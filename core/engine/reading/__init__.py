"""Read the JSON of a workflow file, a step or a path strictly: all problems, each with its path."""

from dataclasses import dataclass
from typing import Any

from core.engine.definition import Branch, Definition, Step
from core.engine.errors import DefinitionError
from core.engine.reading.shapes import (
    Also,
    Choice,
    Duration,
    Group,
    Number,
    Report,
    Shape,
    Text,
)
from core.engine.reading.steps import BRANCH_OPTIONS, ID, OneStep, Steps, StepTypes, check_ids
from core.engine.reading.triggers import AuthSchemes, triggers

FORMAT = 1
MOST_STEPS_OF_A_RUN = 1_000_000
COLORS = ("blue", "teal", "violet", "amber", "rose")
NAME = Text(
    r"[a-z0-9][a-z0-9_-]{0,63}",
    "may have small letters, digits, _ and -, at most 64, and begins with a letter or digit",
)


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """What one file says: how the workflow presents itself, and its definition."""

    name: str
    label: str
    folder: str
    color: str
    description: str
    definition: Definition


class BadFile(DefinitionError):
    """A file that can't be used, with (path, message) of every problem."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        super().__init__("\n".join(f"{path}: {message}" for path, message in problems))
        self.problems = problems


def read(
    value: Any, *, step_types: StepTypes | None = None, auth_schemes: AuthSchemes | None = None
) -> WorkflowFile:
    """The workflow that a file's JSON describes; raises BadFile with all problems."""
    check(workflow_file(step_types, auth_schemes), value)
    return WorkflowFile(
        name=value["workflow"],
        label=value.get("label") or label_of(value["workflow"]),
        folder=value.get("folder", ""),
        color=value.get("color", ""),
        description=value.get("description", ""),
        definition=Definition.from_json(value),
    )


def workflow_file(step_types: StepTypes | None, auth_schemes: AuthSchemes | None) -> Shape:
    """The shape of a whole file."""
    keys: dict[str, Shape] = {
        "openbuild": Choice((FORMAT,)),
        "workflow": NAME,
        "label": Text(longest=200),
        "folder": Text(longest=200),
        "color": Choice(COLORS),
        "description": Text(),
        **definition_keys(step_types, auth_schemes),
    }
    return Group(keys, ("openbuild", "workflow", "steps"))


def definition_keys(
    step_types: StepTypes | None, auth_schemes: AuthSchemes | None
) -> dict[str, Shape]:
    return {
        "triggers": triggers(auth_schemes),
        "settings": SETTINGS,
        "steps": Also(Steps(step_types), check_ids),
    }


def read_definition(value: Any) -> Definition:
    """A definition of unknown origin; raises BadFile."""
    check(Group(definition_keys(None, None), ("steps",)), value)
    return Definition.from_json(value)


def read_step(value: Any) -> Step:
    """A step of unknown origin with all inside it; raises BadFile."""
    check(ONE_STEP, value)
    return Step.from_json(value)


def read_branch(value: Any) -> Branch:
    """A path of unknown origin with its steps, if it brings any; raises BadFile."""
    check(ONE_BRANCH, value)
    return Branch.from_json(value)


def check_step_id(value: Any) -> None:
    """Raises BadFile if a step can't be called that."""
    check(ID, value)


def check_triggers(value: Any) -> None:
    """Raises BadFile if a definition can't start like that."""
    check(triggers(None), value)


def check_settings(value: Any) -> None:
    """Raises BadFile if a definition can't have these settings."""
    check(SETTINGS, value)


def check(shape: Shape, value: Any) -> None:
    """Raises BadFile with everything that is wrong."""
    report = Report()
    shape.check(value, (), report)
    if report.problems:
        raise BadFile(tuple(report.problems))


def label_of(name: str) -> str:
    """A readable label made from a name: “order-intake” is “Order intake”."""
    words = name.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


MOST_PLACES = 10_000
WHEN_FULL = ("queue", "skip", "replace")
CONCURRENCY = Group(
    {
        "limit": Number(1, MOST_PLACES, is_whole=True),
        "per": Text(longest=2000),
        "when_full": Choice(WHEN_FULL),
    },
    ("limit",),
)
SETTINGS = Group(
    {
        "timeout": Duration(),
        "max_steps": Number(1, MOST_STEPS_OF_A_RUN, is_whole=True),
        "run_title": Text(longest=2000),
        "concurrency": CONCURRENCY,
        "on_failure": Group({"workflow": NAME}, ("workflow",)),
    },
    what="setting",
)
ONE_BRANCH = Group({**BRANCH_OPTIONS, "steps": Steps()}, ("key",))
ONE_STEP = OneStep(None, Group({**BRANCH_OPTIONS, "steps": Steps()}, ("key", "steps")))
