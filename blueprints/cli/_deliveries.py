"""What GitHub really sends: the payloads that tests and benchmarks post.

They come from the npm package @octokit/webhooks-examples, as pinned and checked by
package-lock.json, into tests/corpora/github/, which is never committed. Needs the network once.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

from blueprints import assets as front_end
from blueprints.cli import Refused, assets

PACKAGE = "@octokit/webhooks-examples"
CORPUS = front_end.ROOT / "tests" / "corpora" / "github"


def folder() -> Path:
    """Where the payloads of the pinned release are."""
    listed = json.loads((front_end.ROOT / "package.json").read_text())
    return CORPUS / str(listed["devDependencies"][PACKAGE])


def ensure() -> Path:
    """Put the payloads in place, unless they are; several processes may try at once."""
    target = folder()
    if not target.exists():
        CORPUS.mkdir(parents=True, exist_ok=True)
        with assets.one_at_a_time(CORPUS / ".lock"):
            if not target.exists():
                fetch_into(target)
    return target


def fetch_into(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="openbuild-deliveries-") as room:
        modules = assets.install_modules(Path(room), what="GitHub's deliveries")
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=CORPUS))
        try:
            for source in sorted((modules / PACKAGE).glob("*/index.json")):
                shutil.copy(source, fresh / f"{source.parent.name}.json")
            fresh.chmod(0o755)
            os.rename(fresh, target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


class Deliveries:
    """The payloads as a part that some tests need; see `machine.Part`."""

    name = "the package with GitHub's deliveries"
    tests = "GitHub tests"
    without = ("--ignore=tests/integration/github",)
    remedy = ""

    def is_there(self) -> bool:
        """Whether they were fetched before."""
        return folder().exists()

    def install(self) -> bool:
        """Fetch them; whether they are there now."""
        print("Fetching GitHub's deliveries …", flush=True)
        try:
            ensure()
        except Refused as refused:
            self.remedy = str(refused)
        return self.is_there()
