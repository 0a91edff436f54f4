"""Listening sockets and free ports."""

from __future__ import annotations

import errno
import socket

from stack.errors import StackError


def listen(host: str, port: int, variable: str) -> socket.socket:
    """A listening socket on ``host``:``port`` (0: any free port), to be handed to the web server.

    Raises StackError with a sentence naming the port and ``variable``, which chooses another.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise StackError(_refusal(host, port, variable, error)) from error
    listener.listen(128)
    listener.set_inheritable(True)
    return listener


def check_free(host: str, port: int, variable: str) -> None:
    """Raise the same StackError as ``listen`` when ``port`` can't be had; 0 is always free."""
    listen(host, port, variable).close()


def _refusal(host: str, port: int, variable: str, error: OSError) -> str:
    other = f"Choose another with {variable}, for example: make run {variable}={port + 1 if port < 65535 else 8000}"
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. {other}"
    if error.errno == errno.EACCES:
        return f"Port {port} needs rights that this user doesn't have. {other}"
    return f"Quotewright can't listen on {host}, port {port}: {error.strerror}. {other}"
