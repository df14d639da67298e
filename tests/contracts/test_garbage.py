"""No page breaks on arguments that no page of ours would send."""

import re
from pathlib import Path

import pytest

from core.runtime import run_filter, workspaces
from tests.conftest import DATABASES
from tests.contracts import world as worlds

BLUEPRINTS = Path(__file__).parents[2] / "blueprints"
ASKED = re.compile(r"request\.(?:args|values)(?:\.get|\.getlist)?[\[(]\"(\w+)\"")
GARBAGE = (b"\0", b"9" * 30, b"-1", b"\xff")


@pytest.mark.parametrize("database", DATABASES, indirect=True)
def test_no_page_breaks_on_arguments_that_make_no_sense(app, people, client_of, work):
    world, olga = worlds.build(workspaces.first().id, work), client_of(people.olga)
    names = {n for file in BLUEPRINTS.rglob("*.py") for n in ASKED.findall(file.read_text())}
    names |= set(run_filter.RunFilter().__slots__)

    broken = [
        (rule.endpoint, garbage)
        for garbage in GARBAGE
        for rule, address in worlds.addresses(app, world, method="GET")
        if olga.get(address, query_string=dict.fromkeys(names, garbage)).status_code >= 500
    ]

    assert broken == []
