"""The rules of the house that a machine can check."""

import ast
import re
import subprocess
import sys
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


def files(patterns):
    found = {file for pattern in patterns for file in ROOT.glob(pattern) if file.is_file()}
    kept = (file for file in found if "vendor" not in file.relative_to(ROOT).parts)
    return sorted(file for file in kept if "versions" not in file.parts)


def shown(file):
    return str(file.relative_to(ROOT))


def tree(file):
    return ast.parse(file.read_text(), str(file))


def calls(file):
    return [node for node in ast.walk(tree(file)) if isinstance(node, ast.Call)]


def dotted(node):
    """The last two names of `a.b.c(…)`, or ('', 'c') for a bare name."""
    if isinstance(node, ast.Name):
        return "", node.id
    if isinstance(node, ast.Attribute):
        owner = node.value
        return getattr(owner, "attr", getattr(owner, "id", "")), node.attr
    return "", ""


@pytest.mark.parametrize("file", files((*ALL_PYTHON, *PAGES)), ids=shown)
def test_no_file_outgrows_its_room(file):
    assert len(file.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("file", files(ALL_PYTHON), ids=shown)
def test_no_function_outgrows_a_screen(file):
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    long = [
        f"{node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree(file))
        if isinstance(node, functions) and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ]

    assert not long


@pytest.mark.parametrize("file", files(PRODUCT), ids=shown)
def test_text_never_becomes_code(file):
    evaluated = [
        name
        for _, name in (
            dotted(call.func) for call in calls(file) if isinstance(call.func, ast.Name)
        )
        if name in EVALUATION
    ]
    shells = [
        keyword.arg
        for call in calls(file)
        for keyword in call.keywords
        if keyword.arg == "shell" and getattr(keyword.value, "value", True)
    ]
    imported = EVALUATION_MODULES & imports(file)

    assert not evaluated
    assert not shells
    assert not imported
    assert ("os", "system") not in {dotted(call.func) for call in calls(file)}


@pytest.mark.parametrize("file", files(PRODUCT), ids=shown)
def test_only_the_clock_asks_for_the_time(file):
    asked = {dotted(call.func) for call in calls(file)} & CLOCK

    assert not asked or shown(file) == "core/clock.py"


@pytest.mark.parametrize("file", files(PRODUCT), ids=shown)
def test_only_the_settings_read_the_environment(file):
    names = {dotted(node) for node in ast.walk(tree(file)) if isinstance(node, ast.Attribute)}
    read = names & {("os", "environ"), ("os", "getenv")}

    assert not read or shown(file) == "core/config.py"


@pytest.mark.parametrize("file", files(PRODUCT), ids=shown)
def test_only_the_queue_and_the_worker_know_rq(file):
    assert not {"rq"} & imports(file) or shown(file) in ("core/queue.py", "worker.py")


@pytest.mark.parametrize("file", files(("core/**/*.py", "blueprints/**/*.py")), ids=shown)
def test_only_the_gateways_open_sockets(file):
    openers = {"socket", "ssl", "http.client", "urllib.request", "smtplib", "httpx", "httpcore"}
    found = openers & imports(file)

    assert not found or shown(file).startswith(SOCKET_ROOMS)


SOCKET_ROOMS = ("core/runtime/gateways/", "blueprints/cli/supervision/")


@pytest.mark.parametrize("file", files(TEXTS), ids=shown)
def test_nothing_is_unfinished_and_nothing_speaks_of_the_workshop(file):
    if file == THIS_FILE:
        return
    content = file.read_text()

    assert not UNFINISHED.search(content)
    assert not FOREIGN.search(content)


def imports(file):
    found = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module}
    return found | {name.split(".")[0] for name in found if name.split(".")[0] == "rq"}


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
