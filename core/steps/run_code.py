"""Compute a result with a few lines of Python, shut off from everything else."""

from collections.abc import Mapping
from typing import Any

from core.engine import code, wording
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.fields import Field
from core.engine.outcomes import Done
from core.engine.step_type import StepContext, StepType

EXAMPLE = 'total = sum(line["price"] * line["quantity"] for line in lines)\nreturn {"total": total}'


class RunCode(StepType):
    """Python that reads values and returns one; it reaches nothing outside."""

    label = "Run code"
    help = "A few lines of Python for what an expression is too short for."
    category = "code"
    icon = "terminal"
    keywords = (
        "python",
        "script",
        "function",
        "javascript",
        "code",
        "custom",
        "transform",
        "compute",
    )
    fields = (
        Field(
            "values",
            "Values",
            kind="mapping",
            required=False,
            help="Each name is a variable in the code.",
        ),
        Field(
            "code",
            "Python",
            kind="code",
            literal=True,
            placeholder=EXAMPLE,
            help="What it returns is the result of the step. No files, no network.",
        ),
        Field(
            "limits",
            "Limits",
            kind="mapping",
            required=False,
            literal=True,
            advanced=True,
            help="seconds: 5, at most 30. memory_mb: 64, at most 256.",
        ),
    )
    is_apart = True
    example_output = {"total": 49.5}

    def summary(self, step: Step) -> str:
        """The last line: it says what comes out."""
        lines = str(step.inputs.get("code") or "").split("\n")
        return wording.shorten(next((line for line in reversed(lines) if line.strip()), ""))

    def recorded(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values; the code is in the version."""
        return {key: value for key, value in inputs.items() if key != "code"}

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> Done:
        """Run the code; what it prints goes to the run's log."""
        source, values = inputs.get("code"), inputs.get("values") or {}
        if not isinstance(source, str) or not source.strip():
            raise StepFailed("“Python” is empty: there is nothing to run")
        if len(source) > code.MOST_CODE:
            raise StepFailed(f"the code is longer than {code.MOST_CODE:,} characters")
        if not isinstance(values, Mapping):
            raise StepFailed("“Values” has to be rows of names and values")
        for _, wrong in code.name_problems(values):
            raise StepFailed(wrong)
        try:
            result = context.sandbox.run(
                source, values, code.read_limits(inputs.get("limits")), context
            )
        except code.CodeFailed as failure:
            _log(failure.printed, context)
            raise
        _log(result.printed, context)
        return Done(code.as_json(result.value))


def _log(printed: str, context: StepContext) -> None:
    if printed.strip():
        context.log.write("info", printed.rstrip("\n"))
