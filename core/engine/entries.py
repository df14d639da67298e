"""The journal's entries: small lists whose first word says what happened.

open     path, data, at                 what must not be chosen twice: a list, a path, a time
phase    path, phase, error, pending    a try went on to its catch or finally
done     path, output, inputs, µs, at   a step has its output
stopped  path, message                  a stop step has ended the run, behind its done
skipped  path, why, at                  disabled, or its condition did not hold
retry    path, attempt, error, due, at  an attempt failed; the next is due then
vars     frame, changes                 variables were set
reply    path, part                     a part of the response
item     path, index, state, result, error, at     one turn of a loop has ended
decided  path, decision, by, at         a person said what an effect's unknown outcome means
retried  path, round, plan, by, at      a person took the failed run up again; `plan` is a Reopening
                                        with, for pages, when it failed and another version
log      path, level, message, at       a line the author wrote
taken    worker, fence, at              a worker took the run
let_go   worker, why, at                it gave the run back: asleep, stopping, or cleared
lost     worker, at                     it ended without a word: its lease ran out
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.engine.outcomes import Reply

Entry = list[Any]


def opened(path: str, data: Mapping[str, Any], at: datetime) -> Entry:
    """A block was entered with this list or choice, or a wait was set until this time."""
    return ["open", path, dict(data), at.timestamp()]


def phase(path: str, name: str, error: Any, pending: Any) -> Entry:
    """A try went on to `catch` or `finally`; `pending` is how it ends after the finally."""
    return ["phase", path, name, error, pending]


def done(path: str, output: Any, inputs: Any, microseconds: int, at: datetime) -> Entry:
    """A step has its output."""
    return ["done", path, output, inputs, microseconds, at.timestamp()]


def stopped(path: str, message: str) -> Entry:
    """A stop step has ended the run."""
    return ["stopped", path, message]


def skipped(path: str, why: str, at: datetime) -> Entry:
    """A step was passed over: `disabled` or `condition`."""
    return ["skipped", path, why, at.timestamp()]


def retry(path: str, attempt: int, error: Any, due: datetime, at: datetime) -> Entry:
    """An attempt failed and the next one is due."""
    return ["retry", path, attempt, error, due.timestamp(), at.timestamp()]


def variables(frame: str, changes: Mapping[str, Any]) -> Entry:
    """Variables were set in that frame: `""` is the run's own."""
    return ["vars", frame, dict(changes)]


def reply(path: str, part: Reply) -> Entry:
    """A part of the response was given."""
    value = {
        **({"body": part.body} if part.has_body else {}),
        "status": part.status,
        "headers": dict(part.headers),
        "content_type": part.content_type,
    }
    return ["reply", path, value]


def item(path: str, index: int, state: str, result: Any, error: Any, at: datetime) -> Entry:
    """One turn of a loop has ended, `done` or `failed`."""
    return ["item", path, index, state, result, error, at.timestamp()]


def decided(path: str, decision: str, by: str, at: datetime) -> Entry:
    """A person said what the unknown outcome of an effect means."""
    return ["decided", path, decision, by, at.timestamp()]


def retried(path: str, round: int, plan: Mapping[str, Any], by: str, at: datetime) -> Entry:
    """A person took a failed run up again; the path is empty if no step is to blame."""
    return ["retried", path, round, dict(plan), by, at.timestamp()]


def log(path: str, level: str, message: str, at: datetime) -> Entry:
    """A line the author wrote."""
    return ["log", path, level, message, at.timestamp()]


def taken(worker: str, fence: int, at: datetime) -> Entry:
    """A worker took the run."""
    return ["taken", worker, fence, at.timestamp()]


def let_go(worker: str, why: str, at: datetime) -> Entry:
    """A worker gave the run back: `asleep`, `stopping`, or `cleared` of having killed one."""
    return ["let_go", worker, why, at.timestamp()]


def lost(worker: str, at: datetime) -> Entry:
    """A worker ended without a word."""
    return ["lost", worker, at.timestamp()]
