"""Whatever answers, our credentials reach no record of a call and no sentence."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from webapp.services.autotask.api.client import Client
from webapp.services.autotask.api.errors import AutotaskError, Refused
from webapp.services.autotask.api.transport import CallRecord

SECRET, CODE = "correct-horse-battery", "TRACKING-4711"


class _Echo(BaseHTTPRequestHandler):
    """Refuses every call by repeating the headers that it came with."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"errors": [f"{name}: {value}" for name, value in self.headers.items()]}).encode()
        self.send_response(500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@pytest.fixture
def echo() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_answer_that_repeats_our_headers_is_kept_without_them(echo: str) -> None:
    records: list[CallRecord] = []
    client = Client(
        zone_url=echo,
        allowed_hosts=("127.0.0.1",),
        user_name="api@demo.example",
        secret=SECRET,
        integration_code=CODE,
        on_call=records.append,
    )
    with pytest.raises(AutotaskError) as caught:
        client.create("Products", {"name": f"Box of {SECRET}"})
    assert isinstance(caught.value, Refused)
    kept = [*caught.value.sentences, str(caught.value), repr(caught.value), repr(client)]
    kept += [repr(record) for record in records]
    assert len(records) == 1
    assert "api@demo.example" in str(caught.value), "the answer did repeat the headers"
    assert "(hidden)" in str(caught.value)
    for text in kept:
        assert SECRET not in text
        assert CODE not in text
