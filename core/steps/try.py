"""Try steps; if one fails, do others; and do the last ones in any case."""

from collections.abc import Generator, Mapping
from typing import Any

from core.engine import failures
from core.engine.blocks import Block
from core.engine.definition import Branch, Step
from core.engine.errors import StepFailed
from core.engine.outcomes import Done
from core.engine.requests import BlockTimedOut, Cursor, RunStopped
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
        block.unbind(is_own=False)
        if has(step, "finally"):
            yield from block.run(step.branch("finally"))
        go_on_outward(pending)
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
    except BlockTimedOut as late:
        caught = block.phase.error if block.phase else None
        pending = {"outcome": "timed_out", "path": late.path, "error": caught}
    block.enter_phase("finally", None, pending)
    return pending


def go_on_outward(pending: Mapping[str, Any]) -> None:
    """Raise what the finally has held up, if it was no good end."""
    match pending["outcome"]:
        case "stopped":
            raise RunStopped(pending["message"])
        case "failed":
            raise failures.recorded(pending["error"])
        case "timed_out":
            raise BlockTimedOut(pending["path"])


def tried(step: Step, block: Block) -> Cursor:
    """The try, and the catch if it failed; returns the error that was caught."""
    if block.phase is None:
        try:
            yield from block.run(step.branch("try"))
            block.check_time()
        except (StepFailed, BlockTimedOut) as failed:
            error = what_can_be_caught(failed, block)
            if error is None or not has(step, "catch"):
                raise
            block.enter_phase("catch", error, None)
        else:
            return None
    assert block.phase is not None
    error = block.phase.error
    if error["path"] == block.path:
        block.unbind(is_own=True)
    yield from block.run(step.branch("catch"), block.frame.with_error(error))
    block.check_time()
    return error


def what_can_be_caught(failed: StepFailed | BlockTimedOut, block: Block) -> Any:
    """The error object of a failure inside, or of its own time being up; none of a time around."""
    if isinstance(failed, StepFailed):
        return failed.described
    return block.overdue() if failed.path == block.path else None


def has(step: Step, key: str) -> bool:
    """Whether that path is there."""
    return any(branch.key == key for branch in step.branches)
