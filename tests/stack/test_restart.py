"""A restart of the web server under traffic loses no request: the socket is held by somebody else, as systemd does."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from stack.child import Child
from stack.options import ROOT
from tests.support.waiting import wait_for

pytestmark = pytest.mark.server
CLIENTS, RESTARTS = 4, 2
BODY = b"email=a%40b.example&password=c"
HEAD = (
    b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(BODY)
)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as opened:
        yield opened


@pytest.fixture
def start(
    listener: socket.socket, app_settings: dict[str, str], tmp_path: Path
) -> Iterator[Callable[[], Child]]:
    """Starts a web server as docs/operating.md does."""
    started: list[Child] = []

    def web() -> Child:
        command = [
            *(sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}", "--no-control-socket"),
            *("--worker-class", "webapp.web_worker.WebWorker", "--workers", "2", "--threads", "4"),
            *("--preload", "--graceful-timeout", "20", "webapp:create_app()"),
        ]
        child = Child(
            "web server",
            command,
            env={**os.environ, **app_settings},
            cwd=ROOT,
            log=tmp_path / f"web-{len(started)}.log",
            pass_fds=[listener.fileno()],
        )
        child.start()
        started.append(child)
        return child

    yield web
    for child in started:
        child.stop(grace=5)


def test_a_restart_under_traffic_loses_no_request(
    listener: socket.socket, start: Callable[[], Child]
) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    web = start()
    over, failed, answered = threading.Event(), list[str](), [0] * CLIENTS

    def ask(number: int) -> None:
        while not over.is_set():
            try:
                answer = requests.get(f"{address}/healthz", timeout=60, headers={"Connection": "close"})
                answer.raise_for_status()
                answered[number] += 1
            except requests.RequestException as error:
                failed.append(repr(error))

    def after(before: list[int]) -> bool:
        return all(now > then + 2 for now, then in zip(answered, before, strict=True))

    clients = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        for _ in range(RESTARTS):
            wait_for(lambda then=list(answered): after(then), "answers", 60)  # type: ignore[misc]
            with socket.create_connection(listener.getsockname(), timeout=60) as under_way:
                under_way.sendall(HEAD + BODY[:5])
                wait_for(lambda then=list(answered): after(then), "answers", 60)  # type: ignore[misc]
                stopped = threading.Thread(target=web.stop, kwargs={"grace": 30})
                stopped.start()
                under_way.sendall(BODY[5:])
                said = under_way.makefile("rb").readline()
                assert said.split()[1] == b"400", "answered: its form had no token"
                stopped.join()
            web = start()
        wait_for(lambda then=list(answered): after(then), "answers", 60)  # type: ignore[misc]
    finally:
        over.set()
        for client in clients:
            client.join()
    assert failed == []
