"""The page of a workflow's starts: addresses with code that works, times, refused calls."""

import html
import json
import re
import subprocess
import sys

import pytest

from blueprints.editor import snippets
from blueprints.editor.snippets import Sample
from core import clock
from core.runtime import workflows
from core.storage.db import transaction
from core.storage.refused_call import RefusedCall
from tests.integration.outward.listener import Listener

BODY = {"name": "Zoë’s “shop”", "total": 1.5, "new": True, "none": None, "lines": [{"n": 1}]}
PROGRAMS = {
    "curl": lambda code: ["/bin/sh", "-c", code],
    "Python": lambda code: [sys.executable, "-c", code],
}
NOTHING_REFUSED = "No call was refused."


@pytest.fixture
def page(editor):
    return lambda: html.unescape(editor.client.get(f"{editor.url}/starts").text)


def refuse(editor, reason, *, mode="live", times=1):
    with transaction() as session:
        session.add(
            RefusedCall(
                workflow_id=editor.id,
                mode=mode,
                at=clock.now(),
                status=401,
                code="NOT_AUTHORIZED",
                reason=reason,
                method="POST",
                remote_address="203.0.113.9",
                times=times,
            )
        )


def test_a_draft_has_a_test_url_and_once_published_a_live_one(editor, page):
    before = page()
    workflows.publish(editor.workflow, by="Olga")
    after = page()

    assert "/version-test/api/1.1/wf/" in before and "Live URL" not in before
    assert "Live URL" in after and "runs version 1" in after
    assert "POST · anyone with a key" in after


def test_without_a_url_the_page_says_how_to_get_one(editor, page):
    editor.send("starts/called", {"on": "false"})

    assert "This workflow has no URL." in page()


def test_refused_calls_stand_together_by_their_reason(editor, page):
    assert NOTHING_REFUSED in page()
    refuse(editor, "no key was sent", times=3)
    refuse(editor, "no key was sent")
    refuse(editor, "the key has expired", mode="draft")

    shown = page()

    rows = re.findall(r"<tr class=\"table__row\"><td class=\"table__p\">(.*?)</tr>", shown)
    assert len(rows) == 2
    assert "The key has expired" in rows[0] and "Test URL" in rows[0]
    assert "No key was sent" in rows[1] and ">4<" in rows[1] and "203.0.113.9" in rows[1]


def test_a_workflow_that_is_switched_off_says_so_and_offers_to_switch_it_on(editor, page):
    workflows.publish(editor.workflow, by="Olga")
    workflows.set_enabled(editor.workflow, False, by="Olga")

    assert "This workflow is switched off." in page()
    assert f"{editor.url}/enabling" in page()


@pytest.mark.parametrize("language", PROGRAMS)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_code_that_is_copied_sends_the_call(language, method):
    listener = Listener()
    sample = Sample(method, f"{listener.url}/wf/x?a=1", {"Authorization": "Bearer k"}, BODY)
    code = next(each.code for each in snippets.of_call(sample) if each.language == language)

    told = subprocess.run(PROGRAMS[language](code), capture_output=True, text=True, timeout=20)

    listener.close()
    [request] = listener.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert told.returncode == 0, told.stderr
    assert head.startswith(f"{method} /wf/x?a=1 ".encode())
    assert b"authorization: bearer k" in head.lower()
    assert b"content-type: application/json" in head.lower()
    assert json.loads(body) == BODY
