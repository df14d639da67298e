"""A call as code to copy."""

import json
import shlex

import pytest

from blueprints.editor import snippets
from blueprints.editor.snippets import Sample

BODY = {"name": "Zoë's “shop”", "total": 1.5, "new": True, "none": None, "lines": [{"n": 1}]}


def test_a_line_for_the_terminal_is_one_line_with_everything_quoted():
    line = snippets.curl(Sample("POST", "https://a.test/wf/x", {"Authorization": "Bearer k"}, BODY))

    words = shlex.split(line)
    assert words[:2] == ["curl", "https://a.test/wf/x"]
    assert "-X" not in words and "Authorization: Bearer k" in words
    assert json.loads(words[words.index("-d") + 1]) == BODY


@pytest.mark.parametrize(("method", "body"), [("PUT", BODY), ("DELETE", {}), ("POST", None)])
def test_another_method_than_curl_takes_is_said(method, body):
    words = shlex.split(snippets.curl(Sample(method, "https://a.test", body=body)))

    assert words[words.index("-X") + 1] == method


def test_to_be_read_a_line_for_the_terminal_stands_on_several():
    sample = Sample("POST", "https://a.test/wf/x", {"Authorization": "Bearer k"}, BODY)
    [shown, *_] = snippets.of_call(sample)

    assert len(shown.code.splitlines()) == 4
    assert shown.code.replace(snippets.NEXT_LINE, " ") == snippets.curl(sample)


def test_a_call_without_a_body_sends_none():
    sample = Sample("GET", "https://a.test/wf/x")

    for snippet in snippets.of_call(sample):
        assert "Content-Type" not in snippet.code and "body" not in snippet.code


def test_every_language_has_a_name_of_its_own():
    names = [snippet.language for snippet in snippets.of_call(Sample("GET", "https://a.test"))]

    assert names == ["curl", "Python", "JavaScript"]
