"""The world as a step meets it in unit tests: everything recorded, nothing done."""

from datetime import UTC, datetime

from core.engine.step_type import StepContext

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


class ClosedHttp:
    def send(self, request, *, connection=None):
        raise AssertionError(f"nothing may be sent, but {request.url} was")


class ClosedMail:
    def template(self, name):
        raise AssertionError(f"no template is needed, but {name} was asked for")

    def send(self, mail, *, connection=None):
        raise AssertionError(f"nothing may be sent, but {mail.subject} was")


class MemoryValues:
    def __init__(self, **values):
        self.values = values
        self.expiries = {}

    def read(self, key):
        return self.values.get(key)

    def store(self, key, value, *, expires):
        self.values[key] = value
        self.expiries[key] = expires

    def increment(self, key, by, *, expires):
        self.store(key, self.values.get(key, 0) + by, expires=expires)
        return self.values[key]


class ClosedSandbox:
    def run(self, code, values, limits, context):
        raise AssertionError(f"no code may run, but {code!r} was")


class MemoryLog:
    def __init__(self):
        self.lines = []

    def write(self, level, message):
        self.lines.append((level, message))


def a_context(**parts):
    """A context with these parts, and harmless ones for the rest."""
    usual = {"http": ClosedHttp(), "mail": ClosedMail()}
    usual |= {"values": MemoryValues(), "log": MemoryLog(), "sandbox": ClosedSandbox()}
    return StepContext(key="run:step", started_at=NOW, **(usual | parts))
