import json
import re
from pathlib import Path

import pytest

from core.engine.expressions import ExpressionError, functions, resolve
from core.engine.expressions.reference import page
from tests.unit.engine.expressions.scopes import NOW

DOCS = Path(__file__).resolve().parents[4] / "docs"
LEARNING = (DOCS / "learning/expressions.md").read_text()
SCOPE = json.loads(re.search(r"```json\n(.*?)```", LEARNING, re.DOTALL)[1])
EXAMPLES = re.findall(r"^(.*\{\{.*\}\}.*)\n→ (.*)$", LEARNING, re.MULTILINE)


def answer(source):
    """What an example gives, as the page writes it."""
    try:
        return json.dumps(resolve(source, {**SCOPE, "__now__": lambda: NOW}), ensure_ascii=False)
    except ExpressionError as error:
        return str(error)


@pytest.mark.parametrize(("source", "shown"), EXAMPLES)
def test_the_guide_tells_the_truth(source, shown):
    assert answer(source) == shown


def test_the_guide_has_no_example_that_is_not_run():
    assert len(EXAMPLES) == LEARNING.count("→ ") > 30


def test_the_page_of_functions_is_up_to_date():
    written = (DOCS / "reference/functions.md").read_text()

    assert written == page(), "write it anew: python -m core.engine.expressions.reference"
    assert all(f"### `{name}(" in written for name in functions())
