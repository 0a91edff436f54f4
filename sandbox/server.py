"""The HTTP server: threads, kept connections, and hold of the socket, so that a fault can cut it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_to_bytes

from sandbox.web import MAX_BODY


class Server(ThreadingHTTPServer):
    """Serves one WSGI application."""

    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], application: Callable[..., Iterable[bytes]]) -> None:
        super().__init__(address, Handler)
        self.application = application

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections break on purpose here; only what is not a broken connection is told."""
        if not isinstance(sys.exception() if sys.version_info >= (3, 11) else None, OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """From a socket to WSGI and back. Bodies need a Content-Length."""

    protocol_version = "HTTP/1.1"
    server_version = "AutotaskSandbox"
    sys_version = ""
    timeout = 75
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:
        """Calls are in the tenant's log; nothing goes to the console."""

    def _serve(self) -> None:
        body = self._read_body()
        if body is None:
            return
        path, _, query = self.path.partition("?")
        environ = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "sandbox.socket": self.connection,
        }
        for name, value in self.headers.items():
            environ.setdefault(f"HTTP_{name.upper().replace('-', '_')}", value)
        try:
            self._answer(environ)
        except (TimeoutError, ConnectionError):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
        if chunked or not length.isascii() or not length.isdigit():
            self._refuse(411, "A Content-Length is required.")
            return None
        if int(length) > MAX_BODY:
            self._refuse(413, "The request is too large.")
            return None
        return self.rfile.read(int(length))

    def _refuse(self, status: int, sentence: str) -> None:
        body = b'{"errors":["' + sentence.encode() + b'"]}'
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def _answer(self, environ: dict[str, Any]) -> None:
        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            self.send_response(int(status.split(" ", 1)[0]))
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()

        assert isinstance(self.server, Server)  # noqa: S101  for the type checker
        chunks = self.server.application(environ, start_response)
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
