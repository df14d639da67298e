"""Takes the picture of the editor in README.md from a real openBuild with the example in it.

Run it from the project's folder: PYTHONPATH=. .venv/bin/python docs/pictures/take.py
"""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from blueprints.cli.supervision import machine
from tests import github
from tests.openbuild import Openbuild

HERE = Path(__file__).parent
SIZE = {"width": 1440, "height": 900}
STEP = "For each commit"


def main():
    """Start an openBuild, let GitHub call the example, open its editor and take the picture."""
    with tempfile.TemporaryDirectory(prefix="openbuild-picture-") as folder:
        openbuild = Openbuild(Path(folder) / "var")
        try:
            openbuild.up()
            github.install_example(openbuild)
            pushes = [one for one in github.deliveries() if one.payload.get("commits")]
            github.post(openbuild, pushes)
            take(openbuild, github.become_owner(openbuild))
        finally:
            openbuild.close()


def take(openbuild, cookie):
    name, _, value = cookie.partition("=")
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(
            executable_path=machine.chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(
            base_url=openbuild.url, viewport=SIZE, color_scheme="light", reduced_motion="reduce"
        )
        context.add_cookies([{"name": name, "value": value, "url": openbuild.url}])
        page = context.new_page()
        page.goto("/workflows")
        page.get_by_role("link", name="GitHub activity").first.click()
        page.get_by_text(STEP, exact=True).first.click()
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready")
        page.screenshot(path=HERE / "editor.png")
        browser.close()


if __name__ == "__main__":
    main()
