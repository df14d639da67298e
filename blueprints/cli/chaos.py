"""Break things on purpose: run a fault experiment of tests/chaos/ and count what it cost."""

import argparse
from collections.abc import Collection
from importlib import import_module
from inspect import signature
from pkgutil import iter_modules
from typing import Any

from blueprints.cli import DONE, REFUSED, Refused, add_json


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which experiment."""
    parser.add_argument("name", help="a file of tests/chaos with measure()")
    parser.add_argument(
        "--database", choices=("sqlite", "postgresql"), help="for experiments that know both"
    )
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Run it on a data folder of its own, touching nothing that runs; 1 if a promise was broken."""
    from blueprints.cli._printing import print_json
    from tests import chaos
    from tests.chaos import figures

    names = [m.name for m in iter_modules(chaos.__path__)]
    experiments = {name: import_module(f"tests.chaos.{name}") for name in names}
    found = {name: each for name, each in experiments.items() if hasattr(each, "measure")}
    if options.name not in found:
        raise Refused(f"There is no experiment {options.name}: {', '.join(found)}.")
    measure = found[options.name].measure
    more = {"database": options.database} if options.database else {}
    if more.keys() - signature(measure).parameters.keys():
        raise Refused(f"The experiment {options.name} chooses its database itself.")
    counted = measure(**more)
    broken = figures.broken(found[options.name], counted)
    if options.json:
        print_json(counted)
    else:
        show(counted, broken.keys())
    return REFUSED if broken else DONE


def show(counted: dict[str, Any], broken: Collection[str]) -> None:
    """A line for each figure, those that break a promise marked, and a few examples of theirs."""
    examples = counted.pop("such_as", {})
    for label, number in counted.items():
        mark = "!" if label in broken else " "
        print(f"{mark} {label.replace('_', ' '):<36}{number:>10,.6g}")
        for example in examples.get(label, ()):
            print(f"    {example}")
