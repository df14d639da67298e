"""Lines that say what is being set up, and how long it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

WIDTH = 30


class Progress:
    """Prints a line for each step of setting up."""

    def title(self, text: str) -> None:
        """The line above all."""
        print(text, flush=True)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Name a step, and when it is done add its seconds."""
        began = time.monotonic()
        print(f"  {name:<{WIDTH}}", end="", flush=True)
        try:
            yield
        except BaseException:
            print("failed", flush=True)
            raise
        print(f"{time.monotonic() - began:.1f} s", flush=True)
