"""Hostile and broken bytes at a running sandbox: each is answered or let go, and nobody is kept waiting."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from stack.child import Child
from stack.options import ROOT
from stack.parts import sandbox_address
from tests.sandbox.fuzz_strategies import as_json
from tests.sandbox.rest_api import talk
from tests.support.examples import examples
from tests.support.sandbox import TIMEOUT

SECONDS = 20  # in which an answer must have come; far more than any takes


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A sandbox as a program. When all is over it must have complained of nothing."""
    log: Path = tmp_path_factory.mktemp("raw") / "sandbox.log"
    command = [sys.executable, "-m", "sandbox", "--port", "0"]
    child = Child("Autotask sandbox", command, env={**os.environ, "PYTHONUNBUFFERED": "1"}, cwd=ROOT, log=log)
    child.start()
    child.wait_until(lambda: bool(sandbox_address(child.output())), 30)
    yield sandbox_address(child.output())
    child.stop(grace=5)
    assert [line for line in child.output().splitlines() if not line.startswith("Sandbox listening")] == []


DEMO = b"ApiIntegrationCode: SANDBOX-DEMO\r\nUserName: api@demo.example\r\nSecret: sandbox-secret\r\n"
BODY = as_json({"filter": [{"op": "eq", "field": "id", "value": 1}]})
HEAD = b"POST /atservicesrest/v1.0/Companies/query HTTP/1.1\r\nHost: x\r\n" + DEMO
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
SEED = b'{"Companies":[{"companyName":"Raw"}]}'
OTHERS = [
    b"POST /sandbox/tenants/SANDBOX-DEMO/seed HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(SEED) + SEED,
    b"GET /sandbox/tenants/SANDBOX-DEMO/calls?last=1 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /tenants/SANDBOX-DEMO/Companies?q=a HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /static/sandbox.css HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\n\r\n",
    b"GET /Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenAccount&AccountID=0 HTTP/1.1\r\n\r\n",
    b"GET /atservicesrest/v1.0/zoneInformation?user=api@demo.example HTTP/1.1\r\nHost: x\r\n\r\n",
]
SPLINTERS = [b"\r\n", b"\n", b"\x00", b":", b"-1", b"\xff", b"%", b"HTTP/1.1", b"chunked"]


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A request that was right, with bytes changed, put in, taken out or cut off."""
    said = bytearray(draw(st.sampled_from([WHOLE, CHUNKED]) | st.sampled_from(OTHERS)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(said)))
        size = draw(st.integers(0, 12))
        said[place : place + size] = draw(st.binary(max_size=12) | st.sampled_from(SPLINTERS))
    return bytes(said[: draw(st.integers(0, len(said)))] if draw(st.booleans()) else said)


def is_answer(said: bytes) -> bool:
    """Nothing, or one or more answers of HTTP, in which every refusal of the API is JSON."""
    for answer in said.split(b"HTTP/1.1 ")[1:]:
        head, _, body = answer.partition(b"\r\n\r\n")
        if head[:1] in b"45" and b"application/json" in head:
            assert json.loads(body)["errors"]
    return said == b"" or said.startswith(b"HTTP/1.")


def test_the_requests_that_are_broken_here_are_right(program: str) -> None:
    for right in (WHOLE, CHUNKED, *OTHERS):
        status = talk(program, right, seconds=SECONDS).split(b" ")[1]
        assert status == (b"303" if b"ExecuteCommand" in right else b"200")


@examples(250)
@given(broken() | st.binary(max_size=400))
def test_any_bytes_are_answered_or_let_go(program: str, sent: bytes) -> None:
    said = talk(program, sent, seconds=SECONDS)
    assert is_answer(said)
    assert b"Traceback" not in said
    assert b"root:" not in said


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"GET / HTTP/1.1\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
        b"POST /atservicesrest/v1.0/Companies HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /atservicesrest/v1.0/Companies HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST /atservicesrest/v1.0/Companies HTTP/1.1\r\nContent-Length: 10\r\n\r\nshort",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # the beginning of TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        WHOLE * 3,
        WHOLE.replace(b"Companies", b"%00%ff%c3%28"),
        WHOLE.replace(BODY, b"[" * len(BODY)),
        WHOLE.replace(b"Host: x", b"Host: \xff\xfe@:99999/"),
        WHOLE.replace(b"Host: x", b"Host: x\r\nX-Sandbox-Fault: \xff;seconds=1e9"),
        *(
            OTHERS[0].replace(SEED, body).replace(b": %d\r" % len(SEED), b": %d\r" % len(body))
            for body in (b"[" * 200_000, b'{"Companies":[{"id":%s}]}' % (b"9" * 5000), b"\xff\x00")
        ),
        CHUNKED.replace(b"\r\n%x\r\n" % len(BODY), b"\r\n-5\r\n"),
        CHUNKED.replace(b"\r\n%x\r\n" % len(BODY), b"\r\n%x;%s\r\n" % (len(BODY), b"e" * 500)),
        CHUNKED[:-2] + b"Trailer: x\r\n" * 1000 + b"\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}   ",
        HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        HEAD + b"Content-Length: +5\r\n\r\n{}   ",
        HEAD.replace(b"POST", b"CONNECT") + b"\r\n",
        b"GET /tenants/SANDBOX-DEMO/Companies?q=\xff\xc3\x28 HTTP/1.1\r\nHost: x\r\n\r\n",
        HEAD.replace(b"POST", b"GET").replace(b"query ", b"query?search={\xff}&\xfe=1 ") + b"\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET //static//..%2f..%2f__main__.py HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /static/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /tenants/%ff%00%c3%28/%F0%9F%92%A9?q=%00%ff HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=lambda sent: f"{sent[:30]!r} of {len(sent)}",
)
def test_known_tricks_are_answered_or_let_go(program: str, sent: bytes) -> None:
    assert is_answer(talk(program, sent, seconds=SECONDS))


def test_callers_who_stall_keep_nobody_waiting(program: str) -> None:
    """A hundred connections that never finish their request, and others are served meanwhile."""
    address = urlsplit(program)
    stalled = [socket.create_connection((address.hostname or "", address.port or 80)) for _ in range(100)]
    try:
        for place, connection in enumerate(stalled):
            connection.sendall(WHOLE[: place + 1])
        assert requests.get(f"{program}/", timeout=TIMEOUT).status_code == 200
        assert talk(program, WHOLE, seconds=SECONDS).startswith(b"HTTP/1.1 200 ")
    finally:
        for connection in stalled:
            connection.close()
