"""Which ways a run can take through the steps: how they end, and whether they give an answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.engine.checking.constants import constant
from core.engine.definition import Branch, Step
from core.engine.step_type import BlockType, Effect, StepType

ON, STOPPED, FAILED, BROKEN = "on", "stopped", "failed", "broken"
FAILING = (FAILED, BROKEN)  # because the author says so, or by mishap
Way = tuple[str, bool]  # how it ends, and whether an answer has been given on it
Blame = tuple[str, str] | None  # the step and field by which a run passes an answer by
Ways = dict[Way, Blame]


@dataclass(frozen=True, slots=True)
class Flow:
    """The ways through steps of these types."""

    step_types: Mapping[str, StepType]

    def through(self, steps: Iterable[Step], answered: bool, blame: Blame = None) -> Ways:
        """All ways to the end of these steps, or out of them."""
        ended: Ways = {}
        now: Ways = {(ON, answered): blame}
        for step in steps:
            following: Ways = {}
            for (_, has_answered), who in now.items():
                for way, culprit in self.of_step(step, has_answered, who).items():
                    (following if way[0] == ON else ended).setdefault(way, culprit)
            now = following
        return {**now, **ended}

    def of_step(self, step: Step, answered: bool, blame: Blame = None) -> Ways:
        """The ways through one step with all inside it."""
        passing: Ways = {(ON, answered): blame}
        holds = constant(step.only_when)
        if step.disabled or holds is False:
            return passing
        ways = self._inside(step, answered, blame)
        if step.on_error == "continue":
            ways = going_on(ways, "on_error", step, answered, blame)
        if step.only_when is None or holds:
            return ways
        return choice([(ways, ""), (passing, "only_when")], step, answered, blame)

    def goes_on(self, step: Step) -> bool:
        """Whether anything after the step can ever run."""
        return any(end == ON for end, _ in self.of_step(step, answered=False))

    def always_goes_on(self, step: Step) -> bool:
        """Whether no stop in it can end the run."""
        return all(end in (ON, BROKEN) for end, _ in self.of_step(step, answered=False))

    def _inside(self, step: Step, answered: bool, blame: Blame) -> Ways:
        if step.type == "return_data":
            return {(ON, True): None}
        if step.type == "stop":
            outcomes = {"succeed": (STOPPED,), "fail": (FAILED,)}
            outcome = str(step.inputs.get("outcome", "succeed"))
            culprit = blame if answered else blame or (step.id, "")
            return {(end, answered): culprit for end in outcomes.get(outcome, (STOPPED, FAILED))}
        step_type = self.step_types.get(step.type)
        if not isinstance(step_type, BlockType):
            ends = (ON, BROKEN) if step_type and may_break(step_type) else (ON,)
            return {(end, answered): blame for end in ends}
        if step_type.is_loop:
            return self._loop(step, answered, blame)
        if step_type.branches_have_conditions:
            return self._branch(step, answered, blame)
        if step_type.free_branches:
            return self._parallel(step, answered, blame)
        return self._try(step, answered, blame)

    def _loop(self, loop: Step, answered: bool, blame: Blame) -> Ways:
        body = [step for branch in loop.branches for step in branch.steps]
        ways = self.through(body, answered, blame)
        if loop.inputs.get("on_item_error") == "continue":
            ways = going_on(ways, "inputs.on_item_error", loop, answered, blame)
        if is_endless(loop):
            return {(FAILED if end == ON else end, has): who for (end, has), who in ways.items()}
        listed = loop.inputs.get("list")
        if loop.type == "repeat" and "while" not in loop.inputs:
            return ways
        if isinstance(listed, list) and listed:
            return ways
        field = "inputs.list" if loop.type == "for_each" else "inputs.while"
        passing: Ways = {(ON, answered): blame}
        return choice([(ways, ""), (passing, field)], loop, answered, blame)

    def _branch(self, step: Step, answered: bool, blame: Blame) -> Ways:
        if step.inputs.get("mode", "first") != "first":
            return self._every_path(step, answered, blame)
        taken = takeable(step)
        found = [
            (self.through(branch.steps, answered, blame), f"branches.{branch.key}")
            for branch in taken
        ]
        if not any(branch.only_when is None or constant(branch.only_when) for branch in taken):
            found.append(({(ON, answered): blame}, "branches"))
        return choice(found, step, answered, blame)

    def _every_path(self, step: Step, answered: bool, blame: Blame) -> Ways:
        """The ways where each path whose condition holds is taken, one after the other."""
        passing: Ways = {(ON, answered): blame}
        otherwise = [(passing, "branches")]
        found: list[tuple[Ways, str]] = []
        for branch in takeable(step):
            if branch.only_when is None:
                ways = self.through(branch.steps, answered, blame)
                otherwise = [(ways, f"branches.{branch.key}")]
                continue
            ways = self._behind([passing, *(before for before, _ in found)], branch)
            if constant(branch.only_when):
                passing, otherwise = {}, []
                found = [(ended(before), field) for before, field in found]
            found.append((ways, f"branches.{branch.key}"))
        return choice([*found, *otherwise], step, answered, blame)

    def _behind(self, before: list[Ways], branch: Branch) -> Ways:
        """The ways through a path for each that leads to it."""
        found: Ways = {}
        going_on = [way for ways in before for way in ways.items() if way[0][0] == ON]
        for (_, answered), blame in going_on:
            for way, who in self.through(branch.steps, answered, blame).items():
                found.setdefault(way, who)
        return found

    def _parallel(self, step: Step, answered: bool, blame: Blame) -> Ways:
        both: Ways = {(ON, answered): blame}
        for branch in step.branches:
            mine = self.through(branch.steps, answered, blame)
            if step.inputs.get("on_branch_error") == "continue":
                mine = going_on(mine, "inputs.on_branch_error", step, answered, blame)
            joined: Ways = {}
            for (end, has), who in both.items():
                for (other, also), culprit in mine.items():
                    way = (other if end == ON else end, has or also)
                    joined.setdefault(way, culprit or who)
            both = joined
        return both

    def _try(self, step: Step, answered: bool, blame: Blame) -> Ways:
        paths = {branch.key: branch.steps for branch in step.branches}
        tried = self.through(paths.get("try", ()), answered, blame)
        found = [(tried, "branches.try")]
        if "catch" in paths:
            tried = {way: who for way, who in tried.items() if way[0] not in FAILING}
            caught = self.through(paths["catch"], answered, blame)
            found = [(tried, "branches.try"), (caught, "branches.catch")]
        ways = choice(found, step, answered, blame)
        last = paths.get("finally", ())
        after: Ways = {}
        for (end, has), who in ways.items() if last else ():
            for (final, also), culprit in self.through(last, has, who).items():
                after.setdefault((end if final == ON else final, also), culprit)
        return after if last else ways


def ended(ways: Ways) -> Ways:
    """The ways that don't go on."""
    return {way: blame for way, blame in ways.items() if way[0] != ON}


