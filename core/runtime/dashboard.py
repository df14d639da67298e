"""The figures of the dashboard: runs, failures and times of a period, by stretch and workflow.

Runs are counted, every one of them. Times are measured on the newest runs of each stretch and
workflow; where there were more than that, the figures say that they are approximate.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core import clock
from core.engine.states import RunState
from core.runtime.periods import PERIODS, Period, Span, spans
from core.runtime.run_times import Times, times
from core.storage import run_ranges
from core.storage.db import db
from core.storage.run_ranges import Range, Sampled, Wanted
from core.storage.workflow import Workflow

MEASURED = 90  # runs of each stretch
PIECES = 3  # of a stretch with more: its first third may differ from its last
FAILED_READ = 60  # failed runs of each stretch, to learn whose they are
WORKFLOWS_MEASURED = 150  # the busiest
OF_EACH_WORKFLOW = 40  # runs
LONGEST_COMPARED = timedelta(days=7)

__all__ = ["PERIODS", "Figures", "SpanFigures", "WorkflowFigures", "figures"]


@dataclass(frozen=True, slots=True)
class SpanFigures:
    """One stretch of the period."""

    span: Span
    runs: int
    failed: int
    times: Times | None


@dataclass(frozen=True, slots=True)
class WorkflowFigures:
    """One workflow that ran in the period."""

    id: int
    label: str
    is_deleted: bool
    runs: int
    failed: int
    typical: float | None  # milliseconds


@dataclass(frozen=True, slots=True)
class Before:
    """The same length of time just before the period."""

    runs: int
    failed: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that happened in a period until `now`."""

    period: Period
    now: datetime
    spans: Sequence[SpanFigures]
    workflows: Sequence[WorkflowFigures]
    times: Times | None
    before: Before | None  # None: nothing was kept from then
    is_timed_roughly: bool  # times come from some of the runs
    is_blamed_roughly: bool  # failures are shared among workflows after some of them

    @property
    def runs(self) -> int:
        """All runs that were accepted in the period."""
        return sum(stretch.runs for stretch in self.spans)

    @property
    def failed(self) -> int:
        """Those of them that failed."""
        return sum(stretch.failed for stretch in self.spans)

    @property
    def busiest(self) -> list[WorkflowFigures]:
        """Workflows by their number of runs."""
        return sorted(self.workflows, key=lambda found: (-found.runs, found.label))

    @property
    def slowest(self) -> list[WorkflowFigures]:
        """Workflows by their typical time."""
        return sorted(self.workflows, key=lambda found: (-(found.typical or -1), found.label))


def figures(workspace_id: int, period: Period, zone: ZoneInfo) -> Figures:
    """The figures of a workspace for a period that ends now."""
    now = clock.now()
    cut = spans(period, now, zone)
    ranges = [Range.between(span.begin, span.end) for span in cut]
    counted = run_ranges.count_by_workflow(workspace_id, ranges)
    failed = run_ranges.count_of_state(workspace_id, RunState.FAILED, ranges)
    runs, of_workflow = [0] * len(ranges), Counter[int]()
    for workflow_id, number, count in counted:
        runs[number] += count
        of_workflow[workflow_id] += count
    read = _Samples(workspace_id, cut, runs, failed, of_workflow)
    took = [read.of_span(number) for number in range(len(cut))]
    names = _names(workspace_id)
    return Figures(
        period,
        now,
        [
            SpanFigures(span, runs[number], failed[number], times(took[number]))
            for number, span in enumerate(cut)
        ],
        [
            WorkflowFigures(found, *names[found], count, read.blamed(found), read.typical(found))
            for found, count in of_workflow.items()
        ],
        times(chain.from_iterable(took)),
        _before(workspace_id, period, now),
        any(count > MEASURED for count in runs),
        any(count > FAILED_READ for count in failed),
    )


