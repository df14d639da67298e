"""A program that keeps several schedulers: each line it reads kills the oldest and starts another.

They are forked from one process that has everything loaded, so that even a busy machine starts
them at once. It writes a line when all are there, and one for each that was killed.
"""

import os
import signal
import sys

import worker
from app import create_app

HOW_MANY = 5


def main():
    app = create_app()
    children = [start(app) for _ in range(HOW_MANY)]
    print("started", flush=True)
    for _ in sys.stdin:
        victim = children.pop(0)
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)
        children.append(start(app))
        print("killed", flush=True)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def start(app):
    """Another scheduler process."""
    child = os.fork()
    if child == 0:
        worker.schedule(app)
        os._exit(0)
    return child


if __name__ == "__main__":
    main()
