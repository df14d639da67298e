"""Set up and run everything: database, queue, web, workers, scheduler.

Ctrl-C or SIGTERM lets running steps finish, then ends.
"""

import argparse
import gc
import webbrowser

from blueprints.cli import add_address, assets
from blueprints.cli.supervision import parts, valkey
from blueprints.cli.supervision.occupation import Occupation
from blueprints.cli.supervision.progress import Progress
from blueprints.cli.supervision.supervisor import Supervisor
from blueprints.cli.supervision.web_server import listen
from core import config
from core.release import version

DEFAULT_WORKERS = 2
MOST_WORKERS = 64


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to answer, and with how many workers."""
    add_address(parser)
    parser.add_argument("--workers", type=workers, default=DEFAULT_WORKERS, metavar="N")
    parser.add_argument("--open", action="store_true", help="open the browser when ready")


def workers(word: str) -> int:
    """A number of workers that makes sense."""
    number = int(word)
    if not 1 <= number <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"choose 1 to {MOST_WORKERS} workers")
    return number


def run(options: argparse.Namespace) -> int:
    """Start all, say where it is, and watch until told to end."""
    settings = config.listen_on(options.host, options.port)
    occupation = Occupation(settings.home)
    occupation.take()
    listener = listen(options.host, options.port)
    progress = Progress()
    progress.title(f"openBuild {version()}")
    with progress.step("Front-end files"):
        assets.ensure()
    with progress.step("Program"):
        app = parts.preload()
    occupation.sign(settings.base_url)
    supervisor = Supervisor(parts.after_death(app, settings))
    try:
        first = start(supervisor, progress, parts.Parts(app, settings, listener, options.workers))
        welcome(settings.base_url, first, open_browser=options.open)
        supervisor.watch()
        print("Stopping: what runs may finish its step …", flush=True)
    finally:
        supervisor.end()
        listener.close()
    print("Stopped.", flush=True)
    return 0


def start(supervisor: Supervisor, progress: Progress, all_parts: parts.Parts) -> dict[str, str]:
    """Bring the parts up in the order in which they need each other."""
    settings = all_parts.settings
    if not settings.redis_url:
        with progress.step("Queue"):
            valkey.prepare(settings)
            supervisor.add(all_parts.valkey(), ends_last=True)
            supervisor.wait_for(
                lambda: valkey.answers(settings.valkey_socket),
                f"Valkey (see {settings.home / 'valkey' / 'valkey.log'})",
            )
    with progress.step("Database"):
        first = all_parts.prepare(supervisor)
    with progress.step(f"Web, {all_parts.workers} workers, scheduler"):
        gc.collect()
        gc.freeze()
        for child in all_parts.children():
            supervisor.add(child)
        supervisor.wait_for(all_parts.web_answers, "The web process")
    return first


def welcome(url: str, first: dict[str, str], *, open_browser: bool) -> None:
    """Say where it is and what to do first."""
    print(f"\n  openBuild is running at {url}")
    if owner_url := first.get("owner_url"):
        print(f"\n  Create the owner:\n    {owner_url}")
    if curl := first.get("welcome_curl"):
        print(f"\n  Try it: run this in another terminal, then look at {url}\n    {curl}")
    print("\n  Stop with Ctrl-C.", flush=True)
    if open_browser:
        webbrowser.open(first.get("owner_url") or url)
