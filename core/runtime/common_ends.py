"""Runs that end well and concern nobody else are written together: one commit for many."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.engine.errors import RunCancelled, StateConflict
from core.engine.executor import Ended
from core.engine.states import RunState
from core.runtime import endings, leases
from core.runtime.journal import RunJournal
from core.runtime.leases import Claim
from core.storage.db import write_connection

MOST = 16  # in one commit
LONGEST_WAIT = 0.01  # seconds, for the first of them
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class End:
    """How a held run ends, with its journal."""

    claim: Claim
    journal: RunJournal
    ended: Ended
    response: Any

    @property
    def is_plain(self) -> bool:
        """Whether nothing else is written with it: nobody waits for it, and nobody comes next."""
        run = self.claim.row
        concerned = (run.parent_run_id, run.batch_id, run.limit_key)
        return self.ended.state == RunState.SUCCEEDED and concerned == (None, None, None)

    @property
    def moves(self) -> dict[str, Any]:
        """What is written of the run itself."""
        return endings.moves(self.ended, self.response)


class CommonEnds:
    """The ends of runs that one thread carries out after one another.

    They wait for the next few, but not for a run that takes its time: before it commits anything,
    or waits for anything, `step_aside` writes them and lets another thread go on with the rest.
    """

    def __init__(self, alone: Callable[[End], None], let_others_go_on: Callable[[], None]) -> None:
        self._alone = alone
        self._let_others_go_on = let_others_go_on
        self._waiting: list[End] = []
        self._since = 0.0

    def add(self, end: End) -> None:
        """Keep a plain end for the next commit."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(end)

    def write_if_due(self) -> None:
        """Write them if they are many or have waited."""
        if len(self._waiting) >= MOST or time.monotonic() - self._since > LONGEST_WAIT:
            self.write()

    def step_aside(self) -> None:
        """Write them, and let others have what this thread would have done next."""
        self.write()
        self._let_others_go_on()

    def write(self) -> None:
        """Write all that wait, in one commit; if it fails, each by itself."""
        ends, self._waiting = self._waiting, []
        if not ends:
            return
        try:
            refused = _write(ends)
        except Exception as error:  # one of them may be to blame: alone it shows
            log.info("%d ends are written one by one: %s", len(ends), type(error).__name__)
            refused = ends
        for end in refused:
            self._alone(end)


def _write(ends: list[End]) -> list[End]:
    """Write these ends; returns those that may not be written like this."""
    written, refused = [], []
    # In one order everywhere, for PostgreSQL locks the rows one by one.
    with write_connection(is_flushed=False) as connection:
        for end in sorted(ends, key=lambda end: str(end.claim.row.id)):
            try:
                end.journal.write(connection, end.moves)
            except (StateConflict, RunCancelled):
                refused.append(end)
            else:
                written.append(end)
    for end in written:
        run_id = str(end.claim.row.id)
        end.journal.settle()
        endings.log_end(run_id, end.ended.state)
        endings.tell(run_id, ())
        leases.forget(run_id, end.claim.fence)
    return refused
