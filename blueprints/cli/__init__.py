"""The command line: each file here is a command, found by its name.

A command's file has a docstring, whose first sentence is its help, `arguments(parser)` and
`run(options)`. A command with verbs sets `run` for each of them: see `verbs`. What it imports at
the top is all that it costs the others: nothing.
"""

import argparse
import ast
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
DONE, REFUSED, WRONG_USAGE = 0, 1, 2
INTERRUPTED = 130
LAST_PORT = 65535
HELP = {"-h", "--help"}
Command = Callable[[argparse.Namespace], int | None]


class Refused(Exception):
    """The command can't be done; the message says why and what to do."""


def main(words: list[str]) -> int:
    """Do what the words ask for and answer with the exit code."""
    name = next((word for word in words if not word.startswith("-")), "")
    options = parse(name, words)
    try:
        return options.run(options) or DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return DONE
    except expected_errors() as error:
        print(error, file=sys.stderr)
        return REFUSED


def parse(name: str, words: list[str]) -> argparse.Namespace:
    """What the words ask for; a command with HANDS_ON leaves those after its name unread."""
    parser = parser_for(name)
    hands_on = getattr(sys.modules.get(f"{__name__}.{name}"), "HANDS_ON", False)
    if not hands_on or HELP & set(words):
        return parser.parse_args(words)
    place = words.index(name) + 1
    options = parser.parse_args(words[:place])
    options.rest = words[place:]
    return options


def parser_for(name: str) -> argparse.ArgumentParser:
    """A parser that knows all commands by their help, and the named one in full."""
    parser = argparse.ArgumentParser(
        prog="./openbuild", description="Backend workflows without code, self-hosted."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command, text in commands_with_help():
        sub = commands.add_parser(command, help=text, description=text)
        if command == name:
            module = import_module(f"{__name__}.{command}")
            module.arguments(sub)
            if hasattr(module, "run"):
                sub.set_defaults(run=module.run)
    return parser


def commands_with_help() -> Iterator[tuple[str, str]]:
    """Every command with the first sentence of its file."""
    for file in sorted(FOLDER.glob("*.py")):
        if not file.stem.startswith("_"):
            docstring = ast.get_docstring(ast.parse(file.read_text())) or ""
            yield file.stem, docstring.split("\n\n")[0].replace("\n", " ").rstrip(".")


def verbs(parser: argparse.ArgumentParser, **commands: Command) -> dict[str, Any]:
    """Give a command verbs; each one's help is the first line of its function's docstring."""
    parsers = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    made = {}
    for name, command in commands.items():
        text = (command.__doc__ or "").strip().split("\n")[0].rstrip(".")
        made[name] = parsers.add_parser(name.replace("_", "-"), help=text, description=text)
        made[name].set_defaults(run=command)
    return made


def add_workspace(*parsers: argparse.ArgumentParser) -> None:
    """Let these commands name a workspace."""
    for parser in parsers:
        parser.add_argument("--workspace", default="main", metavar="NAME")


def add_address(parser: argparse.ArgumentParser) -> None:
    """Let this command say where it answers."""
    from core import config

    parser.add_argument("--port", type=port, default=config.DEFAULT_PORT)
    parser.add_argument("--host", default=config.DEFAULT_HOST)


def port(word: str) -> int:
    """The number of a port."""
    if not word.isdecimal() or not 1 <= int(word) <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"choose a port from 1 to {LAST_PORT}")
    return int(word)


def add_json(*parsers: argparse.ArgumentParser) -> None:
    """Let these commands print JSON."""
    for parser in parsers:
        parser.add_argument("--json", action="store_true", help="print JSON")


def expected_errors() -> tuple[type[Exception], ...]:
    """What a command may raise to be refused in plain words."""
    from core.config_values import ConfigError
    from core.storage.migrate import DatabaseAway, DatabaseTooNew, NotCopied

    return (Refused, ConfigError, DatabaseAway, DatabaseTooNew, NotCopied)
