"""What an inside step asks for beyond its output: other runs, batches, or that some are taken back.

It is written in the step's own transaction; what need not be, is done once that is committed.
"""

import logging

from sqlalchemy import Connection

from core.engine.outcomes import AskPeople, CancelPlanned, Done, Outcome, StartBatch, StartRun
from core.engine.requests import Perform
from core.runtime import admission, approvals, batches, children, planned
from core.runtime.batches import Prepared
from core.runtime.leases import Claim
from core.storage.run import Run

log = logging.getLogger(__name__)


class Orders:
    """The orders of one step of one run."""

    def __init__(self, claim: Claim, perform: Perform) -> None:
        self.run = claim.row
        self.now = claim.now
        self.perform = perform
        self.prepared: Prepared | None = None
        self.started: Run | None = None
        self.batch_id = ""

    def prepare(self, outcome: Outcome) -> None:
        """Do what takes long and writes nothing, before the transaction; raises StepFailed."""
        if isinstance(outcome, StartBatch):
            self.prepared = batches.prepare(self.run, outcome)

    def settle(self, connection: Connection, outcome: Outcome) -> Outcome:
        """Write what the step asks for; what it goes on with. Raises StepFailed."""
        now = self.now()
        match outcome:
            case StartRun():
                self.started, outcome = children.start(
                    connection, self.run, self.perform, outcome, now=now
                )
            case CancelPlanned():
                return Done({"cancelled": planned.cancel(connection, self.run, outcome)})
            case AskPeople():
                return approvals.ask(connection, self.run, self.perform, outcome, now=now)
        return outcome

    def begin_batch(self, connection: Connection) -> Outcome:
        """Write the batch that was prepared."""
        assert self.prepared is not None
        here, now = self.perform.path, self.now()
        outcome = batches.begin(connection, self.run, here, self.prepared, now=now)
        self.batch_id = outcome.output["batch_id"]
        return outcome

    def follow_up(self) -> None:
        """Let begin what was written; what fails here, the sweeps do."""
        try:
            if self.started is not None:
                admission.enter(self.started)
            if self.batch_id:
                batches.fill(self.batch_id)
        except Exception:
            log.exception("what run %s has planned begins a moment later", self.run.id)
