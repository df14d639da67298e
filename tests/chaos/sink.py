"""The outside world as an independent witness: keeps what reached it under which key, and when."""

import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Sink:
    """An HTTP server that keeps every Idempotency-Key it is given."""

    def __init__(self, listener=None, pause=0.0):
        self.times = defaultdict(list)  # by path and key
        self.pause = pause  # seconds before each answer
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), self.handler(), bind_and_activate=not listener)
        if listener:
            self.server.socket.close()
            self.server.socket, self.server.server_address = listener, listener.getsockname()
            self.server.socket.listen(self.server.request_queue_size)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def address(self):
        return "{}:{}".format(*self.server.server_address[:2])

    @property
    def keys(self):
        """How often each key came, by path and key."""
        with self.lock:
            return {name: len(times) for name, times in self.times.items()}

    def handler(self):
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers.get("content-length") or 0))
                with sink.lock:
                    sink.times[self.path, self.headers["idempotency-key"]].append(time.time())
                sink.over.wait(sink.pause)
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_GET = do_PUT = do_POST

            def log_message(self, *_):
                """A witness, not a log."""

        return Handler


class Server(ThreadingHTTPServer):
    """Many callers at once; a killed one is no reason to complain."""

    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """A caller was killed in the middle of its request."""
