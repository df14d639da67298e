"""What Prometheus is told: read from the database when it asks, so all processes say the same."""

from collections.abc import Iterator
from datetime import timedelta

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from core import clock, queue
from core.release import version
from core.runtime import holding, vitals
from core.runtime.endpoints import disk
from core.storage import copies, run_counts

WINDOW = timedelta(minutes=5)


class Figures(Collector):
    """The figures of an installation, and of the runs of one workspace."""

    def __init__(self, workspace_id: int) -> None:
        self.workspace_id = workspace_id

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        yield InfoMetricFamily("openbuild", "The version that answers", {"version": version()})
        yield from self.runs()
        yield from work()
        yield from machine()

    def runs(self) -> Iterator[Metric]:
        """Runs that are not finished, and those that began lately."""
        unfinished = GaugeMetricFamily(
            "openbuild_runs_unfinished", "Runs that have not ended, by state", labels=["state"]
        )
        for state, count in run_counts.unfinished(self.workspace_id).items():
            unfinished.add_metric([state], count)
        yield unfinished
        lately = GaugeMetricFamily(
            "openbuild_runs_last_5_minutes",
            "Runs that were started in the last five minutes, by workflow and present state",
            labels=["workflow", "state"],
        )
        since = clock.now() - WINDOW
        for name, state, count in run_counts.since(self.workspace_id, since):
            lately.add_metric([name, state], count)
        yield lately


def work() -> Iterator[Metric]:
    """The line, and who works it off."""
    line = vitals.line()
    yield gauge("openbuild_in_line", "Runs in line for a worker", line.count)
    yield gauge("openbuild_in_line_oldest_seconds", "Age of the oldest one", line.oldest_seconds)
    alive = GaugeMetricFamily("openbuild_processes", "Processes alive, by kind", labels=["kind"])
    for kind, count in vitals.count_alive().items():
        alive.add_metric([kind], count)
    yield alive
    yield gauge("openbuild_queue_up", "Whether the queue's server answers", queue.is_alive())
    yield gauge("openbuild_holding", "Whether nothing is sent since a restore", holding.is_on())


def machine() -> Iterator[Metric]:
    """The disk, the database on it, and its newest copy."""
    room = disk.room()
    yield gauge("openbuild_disk_free_bytes", "Free on the data folder's disk", room.free)
    yield gauge("openbuild_disk_size_bytes", "Size of the data folder's disk", room.total)
    if (size := vitals.database_size()) is not None:
        yield gauge("openbuild_database_bytes", "Size of the SQLite database", size)
    if made := copies.listing():
        newest = made[0].made_at.timestamp()
        yield gauge("openbuild_backup_timestamp_seconds", "When the newest copy was made", newest)


def gauge(name: str, help: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help, value=float(value))
