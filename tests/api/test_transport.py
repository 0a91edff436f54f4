"""Whether a call that got no response may have reached Autotask."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from webapp.services.autotask.api.client import Client
from webapp.services.autotask.api.errors import Temporary


def failed_create(port: int) -> Temporary:
    client = Client(
        zone_url=f"http://127.0.0.1:{port}/", user_name="u", secret="s", integration_code="c",
        allowed_hosts=("127.0.0.1",), timeout=5, pause=lambda _seconds: None,
    )  # fmt: skip
    with pytest.raises(Temporary) as caught:
        client.create("Products", {"name": "Box"})
    return caught.value


@pytest.fixture
def hanging_up() -> Iterator[int]:
    """A server that reads a request and closes the connection."""

    def serve() -> None:
        with listener:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(5)


def test_a_call_without_a_connection_was_never_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert failed_create(port).in_doubt is False


def test_a_call_whose_connection_broke_is_in_doubt(hanging_up: int) -> None:
    error = failed_create(hanging_up)
    assert (error.in_doubt, error.timed_out) == (True, False)
