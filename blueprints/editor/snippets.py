"""A call as code to copy: for a terminal, in Python, in JavaScript."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"
NEXT_LINE = " \\\n  "


@dataclass(frozen=True, slots=True)
class Sample:
    """One call: what somebody who copies it would send."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    @property
    def whole_headers(self) -> dict[str, str]:
        """The headers with the one that says what the body is."""
        return {**self.headers, **({} if self.body is None else {"Content-Type": JSON})}

    @property
    def text(self) -> str:
        """The body on one line."""
        return json.dumps(self.body, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Snippet:
    """The same call in one language."""

    language: str
    code: str


def of_call(sample: Sample) -> list[Snippet]:
    """The call in every language."""
    return [
        Snippet("curl", curl(sample, between=NEXT_LINE)),
        Snippet("Python", python(sample)),
        Snippet("JavaScript", javascript(sample)),
    ]


def curl(sample: Sample, *, between: str = " ") -> str:
    """For a POSIX shell; `between` parts what belongs together, a space keeps it on one line."""
    parts = [["curl", sample.url]]
    if sample.method != ("GET" if sample.body is None else "POST"):
        parts.append(["-X", sample.method])
    parts += [["-H", f"{name}: {value}"] for name, value in sample.whole_headers.items()]
    if sample.body is not None:
        parts.append(["-d", sample.text])
    return between.join(shlex.join(part) for part in parts)


def python(sample: Sample) -> str:
    """With nothing but Python's standard library."""
    lines = ["import json", "from urllib.request import Request, urlopen", ""]
    given = [repr(sample.url)]
    if sample.body is not None:
        lines.append(f"body = {sample.body!r}")
        given.append("json.dumps(body).encode()")
    if headers := sample.whole_headers:
        given.append(f"headers={headers!r}")
    given.append(f"method={sample.method!r}")
    lines.append("request = Request(")
    lines += [f"    {argument}," for argument in given]
    lines += [")", "with urlopen(request) as answer:", "    print(json.load(answer))"]
    return "\n".join(lines)


def javascript(sample: Sample) -> str:
    """With fetch, as browsers and Node have it."""
    options: list[str] = [f"  method: {json.dumps(sample.method)},"]
    if headers := sample.whole_headers:
        options.append(f"  headers: {json.dumps(headers, ensure_ascii=False)},")
    if sample.body is not None:
        options.append(f"  body: JSON.stringify({sample.text}),")
    return "\n".join(
        [
            f"const answer = await fetch({json.dumps(sample.url)}, {{",
            *options,
            "})",
            "console.log(await answer.json())",
        ]
    )
