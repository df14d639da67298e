"""Apply, plan, export, list, switch, delete and run workflows."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blueprints.cli import DONE, REFUSED, Refused, add_json, add_workspace, verbs

if TYPE_CHECKING:
    from core.runtime.workflow_files import Change
    from core.storage.workflow import Workflow

LONGEST_WAIT = 3600.0  # seconds
WARNINGS_STAY = (
    "Warnings don't stop a file. With --publish, --accept REASON keeps a reason with the version."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs with what they need."""
    made = verbs(
        parser,
        apply=apply,
        plan=plan,
        export=export,
        list=list_all,
        enable=enable,
        disable=disable,
        delete=delete,
        run=run_one,
    )
    for name in ("apply", "plan"):
        made[name].add_argument("files", nargs="+", metavar="FILE", help="- is standard input")
        made[name].add_argument("--publish", action="store_true", help="make it live as well")
    made["apply"].add_argument(
        "--accept", default="", metavar="REASON", help="keep this reason with each warning"
    )
    for name in ("export", "enable", "disable", "delete", "run"):
        made[name].add_argument("name", metavar="NAME")
    made["export"].add_argument("-o", "--output", metavar="FILE")
    made["run"].add_argument("--input", default="{}", metavar="JSON", help="the parameters")
    made["run"].add_argument("--wait", action="store_true", help="until it has ended")
    made["run"].add_argument("--draft", action="store_true", help="what is not published yet")
    add_workspace(*made.values())
    add_json(*(made[name] for name in made if name != "export"))


def apply(options: argparse.Namespace) -> None:
    """Create or change workflows from files, all of them or none"""
    from blueprints.cli._database import WHO, database, workspace
    from core.runtime import workflow_files

    if options.accept and not options.publish:
        raise Refused("--accept goes with --publish: reasons are kept with what goes live.")
    texts = read_files(options.files)
    reason = options.accept.strip()
    with database(workflow_files.FilesRefused):
        room = workspace(options.workspace)
        changes = workflow_files.apply(
            room.id, texts, by=WHO, publish=options.publish, reason=reason
        )
    print_changes(changes, as_json=options.json)


def plan(options: argparse.Namespace) -> None:
    """Say what apply would do, and do nothing"""
    from blueprints.cli._database import database, workspace
    from core.runtime import workflow_files

    texts = read_files(options.files)
    with database(workflow_files.FilesRefused):
        room = workspace(options.workspace)
        changes = workflow_files.plan(room.id, texts, publish=options.publish)
    print_changes(changes, as_json=options.json)


