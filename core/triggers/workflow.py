"""Start by a step of another workflow."""

from collections.abc import Mapping
from typing import Any

from core.engine.trigger_type import TriggerType


class FromWorkflow(TriggerType):
    """The step “Run another workflow” of any workflow here."""

    label = "By another workflow"
    help = "A step “Run another workflow” starts this one with its parameters. Always possible."
    icon = "workflow"
    keywords = ("sub-workflow", "child", "called by", "execute workflow trigger", "subflow")

    def summary(self, settings: Mapping[str, Any]) -> str:
        """Which step it is."""
        return "with “Run another workflow”"
