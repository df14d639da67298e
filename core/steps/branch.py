"""If / else: take the first path whose condition holds, or all of them."""

from collections.abc import Generator
from typing import Any

from core.engine import conditions
from core.engine.blocks import Block
from core.engine.definition import Branch, Step
from core.engine.fields import Field
from core.engine.outcomes import Done
from core.engine.step_type import BlockType

MODES = (("first", "The first path that fits"), ("all", "Every path that fits"))


class IfElse(BlockType):
    """Paths with conditions; one without a condition is taken when no other fits."""

    label = "If / else"
    help = "Take one of several paths, depending on the data."
    category = "logic"
    icon = "split"
    keywords = ("if", "else", "switch", "router", "filter", "condition", "paths", "branch", "case")
    fields = (Field("mode", "Take", kind="choice", default="first", choices=MODES, literal=True),)
    fixed_branches = (Branch("yes", "Yes", only_when={"all": []}), Branch("otherwise", "Otherwise"))
    free_branches = True
    branches_have_conditions = True
    example_output = {"taken": ["yes"]}
    is_example_exact = True

    def summary(self, step: Step) -> str:
        """The first path's condition in words."""
        for branch in step.branches:
            if branch.only_when is not None:
                return conditions.sentence(branch.only_when)
        return ""

    def walk(self, step: Step, block: Block) -> Generator[Any, Any, Done]:
        """Choose once, then walk what was chosen."""
        opened = block.open(lambda inputs: {"taken": choose(step, block, inputs["mode"])})
        for key in opened["taken"]:
            yield from block.run(step.branch(key))
        return Done({"taken": opened["taken"]})


def choose(step: Step, block: Block, mode: str) -> list[str]:
    """The keys of the paths to take: a path without a condition only if no other fits."""
    fitting: list[str] = []
    for branch in step.branches:
        if branch.only_when is not None and block.holds(branch.only_when):
            fitting.append(branch.key)
            if mode == "first":
                return fitting
    if fitting:
        return fitting
    return [branch.key for branch in step.branches if branch.only_when is None][:1]
