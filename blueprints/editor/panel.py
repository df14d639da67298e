"""What the panel at the right shows: the form of a step, how it went, or the ways of starting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from blueprints.editor import canvas, field_views, outputs, wording, would
from blueprints.editor.drawing import Drawing
from blueprints.editor.field_views import ConditionView, FieldView
from blueprints.editor.picker import Source, nearest, sources_at
from blueprints.editor.start_panel import StartPanel
from blueprints.editor.workbench import START, Workbench, problems_by_field
from core.engine import retry
from core.engine.definition import Branch, Step
from core.engine.step_type import BlockType, StepType
from core.steps import step_types

SET_UP, TEST, FAILS, NOTES = "set-up", "test", "fails", "notes"
AFTER_CRASH_WORDS = {"run_again": "do it again", "ask": "ask me", "skip": "go on"}
LABELS = {SET_UP: "Set up", TEST: "Test", FAILS: "If it fails", NOTES: "Notes"}


@dataclass(frozen=True, slots=True)
class BranchView:
    """A path of a block, in its form."""

    key: str
    label: str
    steps_words: str
    condition: ConditionView
    problem: Any
    is_removable: bool
    before_previous: str


@dataclass
class StepPanel:
    """The form of one step of the draft."""

    bench: Workbench
    step: Step
    tab: str = SET_UP
    drawing: Drawing = field(default_factory=Drawing)
    kind: str = "step"

    @cached_property
    def step_type(self) -> StepType | None:
        """The step's kind, unless this build does not know it."""
        return step_types().get(self.step.type)

    @property
    def title(self) -> str:
        """What the step is called."""
        return self.step.label or self.type_label

    @property
    def subtitle(self) -> str:
        """What kind of step it is."""
        return self.type_label

    @property
    def type_label(self) -> str:
        """What its kind is called."""
        return self.step_type.label if self.step_type else self.step.type

    @property
    def category(self) -> str:
        """Its colour."""
        return self.step_type.category if self.step_type else "code"

    @property
    def icon(self) -> str:
        """Its picture."""
        return self.step_type.icon if self.step_type else "circle-help"

    @property
    def help(self) -> str:
        """What it does, in a sentence."""
        return self.step_type.help if self.step_type else ""

    @property
    def tabs(self) -> list[tuple[str, str]]:
        """The tabs: key and label."""
        return list(LABELS.items())

    @cached_property
    def marks(self) -> dict[str, str]:
        """Which tabs hold something."""
        step = self.step
        marks = {}
        if step.retry or step.timeout or step.after_crash or step.on_error != "stop":
            marks[FAILS] = "set"
        if step.note or step.disabled:
            marks[NOTES] = "off" if step.disabled else "has notes"
        return marks

    @cached_property
    def problems(self) -> Mapping[str, Any]:
        """The step's problems by field."""
        return problems_by_field(self.bench.open_problems, self.step.id)

    @property
    def problem(self) -> Any:
        """A problem of the step as a whole."""
        return self.problems.get("")

    def problem_of(self, name: str) -> Any:
        """The first problem of a field or of something inside it."""
        for key, problem in self.problems.items():
            if key == name or key.startswith((f"{name}.", f"{name}[")):
                return problem
        return None

    def option(self, name: str, unreadable: str = "") -> dict[str, Any]:
        """What stands below an option or a path: what is wrong, else its help."""
        problem = self.problem_of(name)
        words = unreadable or (problem.message if problem else "")
        is_warning = not unreadable and bool(problem) and problem.severity != "error"
        known = {"name": name, "words": words, "is_warning": is_warning}
        return {**known, "help": self.option_help.get(name, "")}

    @property
    def option_help(self) -> Mapping[str, str]:
        """A word about options, by name."""
        together = "All that is inside together. For example 5m or 2h."
        alone = "Each try on its own. For example 30s, 5m or 2h."
        return {
            "retry": self.retry_words,
            "timeout": together if self.is_block else alone,
            "after_crash": "A crash in the middle of this step can hide whether the other side "
            "got it. “Do it again” sends the same key, by which a repetition can be recognised; "
            "“ask me” lets the run wait until somebody has looked.",
        }

    @cached_property
    def fields(self) -> list[FieldView]:
        """All fields of the form."""
        if self.step_type is None:
            return []
        return [self.field_view(declared) for declared in self.step_type.fields]

    def field_view(self, declared: Any) -> FieldView:
        """One field of the form."""
        name = f"inputs.{declared.key}"
        return field_views.field_view(
            declared,
            self.step.inputs,
            self.step_type.defaults if self.step_type else {},
            problem=self.problem_of(name),
            choices=self._choices(declared),
            names=self.bench.names,
            blank=self.drawing.blank == name,
            mode=self.drawing.modes.get(name, ""),
        )

    def _choices(self, declared: Any) -> Sequence[tuple[str, str]] | None:
        if declared.kind == "workflow":
            return outputs.workflow_choices(self.bench.workflow)
        if declared.kind == "connection":
            return outputs.connection_choices(self.bench.workflow, declared)
        if declared.kind == "mail_template":
            return outputs.mail_template_choices(self.bench.workflow)
        return None

    @property
    def advanced(self) -> list[FieldView]:
        """The fields behind “More options”."""
        return [view for view in self.fields if view.is_advanced]

    @property
    def is_advanced_open(self) -> bool:
        """Whether there is something behind “More options” already."""
        keys = {view.name.removeprefix("inputs.") for view in self.advanced if not view.problem}
        return bool(keys & set(self.step.inputs)) or any(view.problem for view in self.advanced)

    @cached_property
    def only_when(self) -> ConditionView:
        """When the step runs at all."""
        return self._condition("only_when", self.step.only_when)

    def _condition(self, name: str, value: Any) -> ConditionView:
        return field_views.condition_view(name, value, self.bench.names, blank=self.drawing.blank)

    @property
    def is_block(self) -> bool:
        """Whether there are steps inside."""
        return isinstance(self.step_type, BlockType)

    @property
    def has_conditions(self) -> bool:
        """Whether its paths have conditions."""
        return bool(getattr(self.step_type, "branches_have_conditions", False))

    @property
    def may_change_branches(self) -> bool:
        """Whether paths can be added."""
        free = bool(getattr(self.step_type, "free_branches", False))
        return free and self.bench.may_edit

    @property
    def missing_branches(self) -> list[tuple[str, str]]:
        """Paths that were left out and can be put back: key and label."""
        there = {branch.key for branch in self.step.branches}
        optional = getattr(self.step_type, "optional_branches", ())
        fixed = getattr(self.step_type, "fixed_branches", ())
        return [(b.key, b.label) for b in fixed if b.key in optional and b.key not in there]

    @cached_property
    def branches(self) -> list[BranchView]:
        """Its paths; a loop's only path needs no form."""
        if not self.is_block or getattr(self.step_type, "is_loop", False):
            return []
        keys = ["", *(branch.key for branch in self.step.branches)]
        return [
            self._branch(branch, keys[max(position - 1, 0)])
            for position, branch in enumerate(self.step.branches)
        ]

    def _branch(self, branch: Branch, before_previous: str) -> BranchView:
        optional = branch.key in getattr(self.step_type, "optional_branches", ())
        free = self.may_change_branches and len(self.step.branches) > 1
        count = sum(1 for _ in canvas_walk(branch))
        return BranchView(
            branch.key,
            canvas.path_label(self.step, branch),
            wording.count(count, "step") if count else "no steps yet",
            self._condition(f"branches.{branch.key}.only_when", branch.only_when),
            self.problem_of(f"branches.{branch.key}"),
            self.bench.may_edit and (optional or free),
            before_previous,
        )

    @property
    def may_retry(self) -> bool:
        """Whether it can be tried again by itself."""
        return not self.is_block

    @property
    def own_retry(self) -> Mapping[str, Any] | None:
        """Its own way of trying again."""
        return self.step.retry

    @property
    def usual_attempts(self) -> str:
        """How often such a step is tried."""
        if self.step_type is None:
            return "once"
        times = retry.usual_attempts(self.step, self.step_type, self.step.inputs)
        return "once" if times == 1 else f"{times} tries"

    @property
    def may_be_cut_off(self) -> bool:
        """Whether a crash can hide how it went."""
        return self.step_type is not None and self.step_type.effect.is_outside

    @property
    def usual_after_crash(self) -> str:
        """What happens after a crash unless the author says it, in words."""
        rule = self.step_type.after_crash(self.step.inputs) if self.step_type else ""
        return AFTER_CRASH_WORDS.get(rule, "")

    @property
    def after_crash_choices(self) -> list[tuple[str, str]]:
        """What may happen after a crash."""
        return [("", f"as usual ({self.usual_after_crash})"), *AFTER_CRASH_WORDS.items()]

    @property
    def retry_words(self) -> str:
        """What trying again means."""
        if self.usual_attempts == "once" and not self.own_retry:
            return "Trying such a step again changes nothing by itself."
        return "Waits grow after each try; what no retry can mend fails at once."

    @cached_property
    def would(self) -> Mapping[str, str]:
        """What the last run's data would do to its conditions."""
        return would.of_step(self.step, outputs.last_scope(self.bench.workflow))

    @cached_property
    def all_sources(self) -> list[Source]:
        """All that can be inserted here."""
        return sources_at(self.bench, self.step.id)

    @property
    def sources(self) -> list[Source]:
        """What the picker shows at first."""
        return nearest(self.all_sources)

    @property
    def more_sources(self) -> int:
        """How many steps are further away."""
        return len(self.all_sources) - len(self.sources)

    @cached_property
    def last(self) -> "outputs.LastRun | None":
        """How this step went the last time."""
        return outputs.last_run_of_step(self.bench.workflow, self.step.id)


