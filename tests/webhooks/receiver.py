"""A real HTTP server that takes webhooks, or refuses them as a test asks."""

from __future__ import annotations

import json
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG, CUT, GARBAGE, DRIP = "hang", "cut", "garbage", "drip"


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    @property
    def signature(self) -> str:
        return self.headers["Quotewright-Signature"]


@dataclass
class Receiver:
    """``got``: what came. Answers 200 unless ``answers`` has another: a status, one with headers and text, a fault."""

    port: int
    scheme: str = "http"
    got: list[Received] = field(default_factory=list)
    answers: deque[int | tuple[int, dict[str, str], str] | str] = field(default_factory=deque)
    always: int | str = 200
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}/hooks?key=of%20mine"

    def next_answer(self) -> int | tuple[int, dict[str, str], str] | str:
        return self.answers.popleft() if self.answers else self.always


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.got.append(Received(self.path, dict(self.headers), body))
        answer = receiver.next_answer()
        if isinstance(answer, str):
            self._fail(answer, receiver)
            return
        status, headers, text = (
            answer if isinstance(answer, tuple) else (answer, {}, f"status {answer} it is")
        )
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def _fail(self, fault: str, receiver: Receiver) -> None:
        self.close_connection = True
        if fault == HANG:
            receiver.released.wait(30)
        elif fault == GARBAGE:
            self.wfile.write(b"SSH-2.0-OpenSSH_9.7\r\n")
        elif fault == DRIP:
            # A header line that never ends, one byte at a time, each well within the time of one read.
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not receiver.released.wait(0.05):
                self.wfile.write(b"z")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the standard library's name
        return


class _Server(ThreadingHTTPServer):
    receiver: Receiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or refuses the certificate, is what some tests are about."""


@contextmanager
def listening(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on a free port of this machine, gone at the end of the block."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.receiver = Receiver(server.server_address[1], "https" if tls else "http")
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.receiver
    finally:
        server.receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
