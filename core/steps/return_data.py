"""Answer the caller who waits for this run."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.engine import wording
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.fields import Field
from core.engine.outcomes import Done, Reply
from core.engine.step_type import StepContext, StepType

LOWEST_STATUS, HIGHEST_STATUS = 200, 599
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+*-]+(\s*;.*)?")
NOT_YOURS = frozenset(
    {"connection", "content-length", "content-type", "set-cookie", "transfer-encoding", "upgrade"}
)


class ReturnData(StepType):
    """A part of the response; the run goes on afterwards."""

    label = "Answer the caller"
    help = "Give data back to whoever called. The run goes on; a later answer adds to this one."
    category = "connect"
    icon = "reply"
    keywords = ("return", "respond", "response", "webhook response", "reply", "return data", "api")
    fields = (
        Field(
            "body",
            "Data",
            kind="json",
            required=False,
            help="Names and values from several answers are put together; the later one wins.",
        ),
        Field(
            "status",
            "Status",
            kind="number",
            required=False,
            minimum=LOWEST_STATUS,
            maximum=HIGHEST_STATUS,
            placeholder="200",
            advanced=True,
            help="The HTTP status; 200 if left empty.",
        ),
        Field("headers", "Headers", kind="mapping", required=False, advanced=True),
        Field(
            "content_type",
            "Content type",
            required=False,
            advanced=True,
            placeholder="text/html",
            help="With one, the data is sent bare, as it is; without, inside “response”.",
        ),
    )

    def summary(self, step: Step) -> str:
        """The status and the names of what goes back."""
        status = wording.say(step.inputs.get("status")) or "200"
        body = wording.say(step.inputs.get("body"))
        return f"{status} · {body}" if body else status

    def problems(self, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """A status that is a number, but none that can be sent."""
        given = inputs.get("status")
        if isinstance(given, float | str) and is_near(given):
            try:
                read_status(given)
            except StepFailed as refusal:
                yield "status", refusal.message

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> Done:
        """Put this part of the response together."""
        body = inputs.get("body")
        reply = Reply(
            body,
            read_status(inputs.get("status")),
            read_headers(inputs.get("headers")),
            read_content_type(inputs.get("content_type")),
            has_body="body" in inputs,
        )
        return Done(body, reply=reply)


def is_near(status: float | str) -> bool:
    """Whether a number lies between the statuses that there are."""
    try:
        return LOWEST_STATUS <= float(status) <= HIGHEST_STATUS
    except ValueError:
        return False


def read_status(given: Any) -> int | None:
    """A status that may be sent, or None for the usual one."""
    if given is None or given == "":
        return None
    text = str(int(given)) if isinstance(given, float) and given.is_integer() else str(given)
    if not text.isdecimal() or not LOWEST_STATUS <= int(text) <= HIGHEST_STATUS:
        raise StepFailed(
            f"“Status” must be a number from {LOWEST_STATUS} to {HIGHEST_STATUS}, not “{text}”"
        )
    return int(text)


def read_headers(given: Any) -> dict[str, str]:
    """Headers an author may set, as text; those left null are left out."""
    if given is None or given == "":
        return {}
    if not isinstance(given, Mapping):
        raise StepFailed("“Headers” must be names and values")
    headers = {str(name): str(value) for name, value in given.items() if value is not None}
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name) or CONTROL.search(value):
            raise StepFailed(f"“{name}” is not a header that can be sent")
        if name.lower() in NOT_YOURS:
            raise StepFailed(f"the header “{name}” is set by openBuild itself")
    return headers


def read_content_type(given: Any) -> str | None:
    """A media type such as text/html, or None."""
    if given is None or given == "":
        return None
    if not MEDIA_TYPE.fullmatch(str(given)) or CONTROL.search(str(given)):
        raise StepFailed(f"“{given}” is not a content type; write for example text/html")
    return str(given)
