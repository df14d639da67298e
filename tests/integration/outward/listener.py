"""A tiny web server on loopback that answers as told and remembers all that reached it."""

import contextlib
import socket
import threading


class Listener:
    """Each request takes the next answer; the last one stays. An answer is bytes or a function."""

    def __init__(self, *answers, family=socket.AF_INET):
        host = "127.0.0.1" if family == socket.AF_INET else "::1"
        self.answers = list(answers) or [ok()]
        self.requests = []
        self.connections = 0
        self.socket = socket.create_server((host, 0), family=family)
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def heads(self):
        """The request lines and headers, as text."""
        return [request.split(b"\r\n\r\n")[0].decode("latin-1") for request in self.requests]

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(2)

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            while request := read_request(connection):
                self.requests.append(request)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if callable(answer):
                    answer(connection)
                    return
                connection.sendall(answer)


def read_request(connection):
    whole = b""
    while b"\r\n\r\n" not in whole:
        piece = connection.recv(65536)
        if not piece:
            return b""
        whole += piece
    head, _, body = whole.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def ok(body=b"{}", content_type="application/json", status="200 OK", **headers):
    """A whole answer; header names are given with underscores."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(location, status="302 Found"):
    return ok(b"", status=status, Location=location)
