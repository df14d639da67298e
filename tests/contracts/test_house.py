"""The rules of the house that a machine can check."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PRODUCT = ("app.py", "worker.py", "core/**/*.py", "blueprints/**/*.py")
ALL_PYTHON = (*PRODUCT, "tests/**/*.py")
PAGES = ("templates/**/*.html", "static/css/**/*.css", "static/js/**/*.js")
TEXTS = (*ALL_PYTHON, *PAGES, "*.md", "docs/**/*.md", "*.toml", "openbuild", "deploy/**/*")

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
CLOCK = {("datetime", "utcnow"), ("datetime", "now"), ("time", "time"), ("date", "today")}
EVALUATION = {"eval", "exec", "compile", "__import__"}
EVALUATION_MODULES = {"pickle", "marshal", "shelve", "dill"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b|mark\.(skip|xfail)")
FOREIGN = re.compile(r"/work/|/tmp/ob\b|/\.library|https?://(registry|deb|files)\.", re.IGNORECASE)
THIS_FILE = Path(__file__).resolve()


@cache
def files(patterns):
    found = {file for pattern in patterns for file in ROOT.glob(pattern) if file.is_file()}
    kept = (file for file in found if "vendor" not in file.relative_to(ROOT).parts)
    return sorted(file for file in kept if "versions" not in file.parts)


def shown(file):
    return str(file.relative_to(ROOT))


def offences(patterns, find):
    """What `find` finds in each of these files, without those in which it finds nothing."""
    found = {shown(file): find(file) for file in files(patterns)}
    return {name: offence for name, offence in found.items() if offence}


@cache
def nodes(file):
    return tuple(ast.walk(ast.parse(file.read_text(), str(file))))


def calls(file):
    return [node for node in nodes(file) if isinstance(node, ast.Call)]


def dotted(node):
    """The last two names of `a.b.c(…)`, or ('', 'c') for a bare name."""
    if isinstance(node, ast.Name):
        return "", node.id
    if isinstance(node, ast.Attribute):
        owner = node.value
        return getattr(owner, "attr", getattr(owner, "id", "")), node.attr
    return "", ""


def test_no_file_outgrows_its_room():
    def outgrown(file):
        lines = len(file.read_text().splitlines())
        return lines if lines > LONGEST_FILE else 0

    assert not offences((*ALL_PYTHON, *PAGES), outgrown)


def test_no_function_outgrows_a_screen():
    def long(file):
        return [
            f"{node.name} has {node.end_lineno - node.lineno + 1} lines"
            for node in nodes(file)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.end_lineno - node.lineno >= LONGEST_FUNCTION
        ]

    assert not offences(ALL_PYTHON, long)


def test_text_never_becomes_code():
    def evaluated(file):
        named = [call.func.id for call in calls(file) if isinstance(call.func, ast.Name)]
        shells = [
            keyword.arg
            for call in calls(file)
            for keyword in call.keywords
            if keyword.arg == "shell" and getattr(keyword.value, "value", True)
        ]
        systems = {dotted(call.func) for call in calls(file)} & {("os", "system")}
        found = EVALUATION.intersection(named) | EVALUATION_MODULES & imports(file)
        return [*found, *shells, *systems]

    assert not offences(PRODUCT, evaluated)


def test_only_the_clock_asks_for_the_time():
    found = offences(PRODUCT, lambda file: {dotted(call.func) for call in calls(file)} & CLOCK)

    assert set(found) == {"core/clock.py"}


def test_only_the_settings_read_the_environment():
    def read(file):
        names = {dotted(node) for node in nodes(file) if isinstance(node, ast.Attribute)}
        return names & {("os", "environ"), ("os", "getenv")}

    assert set(offences(PRODUCT, read)) == {"core/config.py"}


def test_only_the_queue_and_the_worker_know_rq():
    found = offences(PRODUCT, lambda file: {"rq"} & imports(file))

    assert set(found) == {"core/queue.py", "worker.py"}


def test_only_the_gateways_open_sockets():
    openers = {"socket", "ssl", "http.client", "urllib.request", "smtplib", "httpx", "httpcore"}
    found = offences(("core/**/*.py", "blueprints/**/*.py"), lambda file: openers & imports(file))

    assert not [file for file in found if not file.startswith(SOCKET_ROOMS)]


SOCKET_ROOMS = ("core/runtime/gateways/", "blueprints/cli/supervision/")


def test_nothing_is_unfinished_and_nothing_speaks_of_the_workshop():
    def said(file):
        content = file.read_text()
        found = UNFINISHED.search(content) or FOREIGN.search(content)
        return found[0] if found and file != THIS_FILE else None

    assert not offences(TEXTS, said)


@cache
def imports(file):
    found = set()
    for node in nodes(file):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module}
    return frozenset(found | {name.split(".")[0] for name in found if name.split(".")[0] == "rq"})


def catalogue(folder):
    """The keys of a catalogue: its files, without those that only serve them."""
    return sorted(
        file.stem for file in (ROOT / "core" / folder).glob("*.py") if not file.stem.startswith("_")
    )


@pytest.mark.parametrize("key", catalogue("steps"))
def test_every_step_type_is_described_and_tested(key):
    from core.steps import step_types

    step_type = step_types()[key]

    assert step_type.label
    assert all(field.label for field in step_type.fields)
    assert (ROOT / f"tests/unit/steps/test_{key}.py").exists()


@pytest.mark.parametrize(
    "command",
    [
        pytest.param((BIN / "ruff", "check", "."), id="lint"),
        pytest.param((BIN / "ruff", "format", "--check", "."), id="format"),
        pytest.param((BIN / "mypy",), id="types"),
        pytest.param((BIN / "lint-imports",), id="imports"),
    ],
)
def test_the_tools_have_no_complaint(command):
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert told.returncode == 0, told.stdout + told.stderr


def test_a_table_brings_along_the_tables_it_refers_to():
    """A key into another file names its class: imported alone, no file lacks a table then."""

    def strangers(file):
        text = file.read_text()
        named = re.findall(r"ForeignKey\(\"(\w+)\.", text)
        classes = {name.title().replace("_", "") for name in named}
        return sorted(name for name in classes if f"class {name}(" not in text)

    assert offences(("core/storage/*.py",), strangers) == {}
