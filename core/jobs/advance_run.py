"""Take a run as far as it goes."""

from core.runtime import crew


def advance_run(run_id: str) -> None:
    """Claim the run, carry it out and record what happened."""
    crew.carry_out(run_id)
