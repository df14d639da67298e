"""Calls as fast as they are answered, over connections that stay open: `python loading.py JSON`.

A program of its own, so that whoever answers has a whole interpreter to itself. It prints how long
all of it took and how long each call took, in seconds.
"""

import json
import socket
import sys
import threading
import time

LENGTH = b"content-length"


def main(given):
    host, port, count, connections = (given[k] for k in ("host", "port", "count", "connections"))
    request = written(given["path"], given["body"], given["headers"])
    took, wrong = [], []

    def call():
        with socket.create_connection((host, port)) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(count // connections):
                began = time.perf_counter()
                line.sendall(request)
                status = answer(line)
                took.append(time.perf_counter() - began)
                if status != given["expected"]:
                    wrong.append(status)

    threads = [threading.Thread(target=call) for _ in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "took": sorted(took), "wrong": wrong}))


def written(path, body, headers):
    content = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(lines).encode() + content


def answer(line):
    """The status of an answer, read to its end."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += more(line)
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = (line.split(b":")[1] for line in head.lower().split(b"\r\n") if LENGTH in line)
    length = int(next(lengths, 0))
    while len(body) < length:
        body += more(line)
    return int(head.split(b" ")[1])


def more(line):
    got = line.recv(65536)
    if not got:
        raise ConnectionError("the server hung up")
    return got


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
