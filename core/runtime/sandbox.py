"""Run an author's Python in processes of its own, which reach nothing but what they are given.

The language is a subset, interpreted without any way out: no file, no network, no environment.
The processes start when the first code runs and end with the process that started them. Each
runs one piece of code at a time, under limits of its own, of the host's and of the kernel's.
"""

import json
import os
import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from typing import Any

from core.engine.code import MOST_PRINTED, CodeFailed, CodeLimits, CodeProblem, CodeResult
from core.engine.step_type import StepContext

PROCESSES = max(2, min(os.cpu_count() or 1, 8))
WAIT_FOR_ROOM = 60.0  # seconds until a process is free
LONGEST_TURN = 40.0  # seconds; beyond every author's limit
LONGEST_CHECK = 3.0
RUNS_OF_A_PROCESS = 1000  # then another takes its place
MOST_QUESTIONS = 100  # of the code to the host, all of which are refused
MEGABYTE = 1 << 20
ADDRESS_SPACE = 1024 * MEGABYTE  # of a process: its memory limit, its result, and itself
MOST_SHOWN = 5  # problems of one piece of code
SHOWN_LINE, SHOWN_MESSAGE = 120, 500  # characters
BEGIN = "_begin"  # an unknown name above the code that is only looked at: it never runs
LOOKED_FOR = ("invalid-syntax", "unresolved-reference", "unresolved-import")
ALLOWED_HERE = ("`return` statement outside of a function", "`await` statement outside")
NOT_HERE = " is not supported in this environment"
MISSING = "The monty syntax parser does not yet support "
CUT = "\n… the rest of what it printed is left out"


def run(
    code: str, values: Mapping[str, Any], limits: CodeLimits, context: StepContext
) -> CodeResult:
    """What the code returns and prints; raises CodeFailed."""
    import pydantic_monty as monty

    printed = _Printed()
    seconds = limits.seconds if context.timeout is None else min(limits.seconds, context.timeout)
    limits = CodeLimits(seconds, limits.memory_mb)
    policy: Any = {
        "datetime": context.started_at,
        "timezone": context.timezone,
        "sleep": "call_host",
        "random_start": {"seed": context.key},
    }
    try:
        with _process(_runners(), seconds, limits=_bounds(limits), os_policy=policy) as session:
            value = session.feed_run(code, inputs=dict(values), print_callback=printed)
    except TimeoutError as error:
        message = f"no room to run the code within {WAIT_FOR_ROOM:.0f} s"
        raise CodeFailed(message, kind="limit", retryable=True) from error
    except monty.MontyError as error:
        raise _failure(error, limits, str(printed)) from error
    except (ValueError, TypeError, RecursionError) as error:
        message = f"the code cannot be run here: {error}"
        raise CodeFailed(message[:SHOWN_MESSAGE], printed=str(printed)) from error
    return CodeResult(value, str(printed))


@lru_cache(maxsize=512)
def problems(code: str, names: tuple[str, ...]) -> tuple[CodeProblem, ...]:
    """What is wrong with code that reads these names, without running it."""
    import pydantic_monty as monty

    stubs = "from typing import Any\n" + "".join(f"{name}: Any\n" for name in names)
    look: Any = {"type_check": True, "type_check_stubs": stubs, "type_check_format": "json"}
    found: list[CodeProblem] = []
    try:
        with _process(_readers(), LONGEST_CHECK, **look) as session:
            for skip in (True, False):
                try:
                    session.feed_run(f"{BEGIN}\n{code}", skip_type_check=skip)
                except monty.MontyTypingError as error:
                    found += _diagnosed(error.display(), names)
                except (monty.MontySyntaxError, monty.MontyRuntimeError) as error:
                    found += _refused(error)
                if found:  # what follows from it would only confuse
                    break
    except (monty.MontyCrashedError, TimeoutError):
        return (CodeProblem(1, 1, "this code is too large or too deeply nested to be looked at"),)
    return tuple(sorted(set(found), key=lambda problem: (problem.line, problem.column)))[
        :MOST_SHOWN
    ]


class _Printed:
    """Takes what is printed, up to a limit; the rest is counted and forgotten."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.room = MOST_PRINTED
        self.is_cut = False

    def __call__(self, stream: str, text: str) -> None:
        self.pieces.append(text[: self.room])
        self.is_cut = self.is_cut or len(text) > self.room
        self.room -= min(len(text), self.room)

    def __str__(self) -> str:
        # A null character cannot be stored, half a surrogate pair not be sent.
        text = "".join(self.pieces).replace("\0", "\ufffd")
        return text.encode("utf-8", "replace").decode() + (CUT if self.is_cut else "")


@contextmanager
def _process(pool: Any, seconds: float, **options: Any) -> Iterator[Any]:
    with pool.checkout(**options) as session:
        _bind(session.worker_pid, seconds)
        yield session


def _bind(pid: int | None, seconds: float) -> None:
    """Let the kernel hold the process too: even a broken one, and one whose starter is dead."""
    if pid is None or not hasattr(resource, "prlimit"):
        return
    with suppress(OSError, ValueError):
        left = int(_used(pid) + seconds + 2)
        for what, most in (
            (resource.RLIMIT_CPU, left),
            (resource.RLIMIT_AS, ADDRESS_SPACE),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            _, hard = resource.prlimit(pid, what)
            resource.prlimit(pid, what, (most, hard))


def _used(pid: int) -> float:
    """The seconds of a processor that the process has had."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _bounds(limits: CodeLimits) -> Any:
    return {
        "max_feed_duration_secs": limits.seconds,
        "max_memory": int(limits.memory_mb * MEGABYTE),
        "max_suspensions": MOST_QUESTIONS,
    }


