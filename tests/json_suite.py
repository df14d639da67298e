"""JSONTestSuite by Nicolas Seriot: read where it lies beside the project, left out elsewhere."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared/corpora/JSONTestSuite/test_parsing"
needs_suite = pytest.mark.usefixtures("json_suite")
