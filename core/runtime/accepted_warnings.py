"""Warnings that a person has accepted, with the reason: kept in the version they went live in."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from core import clock
from core.engine.checking import Problem
from core.storage.workflow import Version

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Accepted:
    """One warning, who accepted it, when, and why. `key` is the problem's."""

    key: str
    message: str
    step_id: str | None
    field: str | None
    reason: str
    by: str
    at: datetime

    def to_json(self) -> dict[str, Any]:
        """As a version keeps it."""
        return asdict(self) | {"at": self.at.isoformat()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Accepted":
        """As a version has kept it."""
        return cls(**{**value, "at": datetime.fromisoformat(value["at"])})


def of_version(version: Version | None) -> dict[str, Accepted]:
    """What was accepted when the version went live, by the problem's key."""
    kept = (version.accepted or ()) if version is not None else ()
    return {value["key"]: Accepted.from_json(value) for value in kept}


def settled(
    problems: Iterable[Problem], live: Version | None, reasons: Mapping[str, str], *, by: str
) -> list[Accepted]:
    """The warnings that are accepted: in the live version already, or now, with a reason."""
    before = of_version(live)
    found = []
    for problem in problems:
        reason = reasons.get(problem.key, "").strip()[:LONGEST_REASON]
        if problem.is_error:
            continue
        if reason:
            found.append(accept(problem, reason, by))
        elif problem.key in before:
            found.append(before[problem.key])
    return found


def accept(problem: Problem, reason: str, by: str) -> Accepted:
    place = problem.step_id, problem.field
    return Accepted(problem.key, problem.message, *place, reason, by, clock.now())