def _names(workspace_id: int) -> dict[int, tuple[str, bool]]:
    """What workflows are called, and whether they are deleted."""
    query = select(Workflow.id, Workflow.label, Workflow.deleted_at)
    rows = db.session.execute(query.where(Workflow.workspace_id == workspace_id))
    return {id: (label, deleted_at is not None) for id, label, deleted_at in rows}


def _before(workspace_id: int, period: Period, now: datetime) -> Before | None:
    """None when that time is long, or when runs of then may be gone."""
    begin = now - 2 * period.length
    if period.length > LONGEST_COMPARED:
        return None
    runs, failed, has_older = run_ranges.count_before(
        workspace_id, RunState.FAILED, Range.between(begin, now - period.length)
    )
    return Before(runs, failed) if has_older else None


class _Samples:
    """The rows that were read, and what each of them stands for."""

    def __init__(
        self,
        workspace_id: int,
        cut: Sequence[Span],
        runs: Sequence[int],
        failed: Sequence[int],
        of_workflow: Counter[int],
    ) -> None:
        self.runs, self.failed = runs, failed
        self.spans: dict[int, list[Sampled]] = defaultdict(list)
        self.failures: dict[int, list[Sampled]] = defaultdict(list)
        self.workflows: dict[int, list[Sampled]] = defaultdict(list)
        few = [(number, cut[number]) for number, count in enumerate(runs) if count <= MEASURED]
        many = [number for number, count in enumerate(runs) if count > MEASURED]
        thirds = [(number, third) for number in many for third in _thirds(cut[number])]
        bad = [(number, cut[number]) for number, count in enumerate(failed) if count]
        whole = Range.between(cut[0].begin, cut[-1].end)
        busiest = [(whole, found) for found, _ in of_workflow.most_common(WORKFLOWS_MEASURED)]
        samples = (
            Wanted("workspace", _owned(few, workspace_id), MEASURED),
            Wanted("workspace", _owned(thirds, workspace_id), MEASURED // PIECES),
            Wanted("failed", _owned(bad, workspace_id), FAILED_READ),
            Wanted("workflow", busiest, OF_EACH_WORKFLOW),
        )
        for row in run_ranges.sample(samples):
            match row.wanted:
                case 0:
                    self.spans[few[row.place][0]].append(row)
                case 1:
                    self.spans[thirds[row.place][0]].append(row)
                case 2:
                    self.failures[bad[row.place][0]].append(row)
                case _:
                    self.workflows[row.workflow_id].append(row)

    def of_span(self, number: int) -> list[tuple[float, float]]:
        """How long the runs of a stretch took, and how many runs each stands for."""
        rows = self.spans[number]
        weight = self.runs[number] / len(rows) if rows else 0.0
        return [(row.ms, weight) for row in rows if row.ms is not None]

    def typical(self, workflow_id: int) -> float | None:
        """How long the newest runs of a workflow typically took."""
        found = times(_measured(self.workflows[workflow_id]))
        return found.typical if found else None

    def blamed(self, workflow_id: int) -> int:
        """How many failed runs were this workflow's."""
        share = 0.0
        for number, count in enumerate(self.failed):
            rows = self.failures[number]
            mine = sum(1 for row in rows if row.workflow_id == workflow_id)
            share += count * mine / len(rows) if mine else 0
        return round(share)


def _measured(rows: Iterable[Sampled]) -> list[tuple[float, float]]:
    return [(row.ms, 1.0) for row in rows if row.ms is not None]


def _owned(spans: Iterable[tuple[int, Span]], workspace_id: int) -> list[tuple[Range, int]]:
    return [(Range.between(span.begin, span.end), workspace_id) for _, span in spans]


def _thirds(span: Span) -> list[Span]:
    third = (span.end - span.begin) / PIECES
    marks = [*(span.begin + third * number for number in range(PIECES)), span.end]
    return [Span(begin, end, span.is_whole) for begin, end in pairwise(marks)]
