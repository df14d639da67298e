"""For each item of a list, walk the same steps."""

from collections.abc import Generator, Iterator
from typing import Any

from core.engine import failures, wording
from core.engine.blocks import Block
from core.engine.definition import Branch, Step
from core.engine.errors import StepFailed
from core.engine.fields import Field
from core.engine.outcomes import Done
from core.engine.requests import Cursor
from core.engine.step_type import BlockType

MOST_AT_ONCE = 100
ON_ITEM_ERROR = (("stop", "Stop the loop"), ("continue", "Go on with the next item"))


class ForEach(BlockType):
    """A body that runs once for each item; its result belongs to the item's place."""

    label = "For each item"
    help = "Do the same steps for every item of a list, in order or several at a time."
    category = "logic"
    icon = "repeat"
    keywords = ("loop", "iterator", "map", "each", "list", "array", "split", "batch", "items")
    fields = (
        Field("list", "List", kind="list", help="An empty value counts as an empty list."),
        Field(
            "concurrency",
            "At a time",
            kind="number",
            default=1,
            minimum=1,
            maximum=MOST_AT_ONCE,
            is_whole=True,
            help="1 keeps the order; more is faster, and each item has its own remembered values.",
        ),
        Field(
            "on_item_error",
            "If an item fails",
            kind="choice",
            default="stop",
            choices=ON_ITEM_ERROR,
            literal=True,
        ),
        Field(
            "collect",
            "Keep the results",
            kind="json",
            required=False,
            per_turn=True,
            help="What to keep of each item; left empty, the last step's result.",
        ),
    )
    fixed_branches = (Branch("body", "Each item"),)
    is_loop = True
    example_output = {"count": 2, "failed": 0, "results": [None, None]}
    is_example_exact = True

    def summary(self, step: Step) -> str:
        """The list it goes through."""
        return wording.say(step.inputs.get("list"))

    def walk(self, step: Step, block: Block) -> Generator[Any, Any, Done]:
        """Walk the items that have not ended yet; a stop leaves the rest untried."""
        opened = block.open(as_opened)
        items, limit = opened["list"], opened["concurrency"]
        is_stopping = step.inputs.get("on_item_error", "stop") == "stop"
        if is_stopping:
            raise_what_stopped_it(block)
        left = [index for index in range(len(items)) if index not in block.items]
        if limit == 1:
            for index in left:
                yield from turn(step, block, index, items[index], is_shared=True)
        else:
            cursors: Iterator[Cursor] = (
                turn(step, block, index, items[index], is_shared=False) for index in left
            )
            yield from block.side_by_side(cursors, limit=limit, is_stopping=is_stopping)
        return Done(gathered(block, len(items)))


def as_opened(inputs: Any) -> dict[str, Any]:
    """The list and the concurrency, fixed for the run's life."""
    items = inputs.get("list")
    if items is None:
        items = []
    if not isinstance(items, list):
        kind = "a group" if isinstance(items, dict) else "a single value"
        raise StepFailed(f"“List” must be a list, but it is {kind}", kind="expression")
    concurrency = inputs["concurrency"]
    if isinstance(concurrency, bool) or not isinstance(concurrency, int):
        raise StepFailed("“At a time” must be a whole number", kind="expression")
    if not 1 <= concurrency <= MOST_AT_ONCE:
        raise StepFailed(f"“At a time” must be 1 to {MOST_AT_ONCE}", kind="expression")
    return {"list": items, "concurrency": concurrency}


def turn(step: Step, block: Block, index: int, item: Any, *, is_shared: bool) -> Cursor:
    """One item: its body, what is kept of it, and its end in the journal."""
    frame = block.turn(index, {"item": item}, is_shared=is_shared)
    try:
        result = yield from block.run(step.branch("body"), frame)
        if "collect" in step.inputs:
            result = block.evaluate("collect", frame)
    except StepFailed as error:
        known = error.described or {"kind": error.kind, "message": error.message}
        block.end_item(index, "failed", error=known)
        if step.inputs.get("on_item_error", "stop") == "stop":
            raise
    else:
        block.end_item(index, "done", result)


def raise_what_stopped_it(block: Block) -> None:
    """Fail as before a crash that came between the failed item and the end of the loop."""
    for state, _, error in block.items.values():
        if state != "failed":
            continue
        if "step" in error:
            raise failures.recorded(error)
        raise StepFailed(error["message"], kind=error.get("kind", "failed"))


def gathered(block: Block, length: int) -> dict[str, Any]:
    """The results by place; null for an item that failed."""
    ended = block.items
    results = [ended[index][1] if index in ended else None for index in range(length)]
    failed = sum(1 for state, _, _ in ended.values() if state == "failed")
    return {"count": len(ended), "failed": failed, "results": results}