@dataclass
class RunPanel:
    """How a step went in the run that is shown."""

    bench: Workbench
    step: Step | None
    kind: str = "run"
    tab: str = SET_UP

    @cached_property
    def result(self) -> Any:
        """The step's part of the run; the start's if there is no step."""
        run = self.bench.run
        assert run is not None
        return run.steps.get(self.step.id) if self.step else run.view.start

    @property
    def title(self) -> str:
        """What the step is called."""
        return self.bench.names[self.step.id] if self.step else "Starts when"

    @property
    def subtitle(self) -> str:
        """What kind of step it is."""
        return str(self.result.type_label) if self.result and self.step else "What came in"

    @property
    def category(self) -> str:
        """Its colour."""
        return str(self.result.kind) if self.result and self.step else "start"

    @property
    def icon(self) -> str:
        """Its picture."""
        return str(self.result.icon) if self.result else "zap"


Panel = StepPanel | StartPanel | RunPanel


def panel_of(bench: Workbench, *, drawing: Drawing | None = None) -> Panel | None:
    """The panel for what is selected; None if nothing is."""
    if not bench.selected:
        return None
    step = None if bench.selected == START else bench.definition.find(bench.selected)
    if bench.run:
        return RunPanel(bench, step)
    if step is None:
        return StartPanel(bench)
    tab = bench.tab if bench.tab in LABELS else SET_UP
    return StepPanel(bench, step, tab, drawing or Drawing())


def canvas_walk(branch: Branch) -> Any:
    """All steps inside a path."""
    for step in branch.steps:
        yield step
        for inner in step.branches:
            yield from canvas_walk(inner)
