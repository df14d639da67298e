"""Walk several paths at the same time and go on when all have ended."""

from collections.abc import Generator
from typing import Any

from core.engine.blocks import Block
from core.engine.definition import Branch, Step
from core.engine.errors import StepFailed
from core.engine.fields import Field
from core.engine.outcomes import Done
from core.engine.step_type import BlockType

ON_BRANCH_ERROR = (("stop", "Stop the other paths"), ("continue", "Let the others go on"))


class Parallel(BlockType):
    """Paths side by side; what one remembers the others do not see."""

    label = "Do at the same time"
    help = "Walk several paths at once, then go on when all of them are done."
    category = "logic"
    icon = "git-fork"
    keywords = ("parallel", "fork", "join", "simultaneous", "concurrent", "at once", "merge")
    fields = (
        Field(
            "on_branch_error",
            "If a path fails",
            kind="choice",
            default="stop",
            choices=ON_BRANCH_ERROR,
            literal=True,
        ),
    )
    fixed_branches = (Branch("first", "First"), Branch("second", "Second"))
    free_branches = True
    example_output = {"first": None, "second": None}

    def summary(self, step: Step) -> str:
        """How many paths there are."""
        count = len(step.branches)
        return f"{count} path{'' if count == 1 else 's'}, then go on"

    def walk(self, step: Step, block: Block) -> Generator[Any, Any, Done]:
        """Fork, join, and show the paths' steps to what comes after."""
        block.open(lambda inputs: {})
        is_stopping = step.inputs.get("on_branch_error", "stop") == "stop"
        frames = [block.side_path(branch) for branch in step.branches]
        cursors = [block.run(b, frame) for b, frame in zip(step.branches, frames, strict=True)]
        ended = yield from block.side_by_side(
            cursors, limit=max(len(cursors), 1), is_stopping=is_stopping
        )
        output = {}
        for branch, frame, joined in zip(step.branches, frames, ended, strict=True):
            block.frame.outputs.merge(frame.outputs)
            output[branch.key] = joined.value if joined.error is None else failure(joined.error)
        return Done(output)


def failure(error: Exception) -> dict[str, Any]:
    """What a failed path leaves under its key."""
    described = error.described if isinstance(error, StepFailed) else None
    return {"error": described}
