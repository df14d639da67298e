"""Start by hand, from the workflow's page or the command line."""

from collections.abc import Mapping
from typing import Any

from core.engine.trigger_type import TriggerType


class Manual(TriggerType):
    """A person fills in the parameters and starts a run."""

    label = "By hand"
    help = "Start a run from this page, or with `openbuild workflows run`. Always possible."
    icon = "hand"
    keywords = ("manual", "button", "test", "run now", "start", "form")

    def summary(self, settings: Mapping[str, Any]) -> str:
        """From where."""
        return "from this page"
