"""The web server's worker: gunicorn's threads, which slow clients can't all hold.

A request's body is read before the application gets the request. A client that sends its request slowly is cut off
after ``PATIENCE`` seconds, and much earlier while slow clients hold more than half of the threads.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from io import BytesIO
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

PATIENCE = 60.0
# How long a client may take while too many are slow.
HURRIED = 2.0
# The application refuses such long bodies (``MAX_CONTENT_LENGTH``), also those that come in chunks and say no length.
KEPT_BYTES = 8 * 1024 * 1024 + 1
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class ReadBody(BytesIO):
    """A body that was read. ``failed``: not to its end, so the connection can't be used again."""

    failed = False


class WebWorker(ThreadWorker):
    """A process of the web server."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sending: dict[Any, float] = {}

    def handle(self, conn: Any) -> Any:
        """In a thread of its own: read a request and answer it."""
        self._sending[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            self._sending.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """The headers are read: read the body, too, before the application is asked."""
        if req._expected_100_continue:  # noqa: SLF001
            conn.sock.sendall(CONTINUE)
            req._expected_100_continue = False  # noqa: SLF001
        if _length(req) <= KEPT_BYTES:
            read = req.body.read(KEPT_BYTES)
            body = ReadBody(read)
            body.failed = req.body.failed or len(read) == KEPT_BYTES
            req.body = body
            if body.failed:
                # Tell the client, which would else send its next request into a connection that closes.
                req.force_close()
        self._sending.pop(conn, None)
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """Called about once a second: besides what gunicorn does, end the connections of slow clients."""
        super().murder_pending()
        now = time.monotonic()
        slow = [conn for conn, since in list(self._sending.items()) if now - since > HURRIED]
        allowed = HURRIED if len(slow) > self.cfg.threads // 2 else PATIENCE
        for conn in slow:
            if now - self._sending.get(conn, now) > allowed:
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RD)


def _length(req: Any) -> int:
    """The length that the request says its body has; one that comes in chunks says none."""
    return next((int(value) for name, value in req.headers if name == "CONTENT-LENGTH"), 0)
