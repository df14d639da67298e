"""Everything that GitHub sends, through the example as it is shipped.

Every delivery is posted and its answer compared. Of the runs' pages every sixth is opened here, so
that the test stays short; `./openbuild bench github` opens them all.
"""

import json
from collections import Counter
from dataclasses import replace

import pytest

from tests import github
from tests.integration.github.summaries import expected

FOLDERS = {"api.github.com", "ghes-31", "ghes-32", "ghes-33", "ghes-34", "ghes-35"}
EVERY = 6


def push_of(deliveries, *messages, **changes):
    """A push that GitHub sent, with these commits instead of its own."""
    real = next(one for one in deliveries if one.event == "push" and one.payload["commits"])
    [commit] = real.payload["commits"]
    commits = [
        {**commit, "id": f"{number:x}" * 40, "message": message}
        for number, message in enumerate(messages, 1)
    ]
    return replace(
        real,
        source="made",
        payload={**real.payload, "commits": commits, "created": False} | changes,
    )


def test_every_delivery_is_answered_with_the_right_line(openbuild, owner, deliveries):
    answers = github.post(openbuild, deliveries)

    assert {one.source for one in deliveries} == FOLDERS
    assert len(deliveries) > 700
    assert Counter(answer.status for answer in answers) == {200: len(deliveries)}
    pings = [answer for answer in answers if answer.delivery.event == "ping"]
    assert {(answer.body, answer.run_id) for answer in pings} == {(b"pong", None)}
    events = [answer for answer in answers if answer.delivery.event != "ping"]
    wrong = {
        answer.delivery.id: answer.summary
        for answer in events
        if answer.summary != expected(answer.delivery.event, answer.delivery.payload)
    }
    assert wrong == {}

    run_ids = [answer.run_id for answer in events]
    opened = github.open_run_pages(openbuild, owner, run_ids[::EVERY])

    assert len(set(run_ids)) == len(events)
    assert opened == {(200, True): len(run_ids[::EVERY])}
    assert "Traceback" not in openbuild.said


@pytest.mark.parametrize(
    ("messages", "changes"),
    [
        pytest.param(["One", "Two\n\nwith a body", "Three „…“ 🚀"], {}, id="three commits"),
        pytest.param(["Again"], {"forced": True}, id="a forced push"),
        pytest.param([], {}, id="no commits"),
        pytest.param([f"Commit {n}" for n in range(40)], {}, id="forty commits"),
    ],
)
def test_the_commits_of_a_push_are_counted_and_named(openbuild, deliveries, messages, changes):
    push = replace(push_of(deliveries, *messages, **changes), event="push", number=len(messages))

    [answer] = github.post(openbuild, [push], connections=1)

    assert answer.status == 200
    assert answer.summary == expected("push", push.payload)
    assert f" {len(messages)} commit" in answer.summary


@pytest.mark.parametrize("place", [0, 1, 0.5, -1], ids=["first", "second", "middle", "last"])
def test_a_changed_byte_is_refused(openbuild, deliveries, place):
    delivery = deliveries[0]
    body = bytearray(delivery.body)
    body[int(len(body) * place) if 0 < place < 1 else place] ^= 1

    status, answer = post_as_it_is(openbuild, bytes(body), delivery.headers)

    assert status == 401
    assert answer["statusCode"] == 401
    assert delivery.payload["repository"]["full_name"] not in json.dumps(answer)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"X-Hub-Signature-256": None}, id="none"),
        pytest.param({"X-Hub-Signature-256": "sha256=" + "0" * 64}, id="another"),
        pytest.param({"X-Hub-Signature-256": "sha256="}, id="empty"),
    ],
)
def test_without_the_signature_nothing_is_taken(openbuild, deliveries, change):
    headers = {**deliveries[0].headers, **change}
    headers = {name: value for name, value in headers.items() if value is not None}

    status, _ = post_as_it_is(openbuild, deliveries[0].body, headers)

    assert status == 401


def test_a_delivery_that_github_repeats_runs_once(openbuild, deliveries):
    delivery = replace(deliveries[0], number=1000)

    first, second = github.post(openbuild, [delivery, delivery], connections=1)

    assert (first.status, second.status) == (200, 200)
    assert second.summary == first.summary
    assert second.run_id == first.run_id


def post_as_it_is(openbuild, body, headers):
    """The status and the JSON that come for a call of which nothing is put right."""
    with github.open_connection(openbuild) as connection:
        status, _, answer = github.exchange(
            connection, "POST", github.PATH, body=body, headers=headers
        )
    return status, json.loads(answer)
