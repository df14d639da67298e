"""What the panel “Starts when” shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from blueprints.access import current_workspace
from blueprints.editor import field_views, outputs, schedule_views, snippets, starts, wording
from blueprints.editor.drawing import Drawing
from blueprints.editor.field_views import FieldView
from blueprints.editor.schedule_views import ScheduleView
from blueprints.editor.snippets import Sample, Snippet
from blueprints.editor.workbench import START, Workbench
from core import config
from core.auth_schemes import auth_schemes
from core.engine.fields import Field
from core.engine.parameter_types import TYPES
from core.engine.parameters import Parameter, declared
from core.triggers import trigger_types

ENDPOINT = "endpoint"
FIRST_WORKSPACE = "main"
DEFAULT_AUTH = {"scheme": "api_key"}
SHOWN = ("method", "reply", "wait_seconds", "only_when", "not_run_status")
TYPE_WORDS = {
    "text": "text",
    "number": "number",
    "yes_no": "yes or no",
    "date": "date",
    "object": "group",
    "email": "email",
    "url": "URL",
    "file": "file",
}
EXAMPLES = {"text": "text", "number": 1, "yes_no": True, "email": "mara@example.org", "object": {}}


@dataclass(frozen=True, slots=True)
class Url:
    """An address to call."""

    name: str
    hint: str
    host: str
    path: str
    sample: Sample

    @property
    def curl(self) -> str:
        """A line for the terminal that calls it."""
        return snippets.curl(self.sample)

    @property
    def snippets(self) -> list[Snippet]:
        """The same call in several languages."""
        return snippets.of_call(self.sample)

    @property
    def whole(self) -> str:
        """The address."""
        return self.host + self.path


@dataclass
class StartPanel:
    """The ways of starting, with the settings of the URL."""

    bench: Workbench
    drawing: Drawing = field(default_factory=Drawing)
    key: str = ""
    advanced: str = ""  # the schedule whose cron text is shown
    kind: str = "start"
    title: str = "Starts when"
    category: str = "start"
    icon: str = "zap"
    step: None = None

    @property
    def subtitle(self) -> str:
        """How many ways there are."""
        return wording.count(len(self.bench.starts), "way")

    @property
    def is_called(self) -> bool:
        """Whether the URL is switched on in the draft."""
        return starts.is_called(self.bench.definition)

    @cached_property
    def endpoint(self) -> Mapping[str, Any]:
        """The URL's settings as the draft has them."""
        return self.bench.definition.triggers.get(ENDPOINT) or {}

    @cached_property
    def settings(self) -> dict[str, FieldView]:
        """The URL's settings as fields, by key."""
        trigger = trigger_types()[ENDPOINT]
        views = (
            field_views.field_view(known, self.endpoint, trigger.defaults, room=ENDPOINT)
            for known in trigger.fields
            if known.key in SHOWN
        )
        return {view.name.rpartition(".")[2]: view for view in views}

    @cached_property
    def auth(self) -> Mapping[str, Any]:
        """Who may call, as the draft says it."""
        return self.endpoint.get("auth") or DEFAULT_AUTH

    @property
    def schemes(self) -> list[tuple[str, str]]:
        """Who may call: the choices."""
        return [(key, scheme.label) for key, scheme in auth_schemes().items()]

    @property
    def scheme_help(self) -> str:
        """What the chosen scheme asks of a caller."""
        scheme = auth_schemes().get(self.auth.get("scheme", ""))
        return scheme.help.replace("`", "") if scheme else ""

    @cached_property
    def auth_fields(self) -> list[FieldView]:
        """The options of the chosen scheme."""
        scheme = auth_schemes().get(self.auth.get("scheme", ""))
        if scheme is None:
            return []
        defaults = {known.key: known.default for known in scheme.fields if known.default}
        return [
            field_views.field_view(
                known,
                self.auth,
                defaults,
                room="auth",
                choices=self._choices(known),
            )
            for known in scheme.fields
        ]

    def _choices(self, known: Field) -> Sequence[tuple[str, str]] | None:
        is_connection = known.kind == "connection"
        return outputs.connection_choices(self.bench.workflow, known) if is_connection else None

    @cached_property
    def parameters(self) -> list[Parameter]:
        """What a caller sends."""
        found = declared(self.endpoint.get("parameters"))
        if self.drawing.blank == "parameters" or not found:
            return [*found, Parameter("")]
        return found

    @property
    def types(self) -> list[tuple[str, str]]:
        """The types a parameter may have, alone and as lists."""
        single = [(key, TYPE_WORDS.get(key, key)) for key in TYPES]
        return single + [(f"{key}[]", f"list: {words}") for key, words in single]

    @cached_property
    def has_last_call(self) -> bool:
        """Whether a call came whose body can be read."""
        run = outputs.last_run(self.bench.workflow)
        body = run.input.get("body") if run and isinstance(run.input, Mapping) else None
        return isinstance(body, dict | list) and bool(body)

    @cached_property
    def schedules(self) -> list[ScheduleView]:
        """The schedules of the draft."""
        return schedule_views.of_triggers(self.bench.definition.triggers, self.advanced)

    @property
    def problems(self) -> list[Any]:
        """What is wrong with the starts."""
        return [problem for problem in self.bench.open_problems if problem.step == START]

    @cached_property
    def urls(self) -> list[Url]:
        """Where the draft and the live version answer."""
        workflow = self.bench.workflow
        workspace = current_workspace().name
        room = "" if workspace == FIRST_WORKSPACE else f"/{workspace}"
        found = [self._url("Test URL", "runs your draft", f"{room}/version-test", self.endpoint)]
        version = workflow.published
        if version is not None and workflow.is_enabled:
            live = version.definition.triggers.get(ENDPOINT) or {}
            if live.get("exposed"):
                hint = f"runs version {version.number}"
                found.append(self._url("Live URL", hint, room, live))
        return found

    def _url(self, name: str, hint: str, room: str, endpoint: Mapping[str, Any]) -> Url:
        host = config.current().base_url
        path = f"{room}/api/1.1/wf/{self.bench.workflow.name}"
        return Url(name, hint, host, path, self._sample(host + path, endpoint))

    def _sample(self, url: str, endpoint: Mapping[str, Any]) -> Sample:
        method = str(endpoint.get("method", "POST"))
        scheme = (endpoint.get("auth") or DEFAULT_AUTH).get("scheme")
        shows_key = scheme in ("api_key", "admin")
        headers = {"Authorization": f"Bearer {self.key or 'YOUR_KEY'}"} if shows_key else {}
        return Sample(method, url, headers, None if method == "GET" else self.example)

    @cached_property
    def example(self) -> Mapping[str, Any]:
        """A body that a caller might send."""
        run = outputs.last_run(self.bench.workflow)
        body = run.input.get("body") if run and isinstance(run.input, Mapping) else None
        if not isinstance(body, Mapping) or not body:
            body = {
                parameter.key: [] if parameter.is_list else EXAMPLES.get(parameter.type, "")
                for parameter in declared(self.endpoint.get("parameters"))
            }
        return {key: value for key, value in body.items() if value is not None}

    @property
    def needs_key(self) -> bool:
        """Whether callers show a key."""
        return self.auth.get("scheme") == "api_key"
