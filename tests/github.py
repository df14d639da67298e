"""GitHub as a sender: its real deliveries, signed and posted to an openBuild that runs.

The payloads are those of the npm package @octokit/webhooks-examples: one folder for github.com and
five for releases of GitHub Enterprise Server.
"""

import hashlib
import hmac
import http.client
import json
import re
import time
import urllib.parse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cached_property, partial

from blueprints.cli import _deliveries
from tests.openbuild import ROOT
from tests.people import PASSWORD

EXAMPLE = ROOT / "examples" / "github-activity.yaml"
PATH = "/api/1.1/wf/github-activity"
SECRET = "It's a Secret to Everybody"
CONNECTIONS = 4
TIMEOUT = 30


@dataclass(frozen=True)
class Delivery:
    """One call of GitHub's: the event, the payload, and an id that no other has."""

    source: str
    event: str
    number: int
    payload: dict

    @property
    def id(self):
        return f"{self.source}-{self.event}-{self.number}"

    @cached_property
    def body(self):
        return json.dumps(self.payload, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def headers(self):
        return {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/044aadd",
            "X-GitHub-Delivery": self.id,
            "X-GitHub-Event": self.event,
            "X-Hub-Signature-256": signature(self.body),
        }


def signature(body):
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Answer:
    """What came back for a delivery."""

    delivery: Delivery
    status: int
    headers: dict = field(repr=False)
    body: bytes

    @property
    def run_id(self):
        """The run's id; a ping has none."""
        return self.headers.get("x-run-id")

    @property
    def summary(self):
        return json.loads(self.body)["response"]["summary"]


def deliveries():
    """All of them, in the order of their files."""
    found = []
    for file in sorted(_deliveries.ensure().glob("*.json")):
        for event in json.loads(file.read_text()):
            for number, payload in enumerate(event["examples"], 1):
                found.append(Delivery(file.stem, event["name"], number, payload))
    return found


def install_example(openbuild):
    """The shipped example, live, with the secret that GitHub and it share."""
    words = ("connections", "set", "github", "--type", "webhook_secret", "--secret-stdin")
    for told in (
        openbuild.run(*words, given=f"secret={SECRET}"),
        openbuild.run("workflows", "apply", str(EXAMPLE), "--publish"),
    ):
        assert told.returncode == 0, told.stderr


def post(openbuild, sent, connections=CONNECTIONS):
    """Post deliveries over some connections that stay open; the answers in the order sent."""

    def deliver(connection, delivery):
        status, headers, body = exchange(
            connection, "POST", PATH, body=delivery.body, headers=delivery.headers
        )
        return Answer(delivery, status, headers, body)

    return in_parallel(openbuild, deliver, sent, connections)


def open_run_pages(openbuild, cookie, run_ids, connections=2):
    """How often each status came when these runs' pages were opened."""

    def open_page(connection, run_id):
        status, _, body = exchange(connection, "GET", f"/runs/{run_id}", headers={"Cookie": cookie})
        return status, run_id.encode() in body

    return Counter(in_parallel(openbuild, open_page, run_ids, connections))


def in_parallel(openbuild, act, items, connections):
    """Do it for every item, over connections that each take the next item when they are free."""
    waiting = list(enumerate(items))[::-1]
    results = [None] * len(waiting)

    def work():
        with open_connection(openbuild) as connection:
            for place, item in iter(partial(take, waiting), None):
                results[place] = act(connection, item)

    with ThreadPoolExecutor(connections) as pool:
        for done in [pool.submit(work) for _ in range(connections)]:
            done.result()
    return results


def take(waiting):
    with suppress(IndexError):
        return waiting.pop()


def open_connection(openbuild):
    """A connection that stays open until its block ends."""
    return closing(http.client.HTTPConnection("127.0.0.1", openbuild.port, timeout=TIMEOUT))


def exchange(connection, method, path, **more):
    connection.request(method, path, **more)
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return answer.status, headers, answer.read()


def become_owner(openbuild):
    """Create the owner by the link that `up` prints; the cookie of the signed-in browser."""
    path = re.search(r"/owner/\S+", openbuild.said)[0]
    with open_connection(openbuild) as connection:
        _, headers, page = exchange(connection, "GET", path)
        form = filled_in(openbuild, headers, page)
        status, headers, _ = exchange(connection, "POST", path, **form)
    assert status in (302, 303), status
    return cookie_of(headers)


def filled_in(openbuild, headers, page):
    """The page's form, filled in."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.decode())[1]
    form = {
        "csrf_token": token,
        "name": "Ana Keller",
        "workspace": "Lindgren Supply",
        "email": "ana@example.org",
        "password": PASSWORD,
        "timezone": "Europe/Berlin",
    }
    sent = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": cookie_of(headers),
        "Origin": openbuild.url,
    }
    return {"body": urllib.parse.urlencode(form), "headers": sent}


def cookie_of(headers):
    return headers["set-cookie"].partition(";")[0]


def timed(act, *words):
    """What it answers, and the seconds it took."""
    began = time.monotonic()
    answer = act(*words)
    return answer, time.monotonic() - began