def _failure(error: Any, limits: CodeLimits, printed: str) -> CodeFailed:
    """The failure of a step that an error of the code, or of its process, is."""
    said = str(error)
    if type(error).__name__ == "MontyCrashedError":
        if error.timed_out:
            return _too_long(limits, printed)
        message = "the process that ran the code ended in the middle of it"
        return CodeFailed(message, retryable=True, printed=printed)
    if said.startswith("TimeoutError: feed time limit exceeded"):
        return _too_long(limits, printed)
    if said.startswith(("MemoryError: memory limit exceeded", "MemoryError: the worker exceeded")):
        place = _place(error)
        message = f"{place}the code needs more than {limits.memory_mb:g} MB of memory"
        return CodeFailed(message, kind="limit", printed=printed)
    return CodeFailed(f"{_place(error)}{_said(said)}", printed=printed)


def _too_long(limits: CodeLimits, printed: str) -> CodeFailed:
    message = f"the code took longer than {limits.seconds:g} s and was stopped"
    return CodeFailed(message, kind="timeout", printed=printed)


def _place(error: Any) -> str:
    """The line of the code where it happened: “line 2, “total / 0”: ”."""
    frames = error.traceback()
    if not frames:
        return ""
    line = " ".join((frames[-1].source_line or "").split())[:SHOWN_LINE]
    return f"line {frames[-1].line}, “{line}”: " if line else f"line {frames[-1].line}: "


def _said(said: str) -> str:
    """The interpreter's words as ours."""
    if said.endswith(NOT_HERE):
        name = said.removesuffix(NOT_HERE).removeprefix("RuntimeError: ").strip("' ")
        return f"“{name}” is not available to code"
    if said.startswith("RuntimeError: suspension limit"):
        return "it asks too often for what is not there"
    _, is_missing, what = said.partition(MISSING)
    said = f"this Python has no {what}" if is_missing else said
    said = said.replace("\0", "\ufffd")
    return said if len(said) <= SHOWN_MESSAGE else said[:SHOWN_MESSAGE] + "…"


def _diagnosed(listed: str, names: tuple[str, ...]) -> Iterator[CodeProblem]:
    for each in json.loads(listed):
        message, line = each["message"], each["location"]["row"] - 1
        is_known = any(f"`{name}`" in message for name in (BEGIN, *names))
        if line < 1 or each["code"] not in LOOKED_FOR or message.startswith(ALLOWED_HERE):
            continue
        if each["code"] == "invalid-syntax" or not is_known:
            yield CodeProblem(line, each["location"]["column"], _in_words(message))


def _in_words(message: str) -> str:
    """The checker's words as ours: names stand in quotation marks."""
    quoted = message.split("`")
    said = "".join(part if number % 2 == 0 else f"“{part}”" for number, part in enumerate(quoted))
    if said.startswith("Name “"):
        return f"there is no {said[5:].removesuffix(' used when not defined')} here"
    return said.replace("Cannot resolve imported module", "there is no module", 1)


def _refused(error: Any) -> Iterator[CodeProblem]:
    """What the interpreter itself cannot do; that the first name is unknown is meant."""
    frames = error.traceback()
    if frames and frames[-1].line > 1:
        said = _said(str(error)).removeprefix("SyntaxError: ")
        yield CodeProblem(frames[-1].line - 1, frames[-1].column, _in_words(said))


@cache
def _runners() -> Any:
    return _pool(LONGEST_TURN)


@cache
def _readers() -> Any:
    return _pool(LONGEST_CHECK)


def _pool(longest: float) -> Any:
    """Processes that start one by one when they are needed."""
    import pydantic_monty as monty

    pool = monty.Monty(
        min_processes=0,
        max_processes=PROCESSES,
        checkout_timeout=WAIT_FOR_ROOM,
        request_timeout=longest,
        max_checkouts_per_worker=RUNS_OF_A_PROCESS,
    )
    return pool.__enter__()


def _forget() -> None:
    _runners.cache_clear()
    _readers.cache_clear()


os.register_at_fork(after_in_child=_forget)  # a child starts processes of its own
