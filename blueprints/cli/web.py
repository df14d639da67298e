"""Answer requests, in one process without the others.

For systemd, containers and many machines. Behind a proxy, `--only calls` answers public calls and
`--only pages` the editor, so that they can have different addresses.
"""

import argparse

from blueprints.cli import add_address
from core import config


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to answer, and what."""
    add_address(parser)
    parser.add_argument("--only", choices=("calls", "pages"))


def run(options: argparse.Namespace) -> None:
    """Serve until told to end."""
    import worker
    from app import create_app
    from blueprints.cli import assets
    from blueprints.cli.supervision import parts, web_server
    from core.runtime import users
    from core.storage import migrate

    settings = config.listen_on(options.host, options.port)
    listener = web_server.listen(options.host, options.port)
    if options.only != "calls":
        assets.ensure()
    parts.speak_as("web", settings)
    app = create_app(only=options.only)
    with app.app_context():
        migrate.upgrade()
        owner_link = users.owner_link() if users.is_owner_missing() else ""
    worker.start_beating(app, "web", "web")
    print(f"openBuild answers at {settings.base_url}", flush=True)
    if owner_link and options.only != "calls":
        print(f"Create the owner: {owner_link}", flush=True)
    web_server.serve(listener, app)
