"""Which steps' results, items and errors can be read from which place of a definition."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.engine.definition import Definition, Step
from core.engine.step_type import BlockType, StepType

CATCH = "catch"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a step stands: its place in each list from the outside in, and the blocks between.

    `indexes[0]` is its place, or its outermost block's, in the definition's own list; `blocks[n]`
    and `branches[n]` say which block stands there and which of its paths leads on.
    """

    step: Step
    indexes: tuple[int, ...]
    blocks: tuple[Step, ...] = ()
    branches: tuple[int, ...] = ()


class Layout:
    """A definition seen from its steps. Disabled steps count as being there."""

    def __init__(self, definition: Definition, step_types: Mapping[str, StepType]) -> None:
        self.step_types = step_types
        self.positions = {
            position.step.id: position for position in positions(definition.steps, (), (), ())
        }

    def why_hidden(self, reader: str, target: str, *, in_body: bool = False) -> str:
        """Why the reader can't read the target's result, in a sentence; "" if it can.

        `in_body` is for fields that a loop evaluates at the end of each turn.
        """
        here, there = self.positions[reader], self.positions[target]
        level = common_level(here, there)
        mine, theirs = here.indexes[level], there.indexes[level]
        if theirs < mine:
            return self._why_in_loop(there, level)
        if theirs > mine:
            return f"“{target}” comes later; move it in front of this step"
        if level == len(there.indexes) - 1:
            return self._why_around(reader, there.step)
        if level == len(here.indexes) - 1:
            inside = f"“{target}” stands inside this step, which begins before it"
            return self._why_in_loop(there, level + 1) if in_body else inside
        return self._why_beside(here, there, level)

    def may_be_empty(self, reader: str, target: str) -> bool:
        """Whether a visible step may not have run when the reader does."""
        here, there = self.positions[reader], self.positions[target]
        level = common_level(here, there)
        blocks = there.blocks[level:]
        is_conditional = any(step.only_when or step.disabled for step in (*blocks, there.step))
        return is_conditional or any(map(self._may_skip_paths, blocks))

    def loops_around(self, reader: str, *, in_body: bool = False) -> list[Step]:
        """The loops whose turn the reader is part of, innermost first."""
        position = self.positions[reader]
        around = (*position.blocks, position.step) if in_body else position.blocks
        return [step for step in reversed(around) if self.is_loop(step) or self._has_turns(step)]

    def giver_of_item(self, reader: str, *, in_body: bool = False) -> Step | None:
        """The loop whose item the reader sees: a loop without items leaves the outer one's."""
        loops = self.loops_around(reader, in_body=in_body)
        return next((loop for loop in loops if self.has_items(loop)), None)

    def is_loop(self, step: Step) -> bool:
        """Whether the step's body runs once for each turn."""
        step_type = self.step_types.get(step.type)
        return isinstance(step_type, BlockType) and step_type.is_loop

    def _has_turns(self, step: Step) -> bool:
        step_type = self.step_types.get(step.type)
        return step_type is not None and step_type.has_turns

    def has_items(self, loop: Step) -> bool:
        """Whether the loop's turns have an item, not only a number."""
        return any(field.kind == "list" for field in self.step_types[loop.type].fields)

    def is_in_catch(self, reader: str) -> bool:
        """Whether the reader handles an error."""
        position = self.positions[reader]
        pairs = zip(position.blocks, position.branches, strict=True)
        return any(block.branches[branch].key == CATCH for block, branch in pairs)

    def switched_off(self, step_id: str) -> Step | None:
        """The step, or the block around it, that keeps it from ever running."""
        position = self.positions[step_id]
        return next((step for step in (*position.blocks, position.step) if step.disabled), None)

    def runs_side_by_side(self, reader: str) -> Step | None:
        """The block around the reader that walks paths or items at the same time."""
        for block in self.positions[reader].blocks:
            if self.is_parallel(block) or block.inputs.get("concurrency", 1) != 1:
                return block
        return None

    def _why_in_loop(self, there: Position, level: int) -> str:
        for block in there.blocks[level:]:
            if self.is_loop(block):
                return (
                    f"“{there.step.id}” runs once for each turn of “{block.id}”; "
                    f"afterwards read steps.{block.id}.results"
                )
        return ""

    def _why_around(self, reader: str, block: Step) -> str:
        if block.id == reader:
            return "a step can't read its own result"
        hint = f"; read loops.{block.id}.item" if self.is_loop(block) else ""
        return f"this step stands inside “{block.id}”, which has no result before its end{hint}"

    def _why_beside(self, here: Position, there: Position, level: int) -> str:
        block, target = here.blocks[level], there.step.id
        if self.is_parallel(block):
            return f"“{target}” runs at the same time on another path; read it after “{block.id}”"
        is_earlier = there.branches[level] < here.branches[level]
        if self._takes_one_path(block):
            return f"“{target}” stands on another path of “{block.id}”; only one of them is taken"
        if not is_earlier:
            return f"“{target}” comes later; move it in front of this step"
        return self._why_in_loop(there, level + 1)

    def _kind(self, block: Step) -> BlockType | None:
        step_type = self.step_types.get(block.type)
        return step_type if isinstance(step_type, BlockType) else None

    def is_parallel(self, block: Step) -> bool:
        """Whether the block's paths run at the same time."""
        kind = self._kind(block)
        return bool(kind and kind.free_branches and not kind.branches_have_conditions)

    def _takes_one_path(self, block: Step) -> bool:
        kind = self._kind(block)
        has_conditions = bool(kind and kind.branches_have_conditions)
        return has_conditions and block.inputs.get("mode", "first") == "first"

    def _may_skip_paths(self, block: Step) -> bool:
        kind = self._kind(block)
        return bool(kind and (kind.branches_have_conditions or kind.optional_branches))


def common_level(here: Position, there: Position) -> int:
    """The innermost level whose list holds both, or their blocks."""
    most = min(len(here.indexes), len(there.indexes)) - 1
    level = 0
    while (
        level < most
        and here.indexes[level] == there.indexes[level]
        and here.branches[level] == there.branches[level]
    ):
        level += 1
    return level


def positions(
    steps: tuple[Step, ...],
    indexes: tuple[int, ...],
    blocks: tuple[Step, ...],
    branches: tuple[int, ...],
) -> Iterator[Position]:
    """The positions of these steps and all inside them, in reading order."""
    for index, step in enumerate(steps):
        here = (*indexes, index)
        yield Position(step, here, blocks, branches)
        for number, branch in enumerate(step.branches):
            yield from positions(branch.steps, here, (*blocks, step), (*branches, number))