def may_break(step_type: StepType) -> bool:
    """Whether the step can fail although nothing is wrong with the workflow."""
    return step_type.effect is not Effect.PURE or step_type.is_apart


def going_on(ways: Ways, field: str, step: Step, answered: bool, blame: Blame) -> Ways:
    """The ways where a failure, by that field of the step, doesn't end the run."""
    well = {way: who for way, who in ways.items() if way[0] not in FAILING}
    failed: Ways = {(ON, has): who for (end, has), who in ways.items() if end in FAILING}
    return choice([(well, ""), (failed, field)], step, answered, blame)


def choice(found: list[tuple[Ways, str]], step: Step, answered: bool, blame: Blame) -> Ways:
    """All these ways; those without an answer are blamed on the choice if others have one."""
    is_decisive = not answered and any(way[1] for ways, _ in found for way in ways)
    all_ways: Ways = {}
    for ways, field in found:
        for way, who in ways.items():
            is_silent = not way[1] and way[0] not in FAILING
            is_new = is_decisive and field and is_silent and who is blame
            all_ways.setdefault(way, (step.id, field) if is_new else who)
    return all_ways


def takeable(step: Step) -> list[Branch]:
    """The paths of a branch that can be taken at all, one without a condition last."""
    taken: list[Branch] = []
    for branch in step.branches:
        holds = constant(branch.only_when)
        if branch.only_when is not None and holds is not False:
            taken.append(branch)
            if holds and step.inputs.get("mode", "first") == "first":
                return taken
    if any(constant(branch.only_when) for branch in taken):
        return taken
    return taken + [branch for branch in step.branches if branch.only_when is None][:1]


def is_endless(step: Step) -> bool:
    """Whether nothing but its greatest number of turns ends the loop."""
    if step.type != "repeat":
        return False
    until: Any = step.inputs.get("until")
    last: Any = step.inputs.get("while")
    never_ends = until in (None, "") or constant(until) is False
    return never_ends and (last in (None, "") or constant(last) is True)
