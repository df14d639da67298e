"""How pages say what a bulk action does and where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from blueprints import progress
from blueprints.formats import lasted, number, plural
from blueprints.progress import Part, about
from core import clock
from core.runtime import bulk_list
from core.runtime.bulk_foresight import Foreseen
from core.runtime.bulk_list import GROUPS, BulkView

DONE = {"cancel": "Cancelled", "rerun": "Run again", "retry": "Taken up again"}
ICONS = {"cancel": "circle-slash", "rerun": "play", "retry": "rotate-ccw"}
KINDS = {"done": "", "failed": "bad", "skipped": "off"}
WHAT = {
    "cancel": "No further step begins in them. What they have done stays done.",
    "rerun": "Each starts anew with the same input, on what is published now. What its steps do "
    "outside happens again: mails are sent and other systems are called once more.",
    "retry": "Each goes on from the step that failed. What is done stays done; only that step and "
    "those after it are carried out.",
}
ALL = {
    "cancel": "Cancel all that match",
    "rerun": "Run all that match again",
    "retry": "Retry all that match",
}
NONE_OF_THEM = {
    "cancel": "None of them can be cancelled.",
    "rerun": "None of them can be run again.",
    "retry": "None of them can be retried.",
}


def title(kind: str, total: int) -> str:
    """What is done, and to how many."""
    many = plural(total, "run")
    return {"cancel": f"Cancel {many}", "rerun": f"Run {many} again", "retry": f"Retry {many}"}[
        kind
    ]


def left_out(foreseen: Foreseen) -> list[tuple[str, str]]:
    """The runs that stay as they are: how many, and why."""
    return [(plural(count, "run"), reason) for reason, count in foreseen.cannot]


@dataclass(frozen=True, slots=True)
class Line:
    """A bulk action in the list, and at the head of its page."""

    view: BulkView
    at: datetime

    @property
    def action(self) -> Any:
        """The action itself."""
        return self.view.action

    @property
    def title(self) -> str:
        """What it does, and to how many."""
        return title(self.action.kind, self.action.total)

    @property
    def icon(self) -> str:
        """The icon of what it does."""
        return ICONS[self.action.kind]

    @property
    def pill(self) -> tuple[str, str]:
        """Its state, as the pill of a run would have it, and the word for it."""
        action = self.action
        if action.state == "stopped":
            return ("cancelled", "Stopped")
        if not self.view.is_over:
            return ("running", "Collecting" if action.state == "gathering" else "Running")
        if action.failed:
            return ("failed", f"{plural(action.failed, 'run')} failed")
        return ("succeeded", "Done")

    @property
    def said(self) -> str:
        """How far it is, in one sentence."""
        action = self.action
        if action.state == "gathering":
            return f"{plural(action.total, 'run')} found so far"
        said = f"{number(self.view.ended)} of {plural(action.total, 'run')} dealt with"
        if action.state == "stopped":
            return f"{said} when {action.stopped_by or 'somebody'} stopped it"
        if self.view.is_over:
            spent = (action.ended_at - action.created_at).total_seconds()
            return f"{said} in {lasted(max(spent, 0) * 1000)}"
        left = self.view.left(self.at)
        return f"{said}, about {about(left)} left" if left else said

    @property
    def parts(self) -> list[Part]:
        """The progress bar."""
        return progress.parts(self.view.counts, KINDS, self.action.total)

    @property
    def spoken(self) -> str:
        """The progress bar in words."""
        counts = self.view.counts
        parts = [f"{counts[group]} {word.lower()}" for group, word in self.names if counts[group]]
        return ", ".join(parts) or "no runs"

    @property
    def names(self) -> Sequence[tuple[str, str]]:
        """The groups of runs, and the word for each."""
        words = {"failed": "Failed", "skipped": "Left as they are", "waiting": "Not yet"}
        if self.action.state == "stopped":
            words["waiting"] = "Not done"
        words["done"] = DONE[self.action.kind]
        return [(group, words[group]) for group in GROUPS]

    def groups(self, chosen: str) -> list[tuple[str, str, int, bool]]:
        """The groups to look at: key, word, how many, whether it is shown."""
        counts = self.view.counts
        shown = [(group, word) for group, word in self.names if counts[group] or group == chosen]
        return [(group, word, counts[group], group == chosen) for group, word in shown]

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """Why runs were left as they are: how many, and the reason; most first."""
        found = sorted((self.action.reasons or {}).items(), key=lambda pair: -pair[1])
        return [(plural(count, "run"), reason) for reason, count in found]

    @property
    def now(self) -> str:
        """How the runs stand that it started or took up."""
        words = {
            "succeeded": "succeeded",
            "failed": "failed",
            "cancelled": "cancelled",
            "waiting": "waiting",
            "running": "running",
            "queued": "in line",
        }
        counts = self.view.now
        return ", ".join(f"{number(counts[key])} {words[key]}" for key in words if counts.get(key))


def open_lines(workspace_id: int) -> list[Line]:
    """The bulk actions that go on now, for the list of runs."""
    found = bulk_list.open_actions(workspace_id)
    return [Line(BulkView(action), clock.now()) for action in found]
