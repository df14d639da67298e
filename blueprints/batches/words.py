"""How pages say where a batch stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from blueprints import progress
from blueprints.formats import lasted, number, plural
from blueprints.progress import Part, about
from core.runtime.batch_list import GROUPS, BatchView

MILLISECOND = timedelta(milliseconds=1)
WORDS = {
    "failed": "Failed",
    "running": "Running",
    "waiting": "In line",
    "done": "Done",
    "skipped": "Not run",
    "cancelled": "Cancelled",
}
KINDS = {"done": "", "failed": "bad", "skipped": "off", "cancelled": "off", "running": "run"}


@dataclass(frozen=True, slots=True)
class Line:
    """A batch in the list, and at the head of its page."""

    view: BatchView
    now: datetime

    @property
    def batch(self) -> Any:
        """The batch itself."""
        return self.view.batch

    @property
    def title(self) -> str:
        """What it runs, and for how many."""
        return f"{self.view.workflow.label}, {plural(self.batch.total, 'item')}"

    @property
    def pill(self) -> tuple[str, str]:
        """Its state, as the pill of a run would have it, and the word for it."""
        if self.batch.state == "cancelled":
            return ("cancelled", "Cancelled" if self.view.is_over else "Cancelling")
        if not self.view.is_over:
            is_paused = self.batch.state == "paused"
            return ("waiting", "Paused") if is_paused else ("running", "Running")
        if self.view.counts["failed"]:
            return ("failed", f"{plural(self.view.counts['failed'], 'item')} failed")
        return ("succeeded", "All have ended")

    @property
    def said(self) -> str:
        """How far it is, in one sentence."""
        ended = f"{number(self.view.ended)} of {plural(self.batch.total, 'item')} ended"
        if self.view.is_over:
            spent = self.batch.ended_at - self.batch.starts_at
            return f"{ended} in {lasted(max(spent / MILLISECOND - self.batch.idle_ms, 0))}"
        if self.batch.state == "paused":
            return f"{ended}; paused by {self.batch.changed_by or 'somebody'}"
        if self.batch.starts_at > self.now:
            return f"Begins in {about(self.batch.starts_at - self.now)}"
        left = self.view.left(self.now)
        return f"{ended}, about {about(left)} left" if left else ended

    @property
    def parts(self) -> list[Part]:
        """The progress bar."""
        return progress.parts(self.view.counts, KINDS, self.batch.total)

    @property
    def spoken(self) -> str:
        """The progress bar in words."""
        counts = self.view.counts
        parts = [f"{counts[word]} {WORDS[word].lower()}" for word in WORDS if counts[word]]
        return ", ".join(parts) or "no items"

    @property
    def pace(self) -> str:
        """How many at a time, and how far apart."""
        many = self.batch.concurrency
        most = "one after another" if many == 1 else f"at most {many} at a time"
        apart = self.batch.interval
        return f"{most}, {lasted(apart * 1000)} apart" if apart else most


def groups(view: BatchView, chosen: str) -> list[tuple[str, str, int, bool]]:
    """The groups of items to look at: key, word, how many, whether it is shown."""
    shown = [word for word in GROUPS if view.counts[word] or word == chosen]
    return [(word, WORDS[word], view.counts[word], word == chosen) for word in shown]
