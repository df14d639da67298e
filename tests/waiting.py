"""How tests wait: for a condition, and not longer than it takes."""

import time


def wait_until(condition, seconds=10, every=0.02):
    """The condition's first true answer, or a failure once the time is over."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {describe(condition)}")
        time.sleep(every)
    return answer


def describe(condition):
    """Where the condition is written, for whoever reads the failure."""
    code = getattr(condition, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(condition)
