"""Take a run as far as it goes in a process of its own, because it has taken a worker with it."""

import subprocess
import sys
from pathlib import Path

WORKER = Path(__file__).resolve().parents[2] / "worker.py"


def advance_run_alone(run_id: str) -> None:
    """Carry the run out where its death harms no other; the journal holds what happened."""
    subprocess.run([sys.executable, str(WORKER), "alone", run_id], check=False)
