"""The HTTP server: threads, kept connections, and hold of the socket, so that a fault can cut it."""

from __future__ import annotations

import io
import json
import re
import socket
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_to_bytes

from sandbox.strikes import cut
from sandbox.web import MAX_BODY, Sandbox

MAX_CHUNK_LINE = 200
IDLE = 75  # seconds that a kept connection may be silent between two requests
ARRIVAL = 60  # seconds in which a whole request must have come, however it drips in
ABSOLUTE = re.compile(r"^https?://[^/?]*", re.IGNORECASE)  # how a proxy is asked
RAW = re.compile(r"[^\x21-\x7e]")  # what should have been put away in an address, and may be no UTF-8
CHUNK = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?\r?\n")


class _Refusal(Exception):
    """The body of a request cannot be read."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class _Incoming(io.RawIOBase):
    """What a caller sends. ``deadline`` (monotonic): when waiting for it ends, so that nobody drips in for ever."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection
        self.deadline = 0.0

    def readable(self) -> bool:
        """It is read from."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for bytes until the deadline. Raises TimeoutError."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        try:
            return self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(IDLE)


class Server(ThreadingHTTPServer):
    """Serves the sandbox."""

    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], sandbox: Sandbox) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, Handler)
        self.sandbox = sandbox

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections break on purpose here; only what is not a broken connection is told, in one line."""
        error = sys.exception()
        if not isinstance(error, OSError):
            print(f"sandbox: {type(error).__name__} while serving a connection", file=sys.stderr)


class Handler(BaseHTTPRequestHandler):
    """From a socket to WSGI and back."""

    protocol_version = "HTTP/1.1"
    server_version = "AutotaskSandbox"
    sys_version = ""
    timeout = IDLE
    disable_nagle_algorithm = True
    wbufsize = -1
    rfile: io.BufferedReader

    def setup(self) -> None:
        """Read through something that knows when to stop waiting."""
        super().setup()
        self._incoming = _Incoming(self.connection)
        self.rfile = io.BufferedReader(self._incoming)

    def handle_one_request(self) -> None:
        """Wait for a request as long as a connection may be idle; from its first byte on, all of it must come soon."""
        self._incoming.deadline = time.monotonic() + IDLE
        try:
            # Looks at what is there, or waits for the first of it, and leaves it to be read.
            self.rfile.peek(1)
        except (TimeoutError, ConnectionError):
            self.close_connection = True
            return
        self._incoming.deadline = time.monotonic() + ARRIVAL
        super().handle_one_request()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the standard library's name
        """Calls are in the tenant's log; nothing goes to the console."""

    def __getattr__(self, name: str) -> Any:
        # Every verb, known or not, is the application's to answer.
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def handle_expect_100(self) -> bool:
        """Ask for the body at once: who expects to be asked sends nothing before."""
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library finds wrong with a request, as JSON."""
        sentence = message or HTTPStatus(code).phrase
        self._refuse(code, f"The request could not be read: {sentence}.")

    def _serve(self) -> None:
        try:
            environ = self._environ()
            if self._sandbox.foresee(environ):
                cut(self.connection)
            body = self._read_body()
            environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
            self._answer(environ)
        except _Refusal as refusal:
            self._refuse(refusal.status, str(refusal))
        except (TimeoutError, ConnectionError):
            self.close_connection = True

    @property
    def _sandbox(self) -> Sandbox:
        assert isinstance(self.server, Server)  # noqa: S101  for the type checker
        return self.server.sandbox

    def _environ(self) -> dict[str, Any]:
        """The request as far as it can be told before its body is read. Raises _Refusal."""
        if self.request_version == "HTTP/0.9":
            raise _Refusal(400, "The request line names no version of HTTP.")
        path, _, query = ABSOLUTE.sub("", self.path).partition("?")
        environ = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": RAW.sub(lambda found: f"%{ord(found[0]):02X}", query),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.connection.getsockname()[1]),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_LENGTH": "0",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "sandbox.socket": self.connection,
        }
        for name, value in self.headers.items():
            if name.lower() not in ("content-length", "transfer-encoding"):
                environ.setdefault(f"HTTP_{name.upper().replace('-', '_')}", value)
        return environ

    def _read_body(self) -> bytes:
        """The body. Raises _Refusal, and ConnectionAbortedError when it breaks off."""
        coding = self.headers.get("Transfer-Encoding", "").strip().lower()
        if coding == "chunked":
            return self._read_chunks()
        if coding:
            raise _Refusal(400, "The only Transfer-Encoding understood is chunked.")
        length = self.headers.get("Content-Length", "0").strip()
        if not length.isascii() or not length.isdigit() or len(length) > 18:
            raise _Refusal(400, "The Content-Length is no number.")
        if int(length) > MAX_BODY:
            raise _Refusal(413, "The request is too large.")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionAbortedError
        return body

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while True:
            line = self.rfile.readline(MAX_CHUNK_LINE)
            if not line:
                raise ConnectionAbortedError
            head = CHUNK.match(line)
            if head is None:
                raise _Refusal(400, "The chunks of the body cannot be read.")
            size = int(head[1], 16)
            if len(body) + size > MAX_BODY:
                raise _Refusal(413, "The request is too large.")
            if size == 0:
                break
            body += self.rfile.read(size)
            self.rfile.readline(3)
        while self.rfile.readline(MAX_CHUNK_LINE).strip():
            pass
        return bytes(body)

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer without asking the application, and close: where the next request begins is not known."""
        body = json.dumps({"errors": [sentence]}).encode()
        self.close_connection = True
        if getattr(self, "request_version", "") == "HTTP/0.9":
            # A request line that cannot be read counts as 0.9, which would be answered without a status.
            self.request_version = "HTTP/1.0"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        self._drain()

    def _drain(self) -> None:
        """Let go of what still comes in, so that closing does not reset the connection under the answer."""
        try:
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(1)
            for _ in range(16):
                if not self.connection.recv(65536):
                    break
        except OSError:
            return

    def _answer(self, environ: dict[str, Any]) -> None:
        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            self.send_response(int(status.split(" ", 1)[0]))
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()

        chunks = self._sandbox(environ, start_response)
        try:
            for chunk in chunks:
                if self.command != "HEAD":
                    self.wfile.write(chunk)
                    self.wfile.flush()
        finally:
            close = getattr(chunks, "close", None)
            if close:
                close()
        self.wfile.flush()
