"""Repeat steps while a condition holds, or until it does."""

from collections.abc import Generator
from itertools import count
from typing import Any

from core.engine import conditions
from core.engine.blocks import Block
from core.engine.definition import Branch, Step
from core.engine.errors import StepFailed
from core.engine.fields import Field
from core.engine.frames import Frame
from core.engine.outcomes import Done
from core.engine.step_type import BlockType

DEFAULT_MOST = 1000


class Repeat(BlockType):
    """A body that runs again and again; `while` is asked before a turn, `until` after it."""

    label = "Repeat until"
    help = "Do the same steps again until something is so, for example until the last page."
    category = "logic"
    icon = "rotate-cw"
    keywords = ("while", "until", "loop", "do while", "poll", "paging", "pages", "retry loop")
    fields = (
        Field("until", "Until", kind="condition", required=False, per_turn=True),
        Field(
            "while",
            "While",
            kind="condition",
            required=False,
            per_turn=True,
            advanced=True,
            help="Asked before each turn; “Until” is asked after it.",
        ),
        Field(
            "max",
            "At most",
            kind="number",
            default=DEFAULT_MOST,
            minimum=1,
            is_whole=True,
            help="More turns than this and the step fails: a loop must end.",
        ),
    )
    fixed_branches = (Branch("body", "Each time"),)
    is_loop = True
    example_output = {"count": 3}
    is_example_exact = True

    def summary(self, step: Step) -> str:
        """Its condition in words."""
        for key in ("until", "while"):
            if step.inputs.get(key):
                return f"{key} {conditions.sentence(step.inputs[key])}"
        return ""

    def walk(self, step: Step, block: Block) -> Generator[Any, Any, Done]:
        """Turn after turn; turns that have ended are not walked again."""
        most = block.open(lambda inputs: {"max": len(block.items) + as_most(inputs)})["max"]
        for index in count():
            if index not in block.items:
                frame = block.turn(index, {}, is_shared=True)
                if not begins(step, block, index, frame):
                    return Done({"count": index})
                if index >= most:
                    raise StepFailed(f"it had not ended after {most} turns", kind="limit")
                yield from block.run(step.branch("body"), frame)
                is_last = "until" in step.inputs and block.evaluate_condition("until", frame)
                block.end_item(index, "done", result=is_last)
            if block.items[index][1]:
                return Done({"count": index + 1})
        raise AssertionError("counting ended")


def as_most(inputs: Any) -> int:
    """The most turns there may be, beyond those before somebody took the loop up again."""
    most = inputs["max"]
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise StepFailed("“At most” must be a whole number from 1", kind="expression")
    return most


def begins(step: Step, block: Block, index: int, frame: Frame) -> bool:
    """Whether another turn begins, asked once; without a `while` it always does."""
    if "while" not in step.inputs:
        return True
    opened = block.fix_turn(index, lambda: {"begins": block.evaluate_condition("while", frame)})
    return bool(opened["begins"])
