"""Everything the editor's templates show about one workflow at one moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flask import url_for

from blueprints.access import i_may
from blueprints.assets import icon_sprite_url
from blueprints.editor import canvas, overlays, problems, starts
from blueprints.policy import Verb
from blueprints.workflow_pages import START, WorkflowPages, address
from core.engine.definition import Definition
from core.runtime import workflows


@dataclass(frozen=True)
class At:
    """What every card must know of its surroundings."""

    link: str
    selected: str
    may_edit: bool
    is_run: bool = False
    sprite: str = ""


@dataclass
class Workbench(WorkflowPages):
    """A draft, or the version that a run took, with what is selected in it."""

    selected: str = ""
    run: "overlays.ShownRun | None" = None
    tab: str = ""
    definition: Definition = field(init=False)

    def __post_init__(self) -> None:
        self.definition = self.run.definition if self.run else self.workflow.definition
        if self.selected != START and self.selected not in self.definition.step_ids():
            self.selected = ""

    @cached_property
    def may_edit(self) -> bool:
        """Whether the person may change the draft."""
        return i_may(Verb.EDIT)

    @cached_property
    def may_publish(self) -> bool:
        """Whether the person may make the draft live."""
        return i_may(Verb.PUBLISH)

    @cached_property
    def may_run(self) -> bool:
        """Whether the person may start runs."""
        return i_may(Verb.RUN)

    @cached_property
    def problems(self) -> "Sequence[problems.ShownProblem]":
        """What keeps the draft from being published, or might; with what was accepted."""
        return () if self.run else problems.of_draft(self.workflow, self.names)

    @cached_property
    def open_problems(self) -> "Sequence[problems.ShownProblem]":
        """What somebody has to look at."""
        return [problem for problem in self.problems if problem.is_open]

    @cached_property
    def nodes(self) -> tuple[canvas.Node, ...]:
        """The tree of cards."""
        overlay = self.run.overlay if self.run else None
        return canvas.Builder(self.open_problems, overlay).nodes(self.definition)

    @cached_property
    def names(self) -> dict[str, str]:
        """What each step is called."""
        return canvas.names_of(self.definition)

    @cached_property
    def at(self) -> At:
        """What every card must know."""
        arguments = {"workflow_id": self.workflow.id}
        if self.run:
            arguments["run"] = self.run.id
        link = url_for("editor.show", **arguments)
        link += "&" if "?" in link else "?"
        return At(link, self.selected, self.may_edit, bool(self.run), icon_sprite_url())

    @property
    def is_empty(self) -> bool:
        """Whether there is no step yet."""
        return not self.definition.steps

    @cached_property
    def starts(self) -> "Sequence[starts.Start]":
        """The ways this workflow starts, as the first card lists them."""
        return starts.of_definition(self.workflow, self.definition)

    @cached_property
    def ways(self) -> "Sequence[starts.Start]":
        """The ways a workflow can start at all."""
        return starts.ways(self.workflow, self.definition)

    @cached_property
    def state_words(self) -> str:
        """Whether the workflow is live, in words."""
        version = self.workflow.published
        if version is None:
            return "Draft · not live"
        live = f"Live v{version.number}" if self.workflow.is_enabled else "Switched off"
        return f"{live} · draft changed" if self.workflow.is_draft_changed else live

    @cached_property
    def errors(self) -> "list[problems.ShownProblem]":
        """The problems that keep the draft from being published."""
        return [problem for problem in self.problems if problem.is_error]

    @cached_property
    def open_warnings(self) -> "list[problems.ShownProblem]":
        """The warnings that nobody has accepted yet."""
        return [problem for problem in self.open_problems if not problem.is_error]

    @cached_property
    def problem_words(self) -> str:
        """How many problems there are, of which kind."""
        return problems.count_words(self.problems)

    @cached_property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return workflows.can_undo(self.workflow)

    @cached_property
    def can_redo(self) -> bool:
        """Whether there is a change that was taken back."""
        return workflows.can_redo(self.workflow)

    @property
    def examples_link(self) -> str:
        """Where working examples are, if there is such a page."""
        return address("examples.index")

    @property
    def run_link(self) -> str:
        """The page of the run that is shown."""
        return address("runs.show", run_id=self.run.id) if self.run else ""


def problems_by_field(problems: Iterable[Any], step_id: str) -> Mapping[str, Any]:
    """The first problem of each field of a step; errors before warnings."""
    found: dict[str, Any] = {}
    for problem in sorted(problems, key=lambda problem: problem.severity != "error"):
        if problem.step_id == step_id:
            found.setdefault(problem.field or "", problem)
    return found
