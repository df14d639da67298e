"""Take a run as far as it goes."""

from core.runtime import advance


def advance_run(run_id: str) -> None:
    """Claim the run, carry it out and record what happened."""
    advance.advance_run(run_id)
