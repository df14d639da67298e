"""A run's steps as one small lane for lists: long steps wide, short ones still to be seen."""

from collections import Counter
from dataclasses import dataclass

from blueprints.formats import plural
from core.runtime.run_progress import Progress

GAP = 0.9  # percent between two parts
LONG_SHARE = 4  # how many times wider than the shortest a step of the whole time is
KINDS = {
    "failed": "bad",
    "running": "run",
    "waiting": "wait",
    "interrupted": "wait",
    "not_reached": "off",
    "skipped": "off",
}
WORDS = {"not_reached": "not reached"}


@dataclass(frozen=True, slots=True)
class Part:
    """One step's piece of the lane, in percent."""

    x: float
    width: float
    kind: str


@dataclass(frozen=True, slots=True)
class Lane:
    """The pieces, and the same in words."""

    parts: tuple[Part, ...]
    words: str
    handled: str  # what a run that succeeded nevertheless went through


def draw(progress: Progress) -> Lane:
    """The lane of a run's outermost steps."""
    steps = progress.steps
    total = sum(step.ms or 0 for step in steps) or 1
    weights = [1 + LONG_SHARE * (step.ms or 0) / total for step in steps]
    whole, parts, x = sum(weights) or 1, [], 0.0
    for step, weight in zip(steps, weights, strict=True):
        width = weight / whole * 100
        parts.append(Part(round(x, 1), round(max(width - GAP, 0.5), 1), KINDS.get(step.state, "")))
        x += width
    counted = Counter(WORDS.get(step.state, step.state) for step in steps)
    said = ", ".join(f"{count} {word}" for word, count in counted.items())
    handled = progress.handled_count
    words = f"{plural(len(steps), 'step')}: {said}"
    return Lane(tuple(parts), words, f"{plural(handled, 'error')} handled" if handled else "")
