"""Ask a person, and go on with what they answered; no worker is held meanwhile."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.engine import answers, questions, wording
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.expressions import is_computed
from core.engine.fields import Field
from core.engine.mail_messages import MailFailed, address_problems, read_addresses
from core.engine.outcomes import AskPeople
from core.engine.parameters import Parameter
from core.engine.step_type import Effect, StepContext, StepType

MOST_PEOPLE = 20
LONGEST_MESSAGE = 20_000  # characters


class AskApproval(StepType):
    """Each of the people gets a link that needs no account; the first answer counts."""

    label = "Ask a person"
    help = "Ask somebody by mail or here, and go on when they have approved or declined."
    category = "people"
    icon = "user-check"
    keywords = (
        "approval",
        "approve",
        "human",
        "person",
        "review",
        "confirm",
        "decision",
        "form",
        "manual",
        "sign off",
    )
    fields = (
        Field(
            "who",
            "Whom",
            placeholder="ana@example.org",
            help=(
                "One address, several with commas, or an expression that gives a list. "
                "The first answer counts."
            ),
        ),
        Field(
            "message",
            "What you ask",
            kind="long_text",
            placeholder="May {{ trigger.name }} buy this for {{ trigger.total }} €?",
        ),
        Field(
            "fields",
            "Form",
            kind="list",
            required=False,
            help=(
                "What to fill in: “Cost center” is a text that you read as "
                "steps.….fields.cost_center. As JSON a field can have a type and choices."
            ),
        ),
        Field(
            "timeout",
            "Wait at most",
            kind="duration",
            required=False,
            placeholder="7d",
            help="Then the step fails (“timeout”). Left empty, it waits for as long as it takes.",
        ),
        Field(
            "remind_after",
            "Remind after",
            kind="duration",
            required=False,
            placeholder="2d",
            help="One more mail to those who were asked, if nobody has answered by then.",
        ),
    )
    effect = Effect.INSIDE  # the question, its mails and this step are written together
    example_output = {
        "approved": True,
        "by": "ana@example.org",
        "comment": "Fine with me",
        "fields": {},
    }
    is_example_exact = True

    def summary(self, step: Step) -> str:
        """Whom, and how long at most."""
        who, timeout = (wording.say(step.inputs.get(key)) for key in ("who", "timeout"))
        return f"{who}, at most {timeout}" if who and timeout else who

    def problems(self, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Addresses that are none, and a form that can't be shown."""
        yield from address_problems(inputs, who="Whom")
        form = inputs.get("fields")
        if not is_computed(form):
            try:
                questions.read(form)
            except StepFailed as failure:
                yield "fields", failure.message

    def form(self, inputs: Mapping[str, Any]) -> Sequence[Parameter] | None:
        """The fields as their author declared them."""
        declared = inputs.get("fields")
        if is_computed(declared):
            return None
        try:
            return [asked.parameter for asked in questions.read(declared)]
        except StepFailed:
            return None

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> AskPeople:
        """Say whom and what; what can't be asked fails with a sentence."""
        try:
            people = read_addresses(inputs.get("who"), "Whom")
        except MailFailed as failure:
            raise StepFailed(failure.message) from failure
        if not 0 < len(people) <= MOST_PEOPLE:
            raise StepFailed(f"“Whom” names {len(people)} people; 1 to {MOST_PEOPLE} can be asked")
        message = inputs.get("message")
        if not isinstance(message, str) or not message.strip():
            raise StepFailed("“What you ask” is empty")
        if len(message) > LONGEST_MESSAGE:
            raise StepFailed(f"“What you ask” is longer than {LONGEST_MESSAGE:,} characters")
        questions.read(inputs.get("fields"))
        length = answers.read_length(inputs.get("timeout"), "Wait at most")
        remind_after = answers.read_length(inputs.get("remind_after"), "Remind after")
        return AskPeople(people, message, length, remind_after)
