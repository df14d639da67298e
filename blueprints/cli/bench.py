"""Measure: every tests/bench/bench_*.py, as ratios against the raw parts in the same run.

A benchmark is a file with a docstring and `measure()`. That answers with `name`, `ratio` and
`parts`, each of which has a `name`, a `ratio` and what was measured: numbers by their unit. One
that takes `runs` or `database` gets what the options say; one with `NAMED_ONLY` runs when named.
"""

import argparse
from importlib.util import module_from_spec, spec_from_file_location
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

from blueprints.cli import Refused, add_json

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "bench"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which ones, and in which form."""
    parser.add_argument("name", nargs="*")
    parser.add_argument("--runs", type=int, help="how many, where a benchmark fills a database")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), help="where it has one")
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Run those that are named, else all."""
    from blueprints.cli._printing import print_json

    found = {file.stem.removeprefix("bench_"): file for file in sorted(FOLDER.glob("bench_*.py"))}
    if unknown := set(options.name) - set(found):
        raise Refused(f"There is no benchmark {', '.join(sorted(unknown))}: {', '.join(found)}.")
    results = {}
    for name in options.name or found:
        benchmark = load(name, found[name])
        if not options.name and getattr(benchmark, "NAMED_ONLY", False):
            continue
        results[name] = benchmark.measure(**asked(benchmark, options))
        if not options.json:
            print_result((benchmark.__doc__ or name).split("\n")[0], results[name])
    if options.json:
        print_json(results)


def asked(benchmark: ModuleType, options: argparse.Namespace) -> dict[str, Any]:
    """The options that this benchmark has a use for."""
    taken = signature(benchmark.measure).parameters
    given = {"runs": options.runs, "database": options.database}
    return {name: value for name, value in given.items() if value is not None and name in taken}


def print_result(title: str, result: dict[str, Any]) -> None:
    """A line for the whole, and one for each part."""
    print(f"{title}\n  {'altogether':<44}{result['ratio']:>10,.1f} ×", flush=True)
    for part in result["parts"]:
        measured = {unit: number for unit, number in part.items() if unit not in ("name", "ratio")}
        shown = "".join(
            f"{number:>12,.0f} {unit.replace('_', ' ')}" for unit, number in measured.items()
        )
        print(f"  {part['name']:<44}{part['ratio']:>10,.1f} ×{shown}", flush=True)


def load(name: str, file: Path) -> ModuleType:
    """The benchmark's module."""
    spec = spec_from_file_location(f"tests.bench.bench_{name}", file)
    if spec is None or spec.loader is None:
        raise Refused(f"{file} can't be read.")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
