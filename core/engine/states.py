"""The states of runs and step runs, their reasons, and the moves between them."""

from enum import StrEnum


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why a run is in its state, where the state alone does not say."""

    TIME = "time"
    CALL = "call"
    APPROVAL = "approval"
    CHILD = "child"
    RETRY = "retry"
    LIMIT = "limit"
    UNKNOWN_OUTCOME = "unknown_outcome"
    STOPPED = "stopped"
    NOT_RUN = "not_run"
    TIMED_OUT = "timed_out"
    QUARANTINED = "quarantined"


class Line(StrEnum):
    """In which line a waiting run stands, if it waits for its turn and for nothing else."""

    LIMIT = "limit"  # for a place among the runs of its workflow that may go at a time
    BATCH = "batch"  # for its turn among the runs of its batch


MOVES: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.CANCELLED}),
    RunState.RUNNING: frozenset(
        {
            RunState.WAITING,
            RunState.SUCCEEDED,
            RunState.FAILED,
            RunState.CANCELLED,
            RunState.QUEUED,
        }
    ),
    RunState.WAITING: frozenset({RunState.QUEUED, RunState.CANCELLED}),
    RunState.SUCCEEDED: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.CANCELLED: frozenset(),
}

FINAL = frozenset(state for state, targets in MOVES.items() if not targets)


def states_before(target: RunState) -> list[RunState]:
    """The states from which a run may move to `target`."""
    return [state for state, targets in MOVES.items() if target in targets]
