"""What is tried again, when, and what is not; and that a quote is pushed by one at a time, its newest revision only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.push.kit import Desk, newest_entry
from webapp.models import OutboxEntry, db, utc_now
from webapp.services import outbox
from webapp.services.autotask import lease, replies
from webapp.services.autotask.client import LONGEST_PAUSE, TRIES, Client
from webapp.services.autotask.errors import AutotaskError, Busy, Refused, Temporary


@pytest.mark.parametrize(
    ("status", "body", "kind", "in_doubt"),
    [
        (429, b'{"errors": ["Slow down."]}', Busy, False),
        (500, b'{"errors": ["Thread Threshold Exceeded."]}', Busy, False),
        (200, b'{"errors": ["Thread Threshold Exceeded.', Temporary, True),
        (500, b'{"errors": ["An error occurred while processing your request."]}', Temporary, True),
        (500, b"", Temporary, True),
        (503, b"<html>Service Unavailable</html>", Temporary, True),
        (302, b"", Temporary, True),
        (307, b'{"itemId": 1}', Temporary, True),
        (500, b'{"errors": ["unitPrice must be above 0."]}', Refused, False),
        (404, b"", Refused, False),
    ],
)
def test_what_an_answer_means(status: int, body: bytes, kind: type[AutotaskError], in_doubt: bool) -> None:
    with pytest.raises(kind) as caught:
        replies.read(status, {}, body, "Quotes")
    assert getattr(caught.value, "in_doubt", False) is in_doubt


class Reluctant(BaseHTTPRequestHandler):
    """Refuses twice, asking for some seconds, and answers then."""

    seconds = "1"
    calls = 0

    def do_GET(self) -> None:
        type(self).calls += 1
        refuse = type(self).calls <= 2
        body = b"{}" if refuse else b'{"item": {"id": 1}}'
        self.send_response(429 if refuse else 200)
        self.send_header("Content-Length", str(len(body)))
        if refuse:
            self.send_header("Retry-After", type(self).seconds)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def reluctant() -> Iterator[str]:
    Reluctant.calls = 0
    with HTTPServer(("127.0.0.1", 0), Reluctant) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/ATServicesRest/"
        server.shutdown()


def client(url: str, pauses: list[float]) -> Client:
    return Client(
        zone_url=url,
        user_name="u",
        secret="s",
        integration_code="c",
        allowed_hosts=["127.0.0.1"],
        pause=pauses.append,
    )


@pytest.mark.parametrize(("asked", "least", "most"), [("2", 2, 2), ("0", 0.125, 0.75), ("soon", 0.125, 0.75)])
def test_a_pause_is_as_long_as_autotask_asks_else_grows_with_jitter(
    reluctant: str, asked: str, least: float, most: float
) -> None:
    Reluctant.seconds = asked
    pauses: list[float] = []
    assert client(reluctant, pauses).get("Companies", 1) == {"id": 1}
    assert len(pauses) == 2
    assert all(least <= pause <= most for pause in pauses)


def test_a_long_wait_is_left_to_the_outbox(reluctant: str) -> None:
    Reluctant.seconds = str(int(LONGEST_PAUSE) + 1)
    pauses: list[float] = []
    with pytest.raises(Busy) as caught:
        client(reluctant, pauses).get("Companies", 1)
    assert (caught.value.retry_after, pauses, Reluctant.calls) == (LONGEST_PAUSE + 1, [], 1)


def entry_after_failing(desk: Desk, kind: str, attempt: int) -> OutboxEntry:
    quote = desk.quote({"name": "Box"})
    entry = desk.publish(quote)
    entry.attempt = attempt
    db.session.commit()
    desk.tenant.add_fault(kind=kind, times=0)
    desk.process(quote)
    return newest_entry(quote.id)


def test_an_autotask_that_is_away_is_waited_for_however_long(desk: Desk) -> None:
    entry = entry_after_failing(desk, "503", 500)
    assert (entry.state, entry.attempt) == ("waiting", 501)
    assert timedelta(minutes=7) < entry.not_before - utc_now() < timedelta(minutes=13)
    assert desk.tenant.stats()["total"] >= TRIES, "the calls themselves were tried again as well"


def test_an_error_of_autotasks_own_that_stays_is_for_a_person_to_look_at(desk: Desk) -> None:
    assert entry_after_failing(desk, "500", outbox.MAX_ATTEMPTS).state == "parked"


def test_a_quote_is_pushed_by_one_at_a_time_and_waiting_for_it_uses_up_no_try(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"})
    entry = desk.publish(quote)
    token = lease.take(quote.id, "another worker")
    assert token is not None
    outbox.process(desk.runtime, entry.id)
    entry = newest_entry(quote.id)
    assert (entry.state, entry.attempt) == ("waiting", 0)
    assert "under way" in entry.last_error
    assert desk.tenant.stats()["writes"] == 0
    lease.release(quote.id, token)
    assert desk.process(quote).state == "synced"


def test_the_newest_revision_alone_is_pushed(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"})
    first = desk.publish(quote)
    quote.title = "Another title"
    db.session.commit()
    second = desk.publish(quote)
    outbox.process(desk.runtime, first.id)
    assert desk.tenant.stats()["writes"] == 0
    outbox.process(desk.runtime, second.id)
    states = list(db.session.scalars(db.select(OutboxEntry.state).order_by(OutboxEntry.id)))
    assert states == ["superseded", "done"]
    files = [row["title"] for row in desk.tenant.state()["OpportunityAttachments"]]
    assert len(files) == 1
    assert "revision 2 " in files[0]
