"""What becomes of an effect that a crash left without an outcome: again, ask, or skip."""

from collections.abc import Mapping
from typing import Any

from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.step_type import ASK, RUN_AGAIN, StepType

SKIP = "skip"
RULES = (RUN_AGAIN, ASK, SKIP)
HAPPENED = "happened"
DECISIONS = (HAPPENED, RUN_AGAIN, SKIP)  # what a person may answer
KIND = "unknown_outcome"  # of the wait, and the reason of the run
MARK = "#unknown-"


class StepSkipped(Exception):
    """The step is passed over although it had begun; `why` is for the journal."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def rule(step: Step, step_type: StepType, given: Mapping[str, Any]) -> str:
    """The author's choice, else what its kind says of these inputs; nothing for inside effects."""
    if not step_type.effect.is_outside:
        return ""
    return step.after_crash or step_type.after_crash(given)


def question(path: str, number: int) -> str:
    """The path of the wait for a person: each time it is asked is a wait of its own."""
    return f"{path}{MARK}{number}"


def asked_path(wait_path: str) -> str:
    """The step that a question is about."""
    return wait_path.partition(MARK)[0]


def check(decision: Any) -> str:
    """The decision, if it is one; raises StepFailed."""
    if decision not in DECISIONS:
        raise StepFailed(f"“{decision}” is no answer to what happened", kind="internal")
    return str(decision)
