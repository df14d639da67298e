"""What is documented is there, and what is there is documented."""

import re
from pathlib import Path

import pytest

from blueprints.cli import commands_with_help
from core import config

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = (ROOT / "docs/operating/settings.md").read_text()
COMMANDS = (ROOT / "docs/operating/commands.md").read_text()
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


@pytest.mark.parametrize("name", config.names())
def test_every_setting_has_its_line(name):
    line = next(line for line in SETTINGS.splitlines() if line.startswith(f"| `{name}` |"))

    default = config.names()[name]["default"]
    assert not default or f"`{default}`" in line


def test_no_setting_is_documented_that_does_not_exist():
    assert set(re.findall(r"^\| `(OPENBUILD_\w+)`", SETTINGS, re.MULTILINE)) == set(config.names())


def test_every_command_has_its_line_and_no_other_has():
    documented = re.findall(r"^\| `\./openbuild ([a-z]+)` \|", COMMANDS, re.MULTILINE)

    assert sorted(documented) == sorted(name for name, _ in commands_with_help())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text())

    assert not [link for link in links if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_name_only_commands_that_exist(page):
    named = set(re.findall(r"\./openbuild ([a-z]+)", page.read_text()))

    assert named <= {name for name, _ in commands_with_help()}
