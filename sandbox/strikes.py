"""What each kind of fault does to a call."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator

from werkzeug.wrappers import Request, Response

from sandbox.errors import ApiError
from sandbox.faults import Fault

HTML_ERROR = (
    "<html><head><title>Service Unavailable</title></head><body><h1>Service Unavailable</h1></body></html>"
)
DRIPS = 5


def strike(fault: Fault, request: Request, work: Callable[[], Response], unexpected: str) -> Response:
    """Answer a call that a fault befalls; ``work`` does what the call asks for, ``unexpected`` is what a 500 says.

    Raises ConnectionAbortedError when the fault is a cut connection, and what ``work`` raises.
    """
    match fault.kind:
        case "429":
            raise ApiError(429, "The hourly request threshold has been exceeded.")
        case "500":
            raise ApiError(500, unexpected)
        case "thread_limit_sentence":
            # Some refusals of this kind were seen without a 429.
            raise ApiError(500, "Thread Threshold Exceeded. Too many concurrent requests for this endpoint.")
        case "503":
            return Response(HTML_ERROR, 503, mimetype="text/html")
        case "errors_with_200":
            # Some APIs, and some proxies before them, say what went wrong in an answer that looks like a success.
            return Response(
                '{"errors": ["The record could not be saved."]}', 200, mimetype="application/json"
            )
        case "html":
            return Response(HTML_ERROR, 200, mimetype="text/html")
        case "cut_before":
            cut(_connection(request))
        case "delay":
            time.sleep(fault.seconds)
        case "hold":
            fault.lifted.wait(fault.seconds)
    return _after(fault, request, work(), work)


def _after(fault: Fault, request: Request, response: Response, work: Callable[[], Response]) -> Response:
    match fault.kind:
        case "cut_after_commit":
            cut(_connection(request))
        case "timeout_after_commit":
            time.sleep(fault.seconds)
            cut(_connection(request))
        case "truncated":
            body = response.get_data()
            response.set_data(body[: len(body) // 2])
        case "slow_body":
            _slow(response, fault.seconds)
        case "duplicate":
            # The caller hears of the first delivery only, whatever becomes of the second.
            with contextlib.suppress(ApiError):
                work()
    return response


def cut(connection: socket.socket | None) -> None:
    """Cut the connection without an answer. Raises ConnectionAbortedError."""
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError


def _connection(request: Request) -> socket.socket | None:
    connection = request.environ.get("sandbox.socket")
    return connection if isinstance(connection, socket.socket) else None


def _slow(response: Response, seconds: float) -> None:
    body = response.get_data()
    size = max(1, -(-len(body) // DRIPS))

    def drip() -> Iterator[bytes]:
        for place in range(0, len(body), size):
            time.sleep(seconds / DRIPS)
            yield body[place : place + size]

    response.response = drip()
    response.content_length = len(body)
