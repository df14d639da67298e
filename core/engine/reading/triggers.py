"""What the starts of a workflow look like in a file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.engine import endpoint_limits, parameter_checks
from core.engine.auth_scheme import AuthScheme
from core.engine.fields import Field
from core.engine.parameter_types import TYPES
from core.engine.parameters import LONGEST_PATTERN
from core.engine.reading.conditions import Condition
from core.engine.reading.schedules import SCHEDULES
from core.engine.reading.shapes import (
    Anything,
    Choice,
    Duration,
    Group,
    ListOf,
    NotBuilt,
    Number,
    Path,
    Report,
    Shape,
    Text,
    YesNo,
    did_you_mean,
    place,
)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REPLIES = ("wait", "immediate")
AuthSchemes = Mapping[str, AuthScheme]

LONGEST_WAIT = 300  # seconds that a caller may be kept waiting


class Parameters:
    """What a call must bring."""

    def check(self, value: Any, path: Path, report: Report) -> None:
        """Every problem of every parameter."""
        report.problems += parameter_checks.problems(value, place(path))

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return ListOf(PARAMETER).schema()


class Auth:
    """Who may call: a scheme of the catalogue with its options."""

    def __init__(self, auth_schemes: AuthSchemes | None) -> None:
        self.auth_schemes = auth_schemes

    def check(self, value: Any, path: Path, report: Report) -> None:
        """A known scheme and no option that it doesn't have."""
        if not isinstance(value, Mapping) or not isinstance(value.get("scheme"), str):
            report.add(path, "must be a group with a “scheme”, for example {scheme: api_key}")
        elif self.auth_schemes is None:
            return
        elif value["scheme"] not in self.auth_schemes:
            near = did_you_mean(value["scheme"], self.auth_schemes)
            report.add((*path, "scheme"), f"unknown auth scheme {value['scheme']}{near}")
        else:
            options = {key: option for key, option in value.items() if key != "scheme"}
            for key, message in self.auth_schemes[value["scheme"]].problems(options):
                report.add((*path, key), message)

    def schema(self) -> dict[str, Any]:
        """As JSON Schema: one object for each scheme."""
        variants = []
        for scheme, kind in (self.auth_schemes or {}).items():
            fields = kind.fields
            options = {field.key: option_shape(field) for field in fields}
            required = tuple(field.key for field in fields if field.required)
            variant = Group({"scheme": Choice((scheme,)), **options}, ("scheme", *required))
            variants.append(variant.schema())
        return {"oneOf": variants}


@dataclass(frozen=True, slots=True)
class Written:
    """Text of a form that only its reader knows."""

    read: Callable[[Any], Any]
    example: str

    def check(self, value: Any, path: Path, report: Report) -> None:
        """What the reader says."""
        try:
            self.read(value)
        except ValueError as error:
            report.add(path, str(error))

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {"type": "string", "examples": [self.example]}


PAGE = Written(endpoint_limits.read_page, "https://example.com/thanks")


def option_shape(field: Field) -> Shape:
    """What an option of an auth scheme looks like in a file."""
    match field.kind:
        case "choice":
            return Choice(tuple(value for value, _ in field.choices))
        case "duration":
            return Duration()
        case "number":
            return Number(field.minimum, field.maximum)
        case "yes_no":
            return YesNo()
        case "list":
            return ListOf(Text())
        case "json" | "mapping":
            return Anything()
    return Text(longest=2000)


PARAMETER = Group(
    {
        "key": Text(longest=parameter_checks.LONGEST_KEY),
        "type": Choice(tuple(TYPES)),
        "list": YesNo(),
        "optional": YesNo(),
        "in": Choice(("body", "query")),
        "default": Anything(),
        "min": Anything(),
        "max": Anything(),
        "pattern": Text(longest=LONGEST_PATTERN),
        "choices": ListOf(Anything()),
    },
    required=("key",),
)


def endpoint(auth_schemes: AuthSchemes | None) -> Group:
    """The start when called."""
    return Group(
        {
            "exposed": YesNo(),
            "method": Choice(METHODS),
            "auth": Auth(auth_schemes),
            "reply": Choice(REPLIES),
            "wait_seconds": Number(1, LONGEST_WAIT, is_whole=True),
            "only_when": Condition(),
            "not_run_status": Choice((200, 400)),
            "parameters": Parameters(),
            "duplicates": Group({"key": Text(), "keep": Duration()}, ("key",)),
            "rate_limit": Written(endpoint_limits.read_rate, "120/minute"),
            "allowed_addresses": ListOf(Written(endpoint_limits.read_network, "203.0.113.0/24")),
            "cors": ListOf(Written(endpoint_limits.read_origin, "https://shop.example.com")),
            "max_body": Written(endpoint_limits.read_size, "10MB"),
            "redirect": Group({"ok": PAGE, "error": PAGE}),
            "run_as": NotBuilt("privacy rules, and so run_as, are"),
        }
    )


def triggers(auth_schemes: AuthSchemes | None) -> Group:
    """All starts of a workflow."""
    return Group(
        {
            "endpoint": endpoint(auth_schemes),
            "schedules": SCHEDULES,
            "things": NotBuilt("starts when data changes are"),
        },
        what="start",
    )
