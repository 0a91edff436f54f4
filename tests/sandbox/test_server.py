"""The HTTP server in this process: what callers may do with a connection, and that none leaves a thread behind."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from sandbox import server
from sandbox.server import Server
from sandbox.tenants import Tenants
from sandbox.web import Sandbox
from tests.support.sandbox import TIMEOUT
from tests.support.waiting import wait_for

HEAD = "ApiIntegrationCode: HTTP\r\nUserName: u\r\nSecret: s\r\nHost: x\r\n"
GET = f"GET /atservicesrest/v1.0/Roles/29683300 HTTP/1.1\r\n{HEAD}\r\n".encode()
BODY = b'{"filter":[{"op":"eq","field":"id","value":29683300}]}'
QUERY = f"POST /atservicesrest/v1.0/Roles/query HTTP/1.1\r\n{HEAD}Content-Length: {len(BODY)}\r\n"


@pytest.fixture
def serving() -> Iterator[Server]:
    """A server that listens, with a tenant; when all is over every thread of a connection must have ended."""
    before = threading.active_count()
    tenants = Tenants()
    tenants.create("HTTP", "u", "s", "empty")
    listening = Server(("127.0.0.1", 0), Sandbox(tenants))
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield listening
    wait_for(lambda: threading.active_count() <= before + 1, "the threads of connections to end")
    listening.shutdown()
    thread.join()
    listening.server_close()


def connect(serving: Server) -> closing[socket.socket]:
    return closing(socket.create_connection(("127.0.0.1", serving.server_port), timeout=TIMEOUT))


def answer(connection: socket.socket) -> bytes:
    """One answer, read to the end that its head tells."""
    said = b""
    while b"\r\n\r\n" not in said:
        said += connection.recv(65536)
    head, _, body = said.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def test_a_connection_is_kept_for_many_requests(serving: Server) -> None:
    with connect(serving) as connection:
        for _ in range(3):
            connection.sendall(GET)
            assert answer(connection).startswith(b"HTTP/1.1 200 ")


def test_requests_may_be_sent_before_the_answers_are_read(serving: Server) -> None:
    with connect(serving) as connection:
        connection.sendall(GET + QUERY.encode() + b"\r\n" + BODY + GET.replace(b"HTTP/1.1", b"HTTP/1.0"))
        said = b""
        while chunk := connection.recv(65536):
            said += chunk
    assert said.count(b" 200 OK\r\n") == 3


def test_who_expects_to_be_asked_for_a_body_is_asked_at_once(serving: Server) -> None:
    with connect(serving) as connection:
        connection.sendall(QUERY.encode() + b"Expect: 100-continue\r\n\r\n")
        # Nothing more is sent before this comes.
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        assert answer(connection).startswith(b"HTTP/1.1 200 ")


def test_a_caller_who_closes_his_half_gets_his_answer(serving: Server) -> None:
    with connect(serving) as connection:
        connection.sendall(GET)
        connection.shutdown(socket.SHUT_WR)
        assert answer(connection).startswith(b"HTTP/1.1 200 ")
        assert connection.recv(1) == b""


@pytest.mark.parametrize("sent", ["GET http://sandbox.example{0} HTTP/1.1", "GET HTTP://x{0} HTTP/1.1"])
def test_an_address_may_be_asked_for_as_of_a_proxy(serving: Server, sent: str) -> None:
    with connect(serving) as connection:
        line = sent.format("/atservicesrest/v1.0/Roles/29683300")
        connection.sendall(f"{line}\r\n{HEAD}\r\n".encode())
        assert answer(connection).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("sent", ["Zoë".encode(), "Zoë".encode("latin-1"), b"Zo%C3%AB", b"Zo%EB"])
def test_what_stands_raw_in_an_address_is_read_as_far_as_it_can_be(serving: Server, sent: bytes) -> None:
    search = b'{"filter":[{"op":"eq","field":"name","value":"%s"}]}' % sent
    line = b"GET /atservicesrest/v1.0/Roles/query?search=" + search.replace(b" ", b"%20") + b" HTTP/1.1\r\n"
    with connect(serving) as connection:
        connection.sendall(line + HEAD.encode() + b"\r\n")
        assert b'"items":[]' in answer(connection)


def test_a_head_has_no_body_and_options_are_refused(serving: Server) -> None:
    with connect(serving) as connection:
        connection.sendall(b"HEAD /tenants HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
        said = b""
        while said.count(b"HTTP/1.1 200 ") < 2:
            said += connection.recv(65536)
        assert b"<html" not in said
    with connect(serving) as connection:
        connection.sendall(GET.replace(b"GET", b"OPTIONS", 1))
        assert answer(connection).startswith(b"HTTP/1.1 405 ")


@pytest.mark.parametrize("sent", [GET[:-2], QUERY.encode() + b"\r\n" + BODY[:-30]], ids=["head", "body"])
def test_who_drips_in_is_let_go(serving: Server, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """A byte now and then does not keep a connection for ever: the whole request has its time, and no longer."""
    monkeypatch.setattr(server, "ARRIVAL", 0.4)
    begun = time.monotonic()
    with connect(serving) as connection:
        connection.settimeout(0.05)
        connection.sendall(sent)
        while time.monotonic() < begun + TIMEOUT:
            try:
                assert connection.recv(65536) == b""
                break
            except TimeoutError:
                connection.sendall(b"x")
            except ConnectionError:
                break
        else:
            pytest.fail("the connection is still there")


def test_who_says_nothing_is_let_go(serving: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "IDLE", 0.2)
    with connect(serving) as connection:
        assert connection.recv(1) == b""
    with connect(serving) as connection:
        connection.sendall(GET)
        assert answer(connection).startswith(b"HTTP/1.1 200 ")
        assert connection.recv(1) == b""


def test_many_who_leave_without_a_word_leave_nothing(serving: Server) -> None:
    """What they opened and dropped at every place of a request; the fixture counts the threads that are left."""
    whole = QUERY.encode() + b"\r\n" + BODY
    for place in range(0, len(whole) + 1, 3):
        with connect(serving) as connection:
            connection.sendall(whole[:place])
    with connect(serving) as connection:
        connection.sendall(GET)
        assert answer(connection).startswith(b"HTTP/1.1 200 ")
