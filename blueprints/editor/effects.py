"""What a run of the draft will really do to the world, said before it does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from core.engine import wording
from core.engine.definition import Branch, Definition, Step
from core.engine.expressions import ExpressionError, resolve
from core.engine.step_type import StepType
from core.steps import step_types

VERBS = {"GET": "read from", "POST": "post to", "PUT": "write to", "PATCH": "change"}
INSIDE = {"store_value": "store the value", "increment_value": "count up"}
THIRD = {"store": "stores", "post": "posts", "send": "sends", "run": "runs", "change": "changes"}


@dataclass(frozen=True, slots=True)
class Doing:
    """One thing that happens outside of the run itself."""

    kind: str
    icon: str
    does: str
    by: str
    is_conditional: bool

    @property
    def words(self) -> str:
        """“posts to shop.example.com”, or what it may do."""
        if self.is_conditional:
            return f"may {self.does}"
        verb, _, rest = self.does.partition(" ")
        return f"{THIRD.get(verb, verb + 's')} {rest}"


def of_definition(definition: Definition, trigger: Mapping[str, Any]) -> list[Doing]:
    """Everything that a run with this input does or may do."""
    return list(_of_steps(definition.steps, {"trigger": trigger}, is_conditional=False))


def _of_steps(
    steps: tuple[Step, ...], scope: Mapping[str, Any], *, is_conditional: bool
) -> Iterator[Doing]:
    types = step_types()
    for step in steps:
        step_type = types.get(step.type)
        if step.disabled or step_type is None:
            continue
        doubtful = is_conditional or step.only_when is not None
        words = _words(step, step_type, scope)
        if words:
            name = step.label or step_type.label
            yield Doing(step_type.category, step_type.icon, words, name, doubtful)
        for branch in step.branches:
            inner = doubtful or _is_doubtful(step, branch)
            yield from _of_steps(branch.steps, scope, is_conditional=inner)


def _is_doubtful(step: Step, branch: Branch) -> bool:
    """Whether a path may not be walked at all."""
    if step.type == "try":
        return branch.key == "catch"
    return step.type in ("branch", "for_each", "repeat")


def _words(step: Step, step_type: StepType, scope: Mapping[str, Any]) -> str:
    match step.type:
        case "call_api":
            return _call(step, scope)
        case "send_email":
            to = _said(step.inputs.get("to"), scope) or "somebody"
            is_sent = bool(step.inputs.get("connection"))
            return f"send a mail to {to}" if is_sent else f"keep a mail to {to} in the outbox"
        case "ask_approval":
            return f"ask {_said(step.inputs.get('who'), scope) or 'somebody'} by mail"
        case "wait_for_call":
            return "wait for an answer from outside"
        case "run_workflow":
            return f"run the workflow {wording.say(step.inputs.get('workflow'))}"
    if step.type in INSIDE:
        return f"{INSIDE[step.type]} {_said(step.inputs.get('key'), scope)}"
    if step_type.effect.is_outside:
        return f"{step_type.label[:1].lower()}{step_type.label[1:]}: {step_type.summary(step)}"
    return ""


def _call(step: Step, scope: Mapping[str, Any]) -> str:
    method = str(step.inputs.get("method", "GET")).upper()
    url = _said(step.inputs.get("url"), scope)
    host = urlsplit(url).netloc or url or "some address"
    return f"{VERBS.get(method, 'send ' + method + ' to')} {host}"


def _said(value: Any, scope: Mapping[str, Any]) -> str:
    """A value as it will be with this input, else what it is made of."""
    try:
        found = resolve(value, {**scope, "steps": {}, "vars": {}})
    except ExpressionError:
        return wording.say(value)
    return wording.say(found) or wording.say(value)
