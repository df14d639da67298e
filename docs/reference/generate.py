"""Write what is generated here from the catalogues: run it after changing one of them."""

import json
from pathlib import Path

from core.auth_schemes import auth_schemes
from core.engine.reading.schema import schema
from core.steps import step_types

SCHEMA = Path(__file__).parent / "workflow.schema.json"


def workflow_schema() -> str:
    """The text of workflow.schema.json."""
    return json.dumps(schema(step_types(), auth_schemes()), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(workflow_schema(), encoding="utf-8")