def export(options: argparse.Namespace) -> None:
    """Print a workflow's draft as a file"""
    from blueprints.cli._database import database
    from core.runtime import workflow_files

    with database():
        text = workflow_files.export(find(options))
    if options.output in (None, "-"):
        print(text, end="")
        return
    try:
        Path(options.output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(f"{options.output} can't be written: {error.strerror}.") from error


def list_all(options: argparse.Namespace) -> None:
    """List all workflows"""
    from blueprints.cli._database import database, workspace
    from blueprints.cli._printing import print_rows
    from core.storage.workflow import Workflow

    with database():
        workflows = Workflow.of_workspace(workspace(options.workspace).id)
        rows = [as_object(workflow) for workflow in workflows]
    columns = "name label state live_version folder updated_at"
    print_rows(rows, as_json=options.json, columns=columns)


def enable(options: argparse.Namespace) -> None:
    """Let a workflow's starts fire, at once"""
    switch(options, is_enabled=True)


def disable(options: argparse.Namespace) -> None:
    """Let nothing start a workflow, at once"""
    switch(options, is_enabled=False)


def switch(options: argparse.Namespace, *, is_enabled: bool) -> None:
    from blueprints.cli._database import WHO, database
    from core.runtime import workflows

    with database():
        workflow = find(options)
        workflows.set_enabled(workflow, is_enabled, by=WHO)
        say(
            options,
            as_object(workflow),
            f"{workflow.name} is {'en' if is_enabled else 'dis'}abled.",
        )


def delete(options: argparse.Namespace) -> None:
    """Delete a workflow; its runs stay to be looked at"""
    from blueprints.cli._database import WHO, database
    from core.runtime import workflows

    with database():
        workflow = find(options)
        workflows.delete(workflow, by=WHO)
        say(options, {"name": options.name, "deleted": True}, f"{options.name} is deleted.")


def run_one(options: argparse.Namespace) -> int:
    """Start a run by hand, and wait for its end if asked to"""
    from blueprints.cli._database import WHO, database
    from core.runtime import manual_starts, runs

    given = parameters(options.input)
    with database(manual_starts.BadInput, runs.NothingPublished):
        workflow = find(options)
        run = manual_starts.start(workflow, given, by=WHO, is_draft=options.draft)
        if not options.wait:
            say(options, {"run_id": run.id, "state": run.state}, run.id)
            return DONE
        answer = runs.wait_for(run.id, LONGEST_WAIT)
    if answer is None:
        raise Refused(f"The run {run.id} has not ended yet.")
    return print_answer(options, answer)


def print_answer(options: argparse.Namespace, answer: Any) -> int:
    """The response on stdout, a failure's reason on stderr."""
    from blueprints.cli._printing import print_json

    body = (answer.response or {}).get("body")
    if options.json:
        values = {"run_id": answer.run_id, "state": answer.state, "reason": answer.reason}
        print_json({**values, "response": body, "error": answer.error})
    elif body is not None:
        print_json(body)
    if answer.state in ("failed", "cancelled"):
        message = (answer.error or {}).get("message", "")
        print(f"The run {answer.run_id} has {answer.state}. {message}".strip(), file=sys.stderr)
        return REFUSED
    return DONE


def parameters(text: str) -> dict[str, Any]:
    """The parameters that the command gives."""
    from core.engine import json_gate

    try:
        value = json_gate.parse_text(text)
    except json_gate.JsonRefused as error:
        raise Refused(f"--input is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Refused('--input must be a JSON object, such as {"name": "Ana"}.')
    return value


def read_files(names: list[str]) -> dict[str, str]:
    """The texts of the files, by name."""
    texts = {}
    for name in names:
        try:
            texts[name] = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8-sig")
        except OSError as error:
            raise Refused(f"{name} can't be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise Refused(f"{name} is not UTF-8 text.") from error
    return texts


def print_changes(changes: "list[Change]", *, as_json: bool) -> None:
    """A line for each workflow, its changes below."""
    if as_json:
        print(json.dumps([change_object(change) for change in changes], indent=2))
        return
    for change in changes:
        live = f", live as version {change.version}" if change.version else ""
        print(f"{change.name}: {change.kind}{live}")
        for line in change.lines:
            print(f"  {line}")
        for problem in change.problems:
            print(f"  ! can't be published yet: {problem}")
        for warning in change.warnings:
            print(f"  ! warning: {warning}")
    if any(change.warnings for change in changes):
        print(WARNINGS_STAY)


def change_object(change: "Change") -> dict[str, Any]:
    return {
        "file": change.file,
        "name": change.name,
        "change": change.kind,
        "lines": list(change.lines),
        "live_version": change.version,
        "problems": [str(problem) for problem in change.problems],
        "warnings": [str(warning) for warning in change.warnings],
    }


def find(options: argparse.Namespace) -> "Workflow":
    """The workflow that the command names."""
    from blueprints.cli._database import workspace
    from core.storage.workflow import Workflow

    workflow = Workflow.named(workspace(options.workspace).id, options.name)
    if workflow is None:
        raise Refused(f"There is no workflow “{options.name}”.")
    return workflow


def as_object(workflow: "Workflow") -> dict[str, Any]:
    """A workflow as programs read it."""
    from blueprints.cli._printing import moment

    published = workflow.published
    state = "draft" if published is None else "live, draft changed"
    if published is not None and not workflow.is_draft_changed:
        state = "live"
    return {
        "name": workflow.name,
        "label": workflow.label,
        "state": state if workflow.is_enabled else f"{state}, disabled",
        "enabled": workflow.is_enabled,
        "live_version": published.number if published else None,
        "folder": workflow.folder,
        "updated_at": moment(workflow.updated_at),
    }


def say(options: argparse.Namespace, value: dict[str, Any], sentence: str) -> None:
    """JSON for programs, a sentence for people."""
    from blueprints.cli._printing import print_json

    if options.json:
        print_json(value)
    else:
        print(sentence)
