"""Try steps; if one fails, do others; and do the last ones in any case."""

from collections.abc import Generator
from typing import Any

from core.engine import failures
from core.engine.blocks import Block
from core.engine.definition import Branch, Step
from core.engine.errors import StepFailed
from core.engine.outcomes import Done
from core.engine.requests import Cursor, RunStopped
from core.engine.step_type import BlockType


class Try(BlockType):
    """Three paths: try, catch with `error` in scope, finally."""

    label = "Try these"
    help = "Do steps, and say what happens if one of them fails."
    category = "logic"
    icon = "shield"
    keywords = ("try", "catch", "finally", "error handler", "on error", "fallback", "rescue")
    fixed_branches = (
        Branch("try", "Try these"),
        Branch("catch", "If one fails"),
        Branch("finally", "In any case"),
    )
    optional_branches = ("catch", "finally")
    example_output = {"failed": False, "error": None}
    is_example_exact = True

    def walk(self, step: Step, block: Block) -> Generator[Any, Any, Done]:
        """Walk the phases; a crash is no failure, the phase it met goes on."""
        block.open(lambda inputs: {})
        if block.phase:
            block.recall()
        pending = yield from until_finally(step, block)
        if has(step, "finally"):
            yield from block.run(step.branch("finally"))
        if pending["outcome"] == "stopped":
            raise RunStopped(pending["message"])
        if pending["outcome"] == "failed":
            raise failures.recorded(pending["error"])
        return Done({"failed": pending["error"] is not None, "error": pending["error"]})


def until_finally(step: Step, block: Block) -> Cursor:
    """The first two phases; returns how the block will end after its finally."""
    if block.phase and block.phase.name == "finally":
        return block.phase.pending
    try:
        error = yield from tried(step, block)
        pending = {"outcome": "ok", "error": error}
    except StepFailed as failed:
        pending = {"outcome": "failed", "error": failed.described}
    except RunStopped as stopped:
        pending = {"outcome": "stopped", "message": str(stopped), "error": None}
    block.enter_phase("finally", None, pending)
    return pending


def tried(step: Step, block: Block) -> Cursor:
    """The try, and the catch if it failed; returns the error that was caught."""
    if block.phase is None:
        try:
            yield from block.run(step.branch("try"))
        except StepFailed as failed:
            if not has(step, "catch"):
                raise
            block.enter_phase("catch", failed.described, None)
        else:
            return None
    assert block.phase is not None
    error = block.phase.error
    yield from block.run(step.branch("catch"), block.frame.with_error(error))
    return error


def has(step: Step, key: str) -> bool:
    """Whether that path is there."""
    return any(branch.key == key for branch in step.branches)
