"""Log lines: as text for people or as JSON for machines, to the stream that is given."""

import json
import logging
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
        return json.dumps(line, ensure_ascii=False, default=str)


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
        return line


def extras(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller gave as `extra`."""
    return {
        name: value
        for name, value in vars(record).items()
        if name not in PLAIN and name not in ("message", "taskName", "color_message")
    }
