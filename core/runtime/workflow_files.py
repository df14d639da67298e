"""Workflows as files: read and written as YAML, planned, applied all or nothing, exported."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.auth_schemes import auth_schemes
from core.engine import reading
from core.engine.definition import Definition
from core.engine.differences import differences
from core.engine.reading import BadFile, WorkflowFile
from core.engine.reading.schedules import SCHEDULE
from core.engine.reading.shapes import Group, place
from core.engine.reading.steps import raw_steps
from core.engine.reading.triggers import PARAMETER
from core.runtime import accepted_warnings, workflows, yaml_reading, yaml_writing
from core.runtime.checks import Problem
from core.runtime.workflows import HasProblems
from core.runtime.yaml_reading import BadYaml, Parsed
from core.steps import step_types
from core.storage.db import transaction
from core.storage.workflow import Workflow

Texts = Mapping[str, str] | Sequence[str]
PRESENTATION = ("label", "folder", "color", "description")


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One reason why a file can't be used."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}"
        return f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class FilesRefused(Exception):
    """Files that can't be used, with every problem of all of them."""

    def __init__(self, problems: Sequence[FileProblem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Change:
    """What a file does to the workspace: `kind` is created, changed or unchanged.

    `version` is the one that went live by it; `problems` keep a draft from being published,
    `warnings` don't, and nobody has accepted them.
    """

    file: str
    name: str
    kind: str
    lines: tuple[str, ...] = ()
    version: int | None = None
    problems: tuple[FileProblem, ...] = ()
    warnings: tuple[FileProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file whose content is sound by itself."""

    file: str
    parsed: Parsed
    content: WorkflowFile

    def located(self, problem: Problem) -> FileProblem:
        """A problem of its definition with the line to look at."""
        path = problem.field or ""
        for step, here in raw_steps(self.parsed.value["steps"], ("steps",)):
            if step["id"] == problem.step_id:
                path = place(here) + (f".{path}" if path else "")
        line = self.parsed.line_of(path)
        where = f"step {problem.step_id}" if problem.step_id else path
        where += f", {problem.field}" if problem.step_id and problem.field else ""
        return FileProblem(self.file, line, where, problem.message)


class OnlyLooking(Exception):
    """Takes back what a plan has tried."""


def parse_yaml(text: str) -> Any:
    """The value of a file's text; raises BadYaml."""
    return yaml_reading.parse(text).value


def dump_yaml(workflow: Workflow | WorkflowFile) -> str:
    """The file's text: always the same for the same workflow."""
    return yaml_writing.dump(as_value(workflow))


def export(workflow: Workflow) -> str:
    """The draft as the text of a file; applying it changes nothing."""
    return dump_yaml(workflow)


def plan(workspace_id: int, texts: Texts, *, publish: bool = False) -> list[Change]:
    """What `apply` would do; raises FilesRefused as it would."""
    changes: list[Change] = []
    try:
        with transaction():
            changes = apply(workspace_id, texts, by="", publish=publish)
            raise OnlyLooking
    except OnlyLooking:
        return changes


def apply(
    workspace_id: int, texts: Texts, *, by: str, publish: bool = False, reason: str = ""
) -> list[Change]:
    """Create or change workflows from files, all of them or none; raises FilesRefused.

    `texts` are contents by file name, or contents alone. `reason` is why warnings are accepted.
    """
    files = read_all(texts)
    with transaction():
        changes = [put(workspace_id, file, by=by) for file in files]
        changes = [
            finish(workspace_id, file, change, by=by, publish=publish, reason=reason)
            for file, change in zip(files, changes, strict=True)
        ]
        if publish and any(change.problems for change in changes):
            raise FilesRefused([problem for change in changes for problem in change.problems])
        return [
            replace(change, warnings=open_warnings(workspace_id, file))
            for file, change in zip(files, changes, strict=True)
        ]


def open_warnings(workspace_id: int, file: ReadFile) -> tuple[FileProblem, ...]:
    """What should be looked at in a draft; asked when all files are in, which may name others."""
    workflow = the_workflow(workspace_id, file.content.name)
    return tuple(file.located(problem) for problem in open_of(workflow))


def read_all(texts: Texts) -> list[ReadFile]:
    """All files, if each of them is sound and no two are about the same workflow."""
    if not isinstance(texts, Mapping):
        texts = {f"file {number}": text for number, text in enumerate(texts, start=1)}
    files: list[ReadFile] = []
    problems: list[FileProblem] = []
    for name, text in texts.items():
        try:
            files.append(read_one(name, text))
        except FilesRefused as refusal:
            problems += refusal.problems
    problems += doubles(files)
    if problems:
        raise FilesRefused(problems)
    return files


def read_one(file: str, text: str) -> ReadFile:
    """One file; raises FilesRefused with all its problems."""
    try:
        parsed = yaml_reading.parse(text)
        content = reading.read(parsed.value, step_types=step_types(), auth_schemes=auth_schemes())
    except BadYaml as error:
        raise FilesRefused([FileProblem(file, error.line, "", error.message)]) from error
    except BadFile as error:
        found = [
            FileProblem(file, parsed.line_of(path), path, message)
            for path, message in error.problems
        ]
        raise FilesRefused(sorted(found, key=lambda problem: problem.line)) from error
    return ReadFile(file, parsed, content)


def doubles(files: Iterable[ReadFile]) -> list[FileProblem]:
    first: dict[str, str] = {}
    found = []
    for file in files:
        name = file.content.name
        if name in first:
            message = f"“{name}” is in {first[name]} already; one file for each workflow"
            line = file.parsed.line_of("workflow")
            found.append(FileProblem(file.file, line, "workflow", message))
        first.setdefault(name, file.file)
    return found


def put(workspace_id: int, file: ReadFile, *, by: str) -> Change:
    """Make the workflow's draft what the file says."""
    content = file.content
    workflow = Workflow.named(workspace_id, content.name)
    if workflow is None:
        workflows.create(
            workspace_id,
            content.name,
            content.label,
            by=by,
            definition=content.definition,
            folder=content.folder,
            color=content.color,
            description=content.description,
        )
        return Change(file.file, content.name, "created")
    lines = describe(workflow, content, by=by)
    before = workflow.definition
    if as_text(before) != as_text(content.definition):
        lines += differences(before, content.definition) or ("~ the order of keys",)
        workflows.replace_draft(workflow, content.definition, by=by)
    return Change(file.file, content.name, "changed" if lines else "unchanged", lines)


def describe(workflow: Workflow, content: WorkflowFile, *, by: str) -> tuple[str, ...]:
    wished = {name: str(getattr(content, name)).strip() for name in PRESENTATION}
    present = {name: getattr(workflow, name) for name in PRESENTATION}
    changed = [name for name in PRESENTATION if wished[name] != present[name]]
    if changed:
        workflows.describe(workflow, **wished, by=by)
    return tuple(f"~ {name}: {present[name] or 'nothing'} → {wished[name]}" for name in changed)


def the_workflow(workspace_id: int, name: str) -> Workflow:
    workflow = Workflow.named(workspace_id, name)
    if workflow is None:
        raise LookupError(name)
    return workflow


def finish(
    workspace_id: int, file: ReadFile, change: Change, *, by: str, publish: bool, reason: str
) -> Change:
    """Publish what differs from what is live, or say what keeps it from being published."""
    workflow = the_workflow(workspace_id, change.name)
    published = workflow.published
    is_live = published is not None and published.content == workflow.draft
    version: int | None = None
    problems: tuple[Problem, ...] = ()
    reasons = reasons_for(workflow, reason) if reason and publish else {}
    if publish and (reasons or not is_live):
        try:
            version = workflows.publish(workflow, by=by, reasons=reasons or None).number
        except HasProblems as refusal:
            problems = refusal.problems
    elif not publish:
        problems = tuple(p for p in workflows.problems(workflow) if p.severity == "error")
    located = tuple(file.located(problem) for problem in problems)
    return Change(change.file, change.name, change.kind, change.lines, version, located)


def reasons_for(workflow: Workflow, reason: str) -> dict[str, str]:
    """The reason for each warning that nobody has accepted yet."""
    return {problem.key: reason for problem in open_of(workflow)}


def open_of(workflow: Workflow) -> list[Problem]:
    accepted = accepted_warnings.of_version(workflow.published)
    found = workflows.problems(workflow)
    return [problem for problem in found if not problem.is_error and problem.key not in accepted]


def as_text(definition: Definition) -> str:
    """A definition as it would be exported: the same text, the same definition."""
    return yaml_writing.dump(tidy(definition))


def as_value(workflow: Workflow | WorkflowFile) -> dict[str, Any]:
    value: dict[str, Any] = {"openbuild": reading.FORMAT, "workflow": workflow.name}
    for name in PRESENTATION:
        if text := getattr(workflow, name):
            value[name] = text
    return value | tidy(workflow.definition)


def tidy(definition: Definition) -> dict[str, Any]:
    """The definition's JSON with all keys in the order of the contract."""
    value = definition.to_json()
    shapes = reading.definition_keys(None, None)
    for section in ("triggers", "settings"):
        if section in value:
            value[section] = ordered(value[section], shapes[section])
    endpoint = value.get("triggers", {}).get("endpoint", {})
    if "parameters" in endpoint:
        endpoint["parameters"] = [ordered(each, PARAMETER) for each in endpoint["parameters"]]
    if listed := value.get("triggers", {}).get("schedules"):
        value["triggers"]["schedules"] = [ordered(each, SCHEDULE) for each in listed]
    return value


def ordered(value: Any, shape: Any) -> Any:
    """A mapping with its keys, and those inside, in the order in which the shape names them."""
    if not isinstance(value, Mapping) or not isinstance(shape, Group):
        return value
    known = [key for key in shape.keys if key in value]
    others = [key for key in value if key not in shape.keys]
    return {key: ordered(value[key], shape.keys.get(key)) for key in (*known, *others)}
