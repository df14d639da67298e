"""Callers: those who call all the time, and those who call until each call has been accepted."""

import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPException

from tests.chaos.beside import Beside
from tests.waiting import wait_until

CALLERS = 4
REFUSALS = (429, 503)
PAUSE = 0.04  # seconds between a caller's calls


class Callers(Beside):
    """Call all the time until the block ends; keep every answer but the awaited ones."""

    def __init__(self, openbuild, key, how_many=CALLERS, pause=PAUSE):
        self.openbuild, self.key = openbuild, key
        self.accepted = {}  # runs by number
        self.statuses = Counter()
        self.how_many, self.between = how_many, pause
        self.took = []  # seconds of each accepted call
        self.slowest = 0.0
        super().__init__(*(partial(self.call_on, number) for number in range(how_many)))

    def call_on(self, first):
        number = first
        while not self.over.wait(self.between):
            began = time.monotonic()
            run_id = self.call(number)
            took = time.monotonic() - began
            self.slowest = max(self.slowest, took)
            if run_id:
                self.accepted[number] = run_id
                self.took.append(took)
                number += self.how_many

    def call(self, number):
        request = make_request(self.openbuild, self.key, number)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)["run_id"]
        except urllib.error.HTTPError as error:
            with error:
                says_when = error.code not in REFUSALS or error.headers["Retry-After"]
                self.statuses[error.code if says_when else f"{error.code} for ever"] += 1
        except (OSError, HTTPException) as error:
            self.statuses[str(error)] += 1
        return None

    def wait_for_more(self):
        before = len(self.accepted)
        wait_until(lambda: len(self.accepted) > before + self.how_many, 30)

    def pause(self, seconds):
        self.over.wait(seconds)

    def wait_for_any(self, seconds=60):
        """Wait until a call is accepted again; how long that took."""
        began, before = time.monotonic(), len(self.accepted)
        wait_until(lambda: len(self.accepted) > before, seconds)
        return time.monotonic() - began

    @property
    def refused(self):
        """How many answers said to come back later."""
        return sum(self.statuses[status] for status in REFUSALS)

    @property
    def others(self):
        """How many answers were neither 202 nor 429 or 503 with a Retry-After."""
        return sum(self.statuses.values()) - self.refused


def call_all(openbuild, key, calls, *, enter=lambda: None, pause=0.0, accepted=None, **told):
    """Call until each call has been accepted, each under a key of its own; the runs' ids.

    Each caller enters first, and pauses between its calls; who looks on may give `accepted`.
    """
    numbers, lock = iter(range(calls)), threading.Lock()
    accepted = {} if accepted is None else accepted

    def caller():
        enter()
        while True:
            time.sleep(pause)
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            accepted[number] = call_until_accepted(openbuild, key, number, **told)

    with ThreadPoolExecutor(CALLERS) as callers:
        for each in [callers.submit(caller) for _ in range(CALLERS)]:
            each.result()
    return accepted


def call_until_accepted(openbuild, key, number, **told):
    while True:
        request = make_request(openbuild, key, number, **told)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)["run_id"]
        except urllib.error.HTTPError as error:
            with error:
                assert error.code in (409, 503), (error.code, error.read())
        except (OSError, ValueError, HTTPException):
            pass  # the web process was killed under this call: the key makes asking again safe
        time.sleep(random.uniform(0.05, 0.3))


def make_request(openbuild, key, number, workflow="witness", body=lambda number: {"n": number}):
    """One call of a workflow; its number is its Idempotency-Key."""
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
        "Idempotency-Key": f"call-{number}",
    }
    url = f"{openbuild.url}/api/1.1/wf/{workflow}"
    return urllib.request.Request(url, json.dumps(body(number)).encode(), headers)
