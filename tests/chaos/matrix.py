"""Every kind of step × every point where its process can die × both databases, again and again."""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).parents[2]
CELLS = (
    "tests/integration/running/test_crash_matrix.py"
    "::test_it_happens_once_or_again_under_the_same_name"
)
TIMES = 20


def measure(times=TIMES):
    """How many cells were tried and how many `broke`, which must be 0."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        began = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", CELLS]
        # A folder of its own: of pytest's usual ones, later runs of tests remove the oldest.
        command += ["-n", str(os.cpu_count()), f"--basetemp={folder}/tests"]
        told = {"CRASH_MATRIX_TIMES": str(times)}
        found = subprocess.run(
            [*command, f"--junitxml={report}"],
            cwd=ROOT,
            env=os.environ | told,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if not report.exists():
            raise RuntimeError(found.stdout)
        suite = ET.parse(report).getroot().find("testsuite")
    broke = int(suite.get("failures")) + int(suite.get("errors"))
    if broke:
        print(found.stdout)
    seconds = time.monotonic() - began
    return {"repetitions": times, "cells": int(suite.get("tests")), "broke": broke} | {
        "seconds": seconds
    }
