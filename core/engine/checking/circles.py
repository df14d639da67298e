"""Workflows that start other workflows, and the circles of them."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from urllib.parse import SplitResult, urlsplit

from core.engine.checking.flow import Flow
from core.engine.checking.problem import Place, Problem
from core.engine.checking.surroundings import KnownWorkflow, Surroundings
from core.engine.definition import Definition, Step
from core.engine.step_type import StepType

OWN_URL = re.compile(r"(?:/[a-z0-9_-]+)?/api/1\.1/wf/([a-z0-9][a-z0-9_-]{0,63})(?:@\d+)?/?")
USUAL_PORTS = (None, 80, 443)  # one leads to the other
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
MOST_SHOWN = 6  # workflows of a circle that are named
StepTypes = Mapping[str, StepType]


def calls_of(definition: Definition, step_types: StepTypes, base_url: str) -> dict[str, bool]:
    """The workflows that a definition starts; true for those that every run of it starts."""
    found: dict[str, bool] = {}
    for _, _, name, is_certain in started(definition.steps, step_types, base_url, certain=True):
        found[name] = found.get(name, False) or is_certain
    return found


def started(
    steps: tuple[Step, ...], step_types: StepTypes, base_url: str, *, certain: bool
) -> Iterator[tuple[Step, str, str, bool]]:
    """The steps that start workflows: by which field, which one, and whether in every run."""
    flow = Flow(step_types)
    for step in steps:
        if step.disabled:
            continue
        for field, name in named(step, step_types, base_url):
            yield step, field, name, certain and is_unguarded(step, field, step_types)
        for branch in step.branches:
            yield from started(branch.steps, step_types, base_url, certain=False)
        certain = certain and flow.always_goes_on(step)


def is_unguarded(step: Step, field: str, step_types: StepTypes) -> bool:
    """Whether the step always starts its workflow at once, and fails if that fails."""
    is_planned = step_types[step.type].plans_runs
    is_by_url = field == "url"
    return step.only_when is None and step.on_error != "continue" and not (is_planned or is_by_url)


def named(step: Step, step_types: StepTypes, base_url: str) -> Iterator[tuple[str, str]]:
    """The workflows that one step names, or calls by their URL."""
    step_type = step_types.get(step.type)
    for field in step_type.fields if step_type else ():
        value = step.inputs.get(field.key)
        if not isinstance(value, str):
            continue
        if field.kind == "workflow" and "{{" not in value:
            yield field.key, value
        elif field.kind == "url" and (name := called_by_url(value, base_url)):
            yield field.key, name


def called_by_url(url: str, base_url: str) -> str:
    """The name of the workflow that is called at an address of this installation."""
    if not base_url or not url.startswith(("http://", "https://")):
        return ""
    try:
        there, here = urlsplit(url), urlsplit(base_url)
        is_here = _door(there) == _door(here)
    except ValueError:
        return ""
    found = OWN_URL.fullmatch(there.path.removeprefix(here.path)) if is_here else None
    return found[1] if found else ""


def _door(url: SplitResult) -> tuple[str, int | None]:
    """Host and port by which a server is found; this machine goes by several names."""
    host = "localhost" if url.hostname in THIS_MACHINE else url.hostname or ""
    return host, None if url.port in USUAL_PORTS else url.port


def circle_problems(
    definition: Definition, step_types: StepTypes, around: Surroundings
) -> Iterator[Problem]:
    """Steps by which this workflow starts itself, also through others."""
    if not around.name:
        return
    found = started(definition.steps, step_types, around.base_url, certain=True)
    for step, key, name, is_certain in found:
        circle = way_back(name, around)
        if circle is None:
            continue
        field = f"inputs.{key}"
        message = in_words([around.name, *circle, around.name], by_url=key == "url")
        if is_certain and all(certainties(circle, around)):
            hint = ", and every run does; give the step a condition"
            yield Place(step.id, field).error("endless_circle", message + hint)
        else:
            hint = "; make sure that it ends"
            yield Place(step.id, field).warning("circle", message + hint)


def in_words(names: list[str], *, by_url: bool) -> str:
    if len(names) == 2:
        return f"this workflow {'calls its own URL' if by_url else 'starts itself'}"
    shown = names if len(names) <= MOST_SHOWN else [*names[: MOST_SHOWN - 1], "…", names[-1]]
    return f"these workflows start each other in a circle: {' → '.join(shown)}"


def way_back(name: str, around: Surroundings) -> list[str] | None:
    """The workflows between a step and the workflow it stands in; None if it leads elsewhere."""
    if name == around.name:
        return []
    before: dict[str, str] = {name: ""}
    waiting = [name]
    while waiting:
        here = waiting.pop(0)
        for called in around.workflows.get(here, KnownWorkflow()).calls:
            if called == around.name:
                return list(reversed(list(line(here, before))))
            if called not in before:
                before[called] = here
                waiting.append(called)
    return None


def line(name: str, before: Mapping[str, str]) -> Iterator[str]:
    while name:
        yield name
        name = before[name]


def certainties(circle: list[str], around: Surroundings) -> Iterator[bool]:
    """Whether each workflow of a circle starts the next in every run."""
    for name, following in pairwise([*circle, around.name]):
        yield around.workflows[name].calls.get(following, False)
