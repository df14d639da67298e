"""A program that keeps several schedulers, and harms one of them for each line that it reads.

`kill` kills one as a power cut would and starts another in its place, `freeze` lets one stand
still, `thaw` lets all go on. They are forked from one process that has everything loaded, so that
even a busy machine starts them at once. It writes a line when all are there, and one for each
line that it has read.
"""

import os
import random
import signal
import sys

import worker
from app import create_app


def main(how_many):
    app = create_app()
    children = [start(app) for _ in range(how_many)]
    print("started", flush=True)
    for line in sys.stdin:
        harm(app, children, line.strip())
        print("done", flush=True)
    for child in children:
        kill(child)


def harm(app, children, what):
    if what == "kill":
        victim = random.randrange(len(children))
        kill(children[victim])
        children[victim] = start(app)
    elif what == "freeze":
        os.kill(random.choice(children), signal.SIGSTOP)
    else:
        for child in children:
            os.kill(child, signal.SIGCONT)


def start(app):
    """Another scheduler process."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        worker.schedule(app)
        os._exit(0)
    return child


def kill(child):
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
