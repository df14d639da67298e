"""Callers who call all the time, and keep what they were told."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter

from tests.waiting import wait_until

CALLERS = 4
PAUSE = 0.04  # seconds between a caller's calls


class Callers:
    """Call all the time until the block ends; keep every answer but the awaited ones."""

    def __init__(self, openbuild, key, how_many=CALLERS, pause=PAUSE):
        self.url = f"{openbuild.url}/api/1.1/wf/witness"
        self.key = key
        self.accepted = {}  # runs by number
        self.statuses = Counter()
        self.how_many, self.between = how_many, pause
        self.took = []  # seconds of each accepted call
        self.slowest = 0.0
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.call_on, args=(n,)) for n in range(how_many)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

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
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"call-{number}",
        }
        request = urllib.request.Request(self.url, json.dumps({"n": number}).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)["run_id"]
        except urllib.error.HTTPError as error:
            with error:
                self.statuses[error.code] += 1
                assert error.code != 503 or error.headers["Retry-After"]
        except OSError as error:
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
        return self.statuses[503]

    @property
    def others(self):
        """How many answers were neither 202 nor 503."""
        return sum(self.statuses.values()) - self.refused
