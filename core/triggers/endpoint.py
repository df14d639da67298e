"""Start when another app calls the workflow's URL."""

from collections.abc import Mapping
from typing import Any

from core.engine.fields import Field
from core.engine.trigger_type import TriggerType

METHODS = tuple((method, method) for method in ("POST", "GET", "PUT", "PATCH", "DELETE"))
REPLIES = (("wait", "Answer when done"), ("immediate", "Answer at once"))
NOT_RUN = (("400", "An error (400)"), ("200", "All is well (200)"))
LONGEST_WAIT = 300  # seconds
NAMES = {"github": "GitHub", "standard": "a standard webhook"}
WHO = {
    "open": "anyone",
    "api_key": "anyone with a key",
    "admin": "admin keys",
    "user": "signed-in users",
    "basic": "a name and password",
    "signature": "a sender that signs",
}


def sender(preset: str) -> str:
    """Who signs by that preset, as they write themselves."""
    return NAMES.get(preset, preset.capitalize())


class Endpoint(TriggerType):
    """A URL; what the caller sends is the run's input."""

    label = "When called"
    help = "Another app calls this workflow's URL and may wait for the answer."
    icon = "webhook"
    section = "endpoint"
    keywords = ("webhook", "api", "http", "url", "endpoint", "catch hook", "request", "callback")
    fields = (
        Field("exposed", "Can be called", kind="yes_no", default=False, literal=True),
        Field("method", "Method", kind="choice", default="POST", choices=METHODS, literal=True),
        Field("reply", "Answer", kind="choice", default="wait", choices=REPLIES, literal=True),
        Field(
            "wait_seconds",
            "Wait at most (seconds)",
            kind="number",
            default=30,
            minimum=1,
            maximum=LONGEST_WAIT,
            shown_when=("reply", ("wait",)),
            help="After that the caller gets 202 and a URL to ask for the outcome.",
            literal=True,
        ),
        Field(
            "only_when",
            "Run only when",
            kind="condition",
            required=False,
            help="Other calls start no run.",
        ),
        Field(
            "not_run_status",
            "A call that starts no run gets",
            kind="choice",
            default="400",
            choices=NOT_RUN,
            advanced=True,
            literal=True,
        ),
    )
    example_input = {
        "headers": {"content-type": "application/json", "user-agent": "curl/8.5.0"},
        "query": {},
        "body": {},
        "caller": {"kind": "key", "id": "ob_4f9a1c2e", "name": "Shop"},
    }

    @property
    def new_settings(self) -> dict[str, Any]:
        """Switched on, for callers with a key."""
        return {"exposed": True, "auth": {"scheme": "api_key"}}

    def summary(self, settings: Mapping[str, Any]) -> str:
        """The method, who may call, and how it is answered: “POST · anyone with a key”."""
        if not settings.get("exposed", False):
            return "switched off"
        auth = settings.get("auth") or {"scheme": "api_key"}
        preset = str(auth.get("preset") or "")
        scheme = str(auth.get("scheme"))
        who = WHO.get(scheme, scheme)
        if preset:
            who = f"signed by {sender(preset)}"
        parts = [str(settings.get("method", "POST")), who]
        if settings.get("reply") == "immediate":
            parts.append("answers at once")
        return " · ".join(parts)
