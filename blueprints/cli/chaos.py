"""Break things on purpose: run a fault experiment of tests/chaos/ and count what it cost."""

import argparse
from importlib import import_module
from inspect import signature
from pkgutil import iter_modules

from blueprints.cli import Refused, add_json


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which experiment."""
    parser.add_argument("name", help="a file of tests/chaos with measure()")
    parser.add_argument(
        "--database", choices=("sqlite", "postgresql"), help="for experiments that know both"
    )
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Run it on a data folder of its own; nothing that is running is touched."""
    from blueprints.cli._printing import print_json
    from tests import chaos

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
    if options.json:
        print_json(counted)
        return
    for label, number in counted.items():
        print(f"  {label.replace('_', ' '):<32}{number:>10,.6g}")
