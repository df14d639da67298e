"""The outside world as an independent witness: counts what reached it under which key."""

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Sink:
    """An HTTP server that keeps every Idempotency-Key it is given."""

    def __init__(self):
        self.keys = Counter()
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), self.handler())
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def address(self):
        return f"127.0.0.1:{self.server.server_address[1]}"

    def handler(self):
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers.get("content-length") or 0))
                with sink.lock:
                    sink.keys[self.path, self.headers["idempotency-key"]] += 1
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                """A witness, not a log."""

        return Handler


class Server(ThreadingHTTPServer):
    """Many callers at once; a killed one is no reason to complain."""

    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """A caller was killed in the middle of its request."""
