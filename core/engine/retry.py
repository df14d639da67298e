"""Retry policy: whether a failed attempt is tried again, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.engine import crashes, durations
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.step_type import RUN_AGAIN, StepType

DEFAULT_ATTEMPTS = 3
DEFAULT_WAIT = timedelta(seconds=1)
DEFAULT_BACKOFF = 2.0
DEFAULT_MAX_WAIT = timedelta(seconds=60)
LONGEST_ASKED_WAIT = timedelta(days=1)  # a Retry-After beyond this is not believed


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often in all, and how long between attempts."""

    attempts: int
    wait: timedelta = DEFAULT_WAIT
    backoff: float = DEFAULT_BACKOFF
    max_wait: timedelta = DEFAULT_MAX_WAIT

    def wait_after(self, attempt: int, error: StepFailed, random: float) -> timedelta | None:
        """How long to wait after that failed attempt; None: give up.

        Full jitter: the wait is drawn between none and the backed-off length by `random` in
        0..1; a Retry-After is the least that is waited.
        """
        if not error.retryable or attempt >= self.attempts:
            return None
        length = min(self.wait * self.backoff ** (attempt - 1), self.max_wait)
        asked = timedelta(seconds=error.retry_after or 0)
        return max(length * random, min(asked, LONGEST_ASKED_WAIT))


def usual_attempts(step: Step, step_type: StepType, given_inputs: Mapping[str, Any]) -> int:
    """How often it is tried in all: what may be done again after a crash may be tried again."""
    repeats = crashes.rule(step, step_type, given_inputs) == RUN_AGAIN
    return DEFAULT_ATTEMPTS if repeats else 1


def policy(step: Step, step_type: StepType, given_inputs: Mapping[str, Any]) -> RetryPolicy:
    """The step's own policy, or the default of its kind with these inputs."""
    default = usual_attempts(step, step_type, given_inputs)
    given: Mapping[str, Any] = step.retry or {}
    return RetryPolicy(
        attempts=int(given.get("attempts", default)),
        wait=durations.parse(given["wait"]) if "wait" in given else DEFAULT_WAIT,
        backoff=float(given.get("backoff", DEFAULT_BACKOFF)),
        max_wait=durations.parse(given["max_wait"]) if "max_wait" in given else DEFAULT_MAX_WAIT,
    )
