"""Credentials never leave for a host that is not Autotask's: whatever the zone is called, it hears nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask

from webapp.models import Connection, db
from webapp.services.autotask.api.client import Client
from webapp.services.autotask.api.errors import AutotaskError, ConnectionRefused
from webapp.services.autotask.connection import connection, weblinks

SECRET = "correct-horse-battery"


@dataclass
class Listener:
    """Answers ``answers`` by the end of the path, else an empty page of a query; keeps what it was sent."""

    host: str = ""
    answers: dict[str, tuple[int, dict[str, str], Any]] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)


@pytest.fixture
def listeners() -> Iterator[list[Listener]]:
    """Two: Autotask, as the operator allowed it, and a host that nobody allowed."""
    with ExitStack() as ends:
        found = []
        for _ in range(2):
            one = Listener()

            class Handler(BaseHTTPRequestHandler):
                listener = one

                def do_GET(self) -> None:
                    self.rfile.read(int(self.headers["Content-Length"] or 0))
                    self.listener.heard.append(f"{self.command} {self.path}\n{self.headers}")
                    name = self.path.partition("?")[0].rpartition("/")[2]
                    status, headers, content = self.listener.answers.get(name, (200, {}, {"items": []}))
                    body = json.dumps(content).encode()
                    self.send_response(status)
                    for key, value in {**headers, "Content-Length": str(len(body))}.items():
                        self.send_header(key, value)
                    self.end_headers()
                    self.wfile.write(body)

                do_POST = do_GET  # noqa: N815  the name is the standard library's

                def log_message(self, *_: object) -> None:
                    """Nothing to say."""

            server = ends.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
            ends.callback(server.shutdown)
            one.host = f"127.0.0.1:{server.server_port}"
            found.append(one)
        yield found


@pytest.fixture
def autotask(listeners: list[Listener]) -> Listener:
    return listeners[0]


@pytest.fixture
def foreign(listeners: list[Listener]) -> Iterator[Listener]:
    """In the end it has heard nothing, in every test."""
    yield listeners[1]
    assert listeners[1].heard == []


@pytest.fixture
def app_settings(app_settings: dict[str, str], autotask: Listener) -> dict[str, str]:
    return {
        **app_settings,
        "AUTOTASK_ALLOWED_HOSTS": autotask.host,
        "AUTOTASK_ROOT": f"http://{autotask.host}/rest",
    }


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        yield app


def connect(app: Flask, autotask: Listener, zone: str, web: str = "") -> Connection:
    autotask.answers["zoneInformation"] = (200, {}, {"zoneName": "Z", "url": zone, "webUrl": web})
    return connection.connect(
        app.extensions["quotewright"],
        user_name="api@demo.example",
        secret=SECRET,
        integration_code="TRACKING-4711",
        actor=None,
    )


# Each was let through by its last host and called at its first.
NASTY = [
    "http://{foreign}\\@{allowed}/",
    "http://{foreign}\\@{allowed}/ATServicesRest/",
    "http://{foreign}#@{allowed}/",
    "http://{foreign}?@{allowed}/",
    "http://{foreign}/",
    "http://{allowed}@{foreign}/",
    "http://{foreign}\t@{allowed}/",
]


@pytest.mark.parametrize("address", NASTY)
def test_a_zone_elsewhere_is_refused_and_hears_nothing(
    context: Flask, autotask: Listener, foreign: Listener, address: str
) -> None:
    with pytest.raises(ConnectionRefused, match="nothing was sent"):
        connect(context, autotask, address.format(foreign=foreign.host, allowed=autotask.host))
    assert connection.load() is None
    assert [line for line in autotask.heard if SECRET in line] == []


def test_a_good_zone_is_called_and_stored_as_it_was_checked(
    context: Flask, autotask: Listener, foreign: Listener
) -> None:
    stored = connect(context, autotask, f"HTTP://{autotask.host}/Zone/", f"http://{autotask.host}/web/")
    assert (stored.zone_url, stored.web_url) == (
        f"http://{autotask.host}/Zone/",
        f"http://{autotask.host}/web/",
    )
    assert any(SECRET in line for line in autotask.heard)


@pytest.mark.parametrize("address", NASTY)
def test_pages_elsewhere_are_refused_too(
    context: Flask, autotask: Listener, foreign: Listener, address: str
) -> None:
    web = address.format(foreign=foreign.host, allowed=autotask.host)
    with pytest.raises(ConnectionRefused, match="nothing was sent"):
        connect(context, autotask, f"http://{autotask.host}/", web)
    assert connection.load() is None


@pytest.mark.parametrize("address", NASTY)
def test_what_was_stored_before_the_rule_is_refused_at_its_use(
    context: Flask, autotask: Listener, foreign: Listener, address: str
) -> None:
    stored = connect(context, autotask, f"http://{autotask.host}/")
    stored.zone_url = stored.web_url = address.format(foreign=foreign.host, allowed=autotask.host)
    db.session.commit()
    with pytest.raises(ConnectionRefused, match="nothing was sent"):
        connection.open_client(context.extensions["quotewright"])
    assert weblinks.base([autotask.host]) == ""


@pytest.mark.parametrize("address", NASTY)
def test_the_client_itself_looks_at_each_request_as_it_leaves(
    autotask: Listener, foreign: Listener, address: str
) -> None:
    client = Client(
        zone_url=address.format(foreign=foreign.host, allowed=autotask.host),
        user_name="api@demo.example",
        secret=SECRET,
        integration_code="TRACKING-4711",
        allowed_hosts=[autotask.host],
    )
    with pytest.raises(AutotaskError):
        client.query("Companies", [])


def test_a_redirect_is_not_followed(context: Flask, autotask: Listener, foreign: Listener) -> None:
    connect(context, autotask, f"http://{autotask.host}/")
    client = connection.open_client(context.extensions["quotewright"])
    elsewhere = {"Location": f"http://{foreign.host}/v1.0/Companies/query"}
    autotask.answers["Quotes"] = (307, elsewhere, {"itemId": 1})
    with pytest.raises(AutotaskError):
        client.create("Quotes", {})
    autotask.answers["zoneInformation"] = (302, elsewhere, {})
    with pytest.raises(ConnectionRefused):
        connection.check_again(context.extensions["quotewright"], None)


def test_a_next_page_elsewhere_is_not_asked_for(
    context: Flask, autotask: Listener, foreign: Listener
) -> None:
    connect(context, autotask, f"http://{autotask.host}/")
    client = connection.open_client(context.extensions["quotewright"])
    for address in (*NASTY, "http://{allowed}\\@{foreign}/"):
        url = address.format(foreign=foreign.host, allowed=autotask.host) + "v1.0/Companies/query/next"
        page = {"items": [], "pageDetails": {"nextPageUrl": url}}
        autotask.answers["query"] = (200, {}, page)
        with pytest.raises(AutotaskError, match="next page outside its own zone"):
            client.query("Companies", [])
