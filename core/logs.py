"""Log lines: as text for people or as JSON for machines, to the stream that is given."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import IO, Any

from core import clock

PLAIN = frozenset(vars(logging.makeLogRecord({})))
# Their chatter repeats what our own lines say.
QUIET = (
    "alembic",
    "rq.worker",
    "rq.job",
    "rq.queue",
    "_granian",
    "granian.access",
    "httpx",
    "httpcore",
)


# What must never stand in a log, whoever wrote the line: keys, passwords in addresses, headers.
SECRETS = (
    (re.compile(r"\bob_([0-9A-Za-z]{8})_[0-9A-Za-z]{49}"), r"ob_\1_…"),
    (re.compile(r"(\w://[^\s:/@]*):[^\s/@]+@"), r"\1:…@"),
    (re.compile(r"\b(bearer|basic) [\w.~+/=-]{8,}", re.IGNORECASE), r"\1 …"),
)
_about: ContextVar[str] = ContextVar("about", default="")


@contextmanager
def about(run_id: str) -> Iterator[None]:
    """Let every line that is logged inside name this run."""
    token = _about.set(run_id)
    try:
        yield
    finally:
        _about.reset(token)


def without_secrets(text: str) -> str:
    """The text as it may be logged."""
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text


def configure(stream: IO[str], *, level: str, form: str, process: str) -> None:
    """Send all log lines of this process to the stream, from this level on."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(process) if form == "json" else TextLines(process))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self.process = process

    def format(self, record: logging.LogRecord) -> str:
        """The record with its extra fields."""
        line: dict[str, Any] = {
            "at": clock.now().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self.process,
            "logger": record.name,
            "message": record.getMessage(),
            **extras(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return without_secrets(json.dumps(line, ensure_ascii=False, default=str))


class TextLines(logging.Formatter):
    """Time, process and message, with the extra fields behind."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self.process = process

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line for people."""
        at = clock.now().astimezone().strftime("%H:%M:%S")
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        fields = "".join(f" {name}={value}" for name, value in extras(record).items())
        line = f"{at} {self.process:<10} {level}{record.getMessage()}{fields}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return without_secrets(line)


def extras(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller gave as `extra`, and the run that this is about."""
    run = {"run_id": _about.get()} if _about.get() else {}
    return run | {
        name: value
        for name, value in vars(record).items()
        if name not in PLAIN and name not in ("message", "taskName", "color_message")
    }
