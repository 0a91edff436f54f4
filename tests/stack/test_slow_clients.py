"""Clients that send slowly don't keep the web server from the others."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from smoke.forms import read_forms
from stack.child import Child
from stack.options import ROOT
from tests.support.waiting import wait_for

pytestmark = pytest.mark.server
THREADS, SLOW = 4, 12
HEAD = (
    b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 1000\r\n%s\r\n"
)


@pytest.fixture
def server(app_settings: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """The address of the product on a web server with one process of four threads."""
    listener = socket.create_server(("127.0.0.1", 0))
    command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}", "--no-control-socket"]
    command += [
        "--worker-class",
        "webapp.web_worker.WebWorker",
        "--threads",
        str(THREADS),
        "webapp:create_app()",
    ]
    web = Child(
        "web server",
        command,
        env={**os.environ, **app_settings},
        cwd=ROOT,
        log=tmp_path / "web.log",
        pass_fds=[listener.fileno()],
    )
    web.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    wait_for(lambda: answers(address), "the web server", 60)
    yield address
    web.stop(grace=5)
    listener.close()


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=30).ok
    except requests.ConnectionError:
        return False


def connect(address: str, stack: ExitStack) -> socket.socket:
    parts = urlsplit(address)
    return stack.enter_context(socket.create_connection((str(parts.hostname), parts.port or 0), timeout=30))


@pytest.mark.parametrize("sent", [HEAD % b"", HEAD[:60]], ids=["body", "headers"])
def test_slow_clients_leave_threads_to_others(server: str, sent: bytes) -> None:
    with ExitStack() as stack:
        slow = [connect(server, stack) for _ in range(SLOW)]
        for client in slow:
            client.sendall(sent)
        assert requests.get(f"{server}/healthz", timeout=30).ok


def test_a_client_that_waits_to_be_told_to_go_on_is_told(server: str) -> None:
    with ExitStack() as stack:
        client = connect(server, stack)
        client.sendall(HEAD % b"Expect: 100-continue\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"email=" + b"x" * 994)
        assert client.recv(100).startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("length", [10, 100_000, 9_000_000], ids=["short", "long", "too long"])
def test_a_form_arrives_whole(server: str, length: int) -> None:
    """On one connection, after which another request is answered."""
    with requests.Session() as session:
        form = read_forms(session.get(f"{server}/setup", timeout=30).text)[0]
        sent = dict(form.fill({"name": "x" * length + "end", "token": "none"}))
        first = session.post(f"{server}/setup", data=sent, timeout=60)
        assert first.status_code == (422 if length < 8_000_000 else 413)
        assert ("xend" in first.text) == (length < 8_000_000)
        assert session.get(f"{server}/healthz", timeout=30).ok


def test_chunks_arrive_whole_or_are_refused(server: str) -> None:
    with requests.Session() as session:
        form = read_forms(session.get(f"{server}/setup", timeout=30).text)[0]
        sent = urlencode(dict(form.fill({"name": "x" * 100_000 + "end", "token": "none"}))).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        pieces = (sent[at : at + 5_000] for at in range(0, len(sent), 5_000))
        first = session.post(f"{server}/setup", data=pieces, headers=kind, timeout=60)
        assert (first.status_code, "xend" in first.text) == (422, True)
        endless = (b"name=" + b"x" * 100_000 for _ in range(100))
        # The connection can be closed while the rest is still being sent.
        with suppress(requests.ConnectionError):
            refused = session.post(f"{server}/setup", data=endless, headers=kind, timeout=60)
            assert refused.status_code in (400, 413)
            assert refused.headers["Connection"] == "close"
        assert session.get(f"{server}/healthz", timeout=30).ok
