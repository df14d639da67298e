"""Code of authors, and of attackers, in the real sandbox: what it may, and all it may not."""

import os
import signal
import threading

import pytest

from core.engine.code import CodeFailed, read_limits
from core.runtime import sandbox
from tests.unit.steps.worlds import a_context
from tests.waiting import wait_until


def run(code, values=None, context=None, **limits):
    return sandbox.run(code, values or {}, read_limits(limits), context or a_context())


def value(code, **values):
    return run(code, values).value


def failure(code, **limits):
    with pytest.raises(CodeFailed) as caught:
        run(code, **limits)
    return caught.value


def test_code_reads_values_and_returns_one():
    lines = [{"price": 2.5, "quantity": 4}, {"price": 10, "quantity": 0}]
    code = (
        'total = sum(line["price"] * line["quantity"] for line in lines)\nreturn {"total": total}'
    )

    assert value(code, lines=lines) == {"total": 10.0}


def test_without_return_the_last_expression_counts():
    assert value("x = 20\nx + 1") == 21
    assert value("x = 20") is None


def test_one_run_leaves_nothing_for_the_next():
    value("left_over = 1")

    assert "left_over" in failure("return left_over").message


def test_values_are_copies():
    given = {"list": [1]}

    value("given['list'].append(2)", given=given)

    assert given == {"list": [1]}


def test_the_clock_stands_still_and_chance_is_the_same_at_each_attempt():
    code = "import random, datetime\nreturn [random.random(), datetime.datetime.now().isoformat()]"
    berlin = a_context(timezone="Europe/Berlin")

    first, second = run(code, context=berlin).value, run(code, context=berlin).value

    assert first == second
    assert first[1] == "2026-11-22T09:00:00"


def test_what_is_printed_is_kept_up_to_a_limit():
    assert run('print("a", 1)\nprint("b")').printed == "a 1\nb\n"

    printed = run('for i in range(5000): print("x" * 100)').printed

    assert len(printed) < 10_100
    assert printed.endswith("the rest of what it printed is left out")


def test_what_is_printed_can_always_be_stored():
    assert run('print("a\\0b")').printed == "a�b\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("total = 0\n1 / total", "line 2, “1 / total”: ZeroDivisionError: division by zero"),
        ("def f(n):\n    return 1 / n\nf(0)", "line 2, “return 1 / n”: ZeroDivisionError"),
        ('{"a": 1}["b"]', "KeyError: b"),
        ("raise ValueError('no such order')", "ValueError: no such order"),
        ("x = (", "line 1"),
    ],
)
def test_a_failure_names_the_line(code, said):
    assert said in failure(code).message


def test_what_was_printed_before_a_failure_is_kept():
    assert failure("print('so far')\n1 / 0").printed == "so far\n"


BOMBS = {
    "endless loop": "while True: pass",
    "endless loop that catches all": "while True:\n  try:\n    while True: pass\n  except: pass",
    "endless printing": "while True: print('x' * 1000)",
    "one operation without an end": "int('9' * 4000) ** 1000",
    "sum without an end": "sum(range(10 ** 12))",
    "hash without an end": "import hashlib\nhashlib.pbkdf2_hmac('sha256', b'a', b'b', 10 ** 9)",
}


@pytest.mark.parametrize("code", BOMBS.values(), ids=BOMBS)
def test_code_without_an_end_is_stopped(code):
    stopped = failure(code, seconds=0.2)

    assert stopped.kind == "timeout"
    assert stopped.message == "the code took longer than 0.2 s and was stopped"
    assert value("1") == 1


GREED = {
    "text": "'x' * 10 ** 9",
    "list": "l = []\nwhile True: l.append('x' * 10000)",
    "range": "list(range(10 ** 12))",
    "number": "10 ** 10 ** 10",
    "shift": "1 << 10 ** 10",
    "format": "'%1000000000d' % 1",
    "pad": "f'{1:1000000000d}'",
    "doubling": "x = 'x'\nwhile True: x = x + x",
    "result": "[[] for i in range(400000)]",
    "product": "import itertools\nlist(itertools.product(range(1000), repeat=5))",
}


@pytest.mark.parametrize("code", GREED.values(), ids=GREED)
def test_code_that_takes_all_memory_is_stopped(code):
    stopped = failure(code, memory_mb=16)

    assert stopped.kind == "limit"
    assert "needs more than 16 MB of memory" in stopped.message
    assert value("1") == 1


@pytest.mark.parametrize(
    "code",
    [
        "def f(n): return f(n + 1)\nf(0)",
        "f = lambda g: g(g)\nf(f)",
        "def f(x): return f'{f(x)}'\nf(1)",
        "import json\njson.loads('[' * 100000)",
        "eval('(' * 100000)",
    ],
)
def test_recursion_ends(code):
    assert "line" in failure(code).message


@pytest.mark.parametrize(
    "code",
    [
        "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
        "import re\nre.match(r'(a*)*\\1b', 'a' * 30)",
        "import re\nre.match('(x+x+)+y', 'x' * 5000)",
        "import re\nre.match('^(([a-z])+.)+[A-Z]([a-z])+$', 'a' * 50000)",
    ],
)
def test_patterns_that_explode_elsewhere_end_here(code):
    try:
        run(code, seconds=1)
    except CodeFailed as stopped:
        assert stopped.kind in ("failed", "timeout")


