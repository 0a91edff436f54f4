"""Traces for an OpenTelemetry collector: one from the click to the last call, and no secret in it."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from structlog.testing import capture_logs

import config
from stack.options import ROOT
from tests.support.connected_desk import Desk, newest_run
from tests.support.settings import environment
from tests.support.visitor import Visitor
from webapp import create_app
from webapp.models import db
from webapp.services.core import tracing

# Do what is in the queues, clean up, and end.
ONE_ROUND = "import worker; worker.new_worker(worker._runtime(worker.application())).work(burst=True)"


class Collector(ThreadingHTTPServer):
    """A small OTLP/HTTP receiver on loopback."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receive)
        self.bodies: list[bytes] = []

    @property
    def spans(self) -> list[Span]:
        """Every span that came."""
        return [
            span
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class Receive(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = self.headers.get("Content-Encoding") == "gzip"
        self.server.bodies.append(gzip.decompress(body) if packed else body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def app_settings(app_settings: dict[str, str], collector: Collector) -> Iterator[dict[str, str]]:
    yield {**app_settings, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}"}
    tracing.stop()


def about(span: Span) -> dict[str, str | int]:
    return {
        one.key: one.value.int_value if one.value.HasField("int_value") else one.value.string_value
        for one in span.attributes
    }


@pytest.mark.slow
def test_one_trace_goes_from_the_click_to_the_last_call(
    redis_url: str, desk: Desk, desk_admin: Visitor, collector: Collector, app_settings: dict[str, str]
) -> None:
    quote = desk.quote({"name": "Box of secrets", "unit_price": "77.31"}, title="A quiet title")
    clicked = desk_admin.send(desk_admin.form(f"/quotes/{quote.id}", "/publish"))
    assert clicked.status_code == 303
    assert desk_admin.client.get(f"/q/{quote.public_token}?colleague=nobody").status_code == 200
    assert desk_admin.client.get("/q/a-link-that-is-not-there").status_code == 404
    # SQLite lets nobody else write while this transaction is open.
    db.session.commit()
    done = subprocess.run(
        [sys.executable, "-c", ONE_ROUND],
        cwd=ROOT,
        env={**os.environ, **app_settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    run = newest_run(quote.id)
    assert run is not None, done.stderr
    assert run.state == "synced"
    tracing.stop()

    request_id = clicked.headers["X-Request-ID"]
    click = next(one for one in collector.spans if one.name == "POST quotes.publish")
    assert click.parent_span_id == b""
    assert about(click) == {
        "http.request.method": "POST",
        "http.route": "/quotes/<int:quote_id>/publish",
        "http.response.status_code": 303,
        "request_id": request_id,
    }
    trace = [one for one in collector.spans if one.trace_id == click.trace_id]
    delivery = next(one for one in trace if one.name == "deliver autotask")
    assert delivery.parent_span_id == click.span_id
    assert about(delivery)["quote"] == quote.id
    calls = [one for one in trace if "server.address" in about(one)]
    assert {"POST Opportunities", "POST Quotes", "POST Quotes/Items"} <= {one.name for one in calls}
    known = {one.span_id for one in trace}
    assert [one.name for one in trace if one.parent_span_id not in known] == [click.name]
    statements = [one for one in trace if "db.query.text" in about(one)]
    assert {one.parent_span_id for one in statements} >= {click.span_id, delivery.span_id}
    assert {about(one)["http.route"] for one in collector.spans if one.name == "GET public.show"} == {
        "/q/<token>"
    }
    sent = b"".join(collector.bodies)
    secrets = (
        desk.tenant.secret,
        desk.tenant.code,
        quote.public_token,
        "a-link-that-is-not-there",
        "colleague",
    )
    for text in (*secrets, quote.title, "Box of secrets", "77.31", "Nora", desk.rep.email, "argon2id"):
        assert text.encode() not in sent, text


def test_an_error_is_named_and_not_quoted(collector: Collector) -> None:
    tracing.configure(f"http://127.0.0.1:{collector.server_port}")
    with pytest.raises(ValueError, match="secret"), tracing.click("a-click-1", "GET somewhere"):
        raise ValueError("a secret")
    tracing.stop()
    (span,) = collector.spans
    assert (span.status.code, about(span)["error.type"]) == (Status.STATUS_CODE_ERROR, "ValueError")
    assert b"a secret" not in collector.bodies[0]


def test_without_the_extra_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with capture_logs() as lines:
        tracing.configure("http://127.0.0.1:4318")
    assert [line["sentence"] for line in lines] == [tracing.NOT_INSTALLED]
    assert create_app(config.load(environment())).test_client().get("/livez").status_code == 200
