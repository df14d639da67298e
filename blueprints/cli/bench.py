"""Measure: every tests/bench/bench_*.py, as ratios against the raw parts in the same run.

A benchmark is a file with a docstring and `measure()`, which answers with numbers by name.
"""

import argparse
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from blueprints.cli import Refused, add_json

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "bench"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which ones, and in which form."""
    parser.add_argument("name", nargs="*")
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
        results[name] = benchmark.measure()
        if not options.json:
            print((benchmark.__doc__ or name).split("\n")[0])
            for label, number in results[name].items():
                print(f"  {label:<44}{number:>12,.2f}")
    if options.json:
        print_json(results)


def load(name: str, file: Path) -> ModuleType:
    """The benchmark's module."""
    spec = spec_from_file_location(f"tests.bench.bench_{name}", file)
    if spec is None or spec.loader is None:
        raise Refused(f"{file} can't be read.")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