UNKNOWN = ["socket", "subprocess", "ctypes", "importlib", "pickle", "marshal", "threading"]
UNKNOWN += ["multiprocessing", "signal", "urllib.request", "http.client", "sqlite3", "shutil"]
UNKNOWN += ["tempfile", "inspect", "gc", "builtins", "requests"]
ESCAPES = [
    "().__class__.__bases__[0].__subclasses__()",
    "'{0.__class__}'.format(1)",
    "getattr(1, '__class__')",
    "type(1).__mro__",
    "type(1).__subclasses__()",
    "(lambda: 0).__code__",
    "(lambda: 0).__globals__",
    "print.__self__",
    "len.__module__",
    "try:\n  1 / 0\nexcept Exception as e: e.__traceback__",
    "import sys\nsys.modules",
    "import sys\nsys._getframe()",
    "__import__('os')",
    "__builtins__",
    "globals()",
    "vars()",
    "compile('1', 'x', 'eval')",
    "input()",
    "breakpoint()",
    "open('/etc/passwd').read()",
    "open('/proc/self/environ').read()",
    "open('/tmp/x', 'w')",
    "eval('open(\"/etc/passwd\")')",
    "exec('import socket')",
    "from pathlib import Path\nPath('/etc/passwd').read_text()",
    "from pathlib import Path\nlist(Path('/').iterdir())",
    "import os\nos.listdir('/')",
    "import os\nos.system('id')",
    "import os\nos.popen('id')",
    "import os\nos.environ['HOME']",
    "import os\nos.getenv('HOME')",
    "import os\nos.kill(1, 9)",
    "import os\nos.fork()",
    "import time\ntime.sleep(60)",
    "import asyncio\nawait asyncio.sleep(60)",
    "while True:\n  try: nobody\n  except NameError: pass",
    *(f"import {name}" for name in UNKNOWN),
]


@pytest.mark.parametrize("code", ESCAPES)
def test_nothing_outside_is_reached(code):
    refused = failure(code, seconds=2)

    assert refused.kind == "failed"
    assert "root:" not in refused.message


def test_the_process_has_no_environment_and_bounds_of_the_kernel(monkeypatch):
    monkeypatch.setenv("OPENBUILD_SECRET_KEY", "hidden")
    seen = {}

    def look(pid, seconds):
        bind(pid, seconds)
        with open(f"/proc/{pid}/environ") as environ, open(f"/proc/{pid}/limits") as limits:
            seen.update(environ=environ.read(), limits=limits.read())

    bind = sandbox._bind
    monkeypatch.setattr(sandbox, "_bind", look)

    value("1")

    assert seen["environ"] == ""
    soft = {line[:20].strip(): line[26:].split()[0] for line in seen["limits"].splitlines()}
    assert int(soft["Max address space"]) == sandbox.ADDRESS_SPACE
    assert int(soft["Max cpu time"]) < 60
    assert (soft["Max file size"], soft["Max core file size"]) == ("0", "0")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_that_is_killed_or_hangs_fails_the_step_and_is_replaced(monkeypatch, how):
    pids = []
    bind = sandbox._bind

    def strike(pid, seconds):
        bind(pid, seconds)
        pids.append(pid)
        threading.Timer(0.1, os.kill, (pid, how)).start()

    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "_bind", strike)
        broken = failure("while True: pass", seconds=0.5)

    if how == signal.SIGKILL:
        assert broken.message == "the process that ran the code ended in the middle of it"
        assert broken.retryable
    else:
        assert broken.kind == "timeout"
    wait_until(lambda: not os.path.exists(f"/proc/{pids[0]}"))
    assert value("1") == 1


def test_what_keeps_the_code_from_starting_is_said():
    with pytest.raises(CodeFailed, match="cannot be run here: unknown timezone"):
        run("1", context=a_context(timezone="Nowhere/Land"))


def lines_of(code, *names):
    return [(wrong.line, wrong.message) for wrong in sandbox.problems(code, names)]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("x = (1\ny = 2", (2, "Expected “)”, found name")),
        ("x = 1\nreturn a + b", (2, "there is no “b” here")),
        ("import requests", (1, "there is no module “requests”")),
        ("def f():\n    yield 1", (2, "this Python has no yield expressions")),
        ("class A(list): pass", (1, "this Python has no class inheritance and metaclasses")),
        ("open('x')", (1, "there is no “open” here")),
        ("[" * 300 + "]" * 300, (1, "Source is too deeply nested")),
    ],
)
def test_problems_show_before_a_run(code, found):
    assert lines_of(code, "a")[0] == found


@pytest.mark.parametrize(
    "code",
    [
        "return a",
        "async def f():\n    return a\nreturn await f()",
        'return f"{a["b"]}"',
        "while True: pass",
        "import json, re, math, datetime, random, itertools, functools, csv, base64, hashlib, copy",
        "import collections, decimal, dataclasses, typing, bisect, tomllib, unicodedata, time",
        "match a:\n    case {'b': b}: return b",
        "def f[T](x: T) -> T:\n    return x\nf(1)",
    ],
)
def test_code_without_problems_has_none_and_does_not_run(code):
    assert lines_of(code, "a") == []


def test_a_name_that_begins_with_an_underscore_is_known():
    assert lines_of("return _a", "_a") == []
