"""`runs cancel`, `rerun` and `retry` for all runs that match a filter."""

import argparse
import time
from typing import TYPE_CHECKING, Any

from blueprints.cli import REFUSED, Refused

if TYPE_CHECKING:
    from core.runtime.run_filter import RunFilter

FILTERS = ("workflow", "state", "reason", "origin", "mode", "period", "from", "to", "text")
WHICH = "Say which runs: an ID, filters such as --state failed, or --all."
LOOK_EVERY = 0.5  # seconds


def arguments(parser: argparse.ArgumentParser) -> None:
    """A run's id, or filters as in the list's address."""
    parser.add_argument("id", metavar="ID", nargs="?")
    for name in FILTERS:
        parser.add_argument(f"--{name}", dest=f"wanted_{name}", metavar=name.upper(), default="")
    parser.add_argument("--all", action="store_true", help="all runs, without any filter")
    parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
    parser.add_argument("--wait", action="store_true", help="until it has ended")


def is_one(options: argparse.Namespace) -> bool:
    """Whether one run is named; raises Refused when it is not clear which runs are meant."""
    filters = [name for name in FILTERS if getattr(options, f"wanted_{name}")]
    if options.id and (filters or options.all):
        raise Refused("Name one run or give filters, not both.")
    if options.id:
        return True
    if not filters and not options.all:
        raise Refused(WHICH)
    if getattr(options, "skip", False) or getattr(options, "inputs", None):
        raise Refused("--skip and --inputs are for one run.")
    return False


def begin(kind: str, options: argparse.Namespace) -> int | None:
    """Do it to all that match; says what it does, and whether something failed."""
    from blueprints.cli._database import WHO, database, workspace
    from blueprints.cli._printing import print_json
    from core.runtime import bulk_actions, bulk_foresight
    from core.runtime.run_filter import BadFilter

    with database(BadFilter):
        here = workspace(options.workspace)
        wanted = _wanted(options, here)
        more = {"on_published": getattr(options, "published", False)}
        foreseen = bulk_foresight.of_matching(here.id, kind, wanted, **more)
        if foreseen.is_too_many:
            raise Refused(f"At most {bulk_actions.MOST:,} runs at a time: narrow the filter.")
        if options.dry_run or (foreseen.is_whole and not foreseen.can):
            _say(foreseen, as_json=options.json)
            return None
        words = _words(options)
        action_id = bulk_actions.begin_matching(here.id, kind, wanted, by=WHO, words=words, **more)
        bulk_actions.go_on(action_id)
        while options.wait and bulk_actions.as_known(action_id).ended_at is None:
            time.sleep(LOOK_EVERY)
            bulk_actions.go_on(action_id)
        found = _as_object(bulk_actions.as_known(action_id))
    if options.json:
        print_json(found)
    else:
        _report(found)
    return REFUSED if found["failed"] else None


def _wanted(options: argparse.Namespace, here: Any) -> "RunFilter":
    from core.runtime.run_filter import RunFilter
    from core.storage.workflow import Workflow

    given = {name: getattr(options, f"wanted_{name}") for name in FILTERS}
    workflows = Workflow.of_workspace(here.id)
    return RunFilter.from_args(given, workflows, here.timezone, is_strict=True).fixed()


def _words(options: argparse.Namespace) -> str:
    given = [(name, getattr(options, f"wanted_{name}")) for name in FILTERS]
    return "All runs" + "".join(f", {name} {value}" for name, value in given if value)


def _say(foreseen: Any, *, as_json: bool) -> None:
    from blueprints.cli._printing import print_json

    if as_json:
        cannot = [{"count": count, "reason": reason} for reason, count in foreseen.cannot]
        print_json({"total": foreseen.total, "can": foreseen.can, "cannot": cannot})
        return
    so_far = "" if foreseen.is_whole else " so far; not all were looked at"
    print(f"{foreseen.total:,} match{so_far}; it can be done to {foreseen.can:,} of them.")
    for reason, count in foreseen.cannot:
        print(f"{count:,} stay as they are: {reason}")


def _as_object(action: Any) -> dict[str, Any]:
    from blueprints.cli._printing import moment

    names = ("kind", "state", "total", "done", "skipped", "failed", "reasons")
    counts = {name: getattr(action, name) for name in names}
    return {"bulk_action_id": action.id, **counts, "ended_at": moment(action.ended_at)}


def _report(found: dict[str, Any]) -> None:
    counts = ", ".join(f"{found[name]:,} {name}" for name in ("done", "skipped", "failed"))
    rest = "" if found["ended_at"] else "; the rest goes on while openBuild runs"
    print(f"{found['total']:,} runs: {counts}{rest}.")
    for reason, count in found["reasons"].items():
        print(f"{count:,} stay as they are: {reason}")
    print(f"Its page: /bulk/{found['bulk_action_id']}")
