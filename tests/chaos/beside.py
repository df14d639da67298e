"""What goes on beside an experiment."""

import threading


class Beside:
    """Threads that begin with a block and are told to end with it."""

    def __init__(self, *acts):
        self.over = threading.Event()
        self.threads = [threading.Thread(target=act, daemon=True) for act in acts]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()
