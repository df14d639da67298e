"""Which runs a person chose: one by one, or all that match a filter."""

from collections.abc import Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from blueprints.access import current_workspace
from blueprints.formats import plural
from blueprints.run_filters import Filters
from core.runtime import bulk_foresight
from core.runtime.bulk_foresight import Foreseen
from core.runtime.bulk_kinds import KINDS
from core.runtime.run_filter import RunFilter
from core.storage.workflow import Workflow


class NothingChosen(Exception):
    """What is to be done, or to which runs, is missing; the message says so."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be done, and to which runs."""

    kind: str
    ids: Sequence[str] = ()
    filters: Filters | None = None
    on_published: bool = False

    @property
    def words(self) -> str:
        """Which runs, as a person reads it."""
        if self.filters is None:
            return f"{plural(len(self.ids), 'run')} chosen one by one"
        return f"All {self.filters.in_words}"

    @property
    def fields(self) -> list[tuple[str, str]]:
        """What the confirmation sends on: the same runs, however many come meanwhile."""
        found = [("kind", self.kind)]
        if self.filters is None:
            return found + [("run", run_id) for run_id in self.ids]
        return [*found, ("all", "yes"), *self.filters.wanted.to_args().items()]

    def foresee(self, *, on_published: bool = False) -> Foreseen:
        """What would happen; raises RunsMissing."""
        workspace_id = current_workspace().id
        more = {"on_published": on_published}
        if self.filters is None:
            return bulk_foresight.of_chosen(workspace_id, self.kind, self.ids, **more)
        return bulk_foresight.of_matching(workspace_id, self.kind, self.filters.wanted, **more)


def read(args: MultiDict[str, str]) -> Chosen:
    """From an address or a form; raises NothingChosen and BadFilter."""
    kind, on_published = args.get("kind", ""), args.get("on") == "published"
    if kind not in KINDS:
        raise NothingChosen("Say what to do with the runs.")
    if args.get("all"):
        return Chosen(kind, (), filters_of(args), on_published)
    ids = sorted({run_id[:64] for run_id in args.getlist("run") if "\0" not in run_id})
    if not ids:
        raise NothingChosen("Choose some runs first.")
    return Chosen(kind, ids, None, on_published)


def filters_of(args: MultiDict[str, str]) -> Filters:
    """The filter, as it is at this moment: what begins later is not meant."""
    workspace = current_workspace()
    choices = Workflow.of_workspace(workspace.id)
    wanted = RunFilter.from_args(args, choices, workspace.timezone, is_strict=True)
    return Filters(wanted.fixed(), "", None, choices)
