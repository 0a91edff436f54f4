"""What is retried and when; one push of a quote at a time, and only of its newest revision."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.support.connected_desk import Desk, newest_entry
from webapp.models import Delivery, db, utc_now
from webapp.services.autotask.api import replies
from webapp.services.autotask.api.client import LONGEST_PAUSE, TRIES, Client
from webapp.services.autotask.api.errors import (
    AutotaskError,
    Busy,
    CredentialsRejected,
    Forbidden,
    Refused,
    Temporary,
)
from webapp.services.autotask.push import lease, results
from webapp.services.delivery import attempt
from webapp.services.quoting.paper.attempts import SealPending


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
        (
            500,
            b'{"errors": ["An unexpected error has occurred. If the problem persists, contact us. Error ID: 7"]}',
            Temporary,
            True,
        ),
        (500, b'{"errors": ["Execution Timeout Expired. The timeout period elapsed."]}', Temporary, True),
        (500, b'{"errors": ["IntegrationCode is invalid."]}', CredentialsRejected, False),
        (200, b'{"errors": ["The record could not be saved."]}', Temporary, True),
        (
            500,
            b'{"errors": ["The logged in Resource does not have the adequate permissions."]}',
            Forbidden,
            False,
        ),
    ],
)
def test_what_a_response_means(status: int, body: bytes, kind: type[AutotaskError], in_doubt: bool) -> None:
    with pytest.raises(kind) as caught:
        replies.read(status, {}, body, "Quotes")
    assert getattr(caught.value, "in_doubt", False) is in_doubt


GONE = (
    "No message. No matching records found. The logged in Resource may not have the required permissions to delete the "
    "data."
)
NO_RIGHT = "The logged in Resource does not have the adequate permissions to update this entity type."


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500])
@pytest.mark.parametrize("form", ["errors", "Message", "text"])
def test_a_record_that_is_gone_is_one_in_whatever_form_autotask_says_it(status: int, form: str) -> None:
    with pytest.raises(Refused) as caught:
        replies.read(status, {}, in_form(form, GONE), "Quotes/7/Items/8")
    assert caught.value.status == 404


@pytest.mark.parametrize("status", [404, 410])
def test_a_404_without_a_word_is_a_record_that_is_gone(status: int) -> None:
    with pytest.raises(Refused) as caught:
        replies.read(status, {}, b"", "Quotes/7/Items/8")
    assert caught.value.status == 404


@pytest.mark.parametrize("status", [400, 401, 403, 500])
@pytest.mark.parametrize("form", ["errors", "Message", "text"])
def test_a_missing_right_is_one_in_whatever_form_autotask_says_it(status: int, form: str) -> None:
    with pytest.raises(Forbidden) as caught:
        replies.read(status, {}, in_form(form, NO_RIGHT), "Products")
    said = str(caught.value)
    assert said.startswith("The API user lacks a permission in Autotask: ")
    assert "An Autotask administrator can add the permission" in said


@pytest.mark.parametrize("status", ["403", "500"])
def test_a_push_without_a_right_says_which(desk: Desk, status: str) -> None:
    desk.tenant.change(dialect={"noPermission": status}, permissions={"Products": ["query"]})
    run = desk.push(desk.quote({"name": "Rack"}))
    assert run.state in ("needs_you", "failed")
    assert "The API user lacks a permission in Autotask: " in run.sentence
    assert "An Autotask administrator can add the permission" in run.sentence
    assert newest_entry(run.quote_id).state == "parked", "trying again would change nothing"


def in_form(form: str, sentence: str) -> bytes:
    """A response that says the sentence."""
    documents = {"errors": {"errors": [sentence]}, "Message": {"Message": sentence}}
    return json.dumps(documents[form]).encode() if form in documents else f"<p>{sentence}</p>".encode()


def test_the_limit_of_attachments_is_waited_out() -> None:
    body = b'{"errors": ["The attachment size limit of 10,000,000 bytes in five minutes was exceeded."]}'
    with pytest.raises(Temporary) as caught:
        replies.read(500, {}, body, "Opportunities/7/Attachments")
    assert (caught.value.is_away, caught.value.in_doubt, caught.value.retry_after) == (True, False, 300)
    with pytest.raises(Refused):
        replies.read(500, {}, body, "Opportunities")


class Reluctant(BaseHTTPRequestHandler):
    """Refuses twice, asking for a wait of some seconds, then responds."""

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
def test_a_pause_is_as_long_as_autotask_asks_or_grows_with_jitter(
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


def entry_after_failing(desk: Desk, kind: str, attempt: int) -> Delivery:
    quote = desk.quote({"name": "Box"})
    entry = desk.publish(quote)
    entry.attempt = attempt
    db.session.commit()
    desk.tenant.add_fault(kind=kind, times=0)
    desk.process(quote)
    return newest_entry(quote.id)


def test_a_push_waits_forever_while_autotask_is_away(desk: Desk) -> None:
    entry = entry_after_failing(desk, "503", 500)
    assert (entry.state, entry.attempt) == ("waiting", 501)
    assert timedelta(minutes=7) < entry.not_before - utc_now() < timedelta(minutes=13)
    assert desk.tenant.stats()["total"] >= TRIES, "the calls themselves were tried again as well"


def test_a_lasting_internal_error_of_autotask_goes_to_a_person(desk: Desk) -> None:
    assert entry_after_failing(desk, "500", results.MAX_ATTEMPTS).state == "parked"


def test_a_second_push_of_a_quote_waits_without_using_up_an_attempt(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"})
    entry = desk.publish(quote)
    token = lease.take(quote.id, "another worker")
    assert token is not None
    attempt.perform(desk.runtime, entry.id, early=True)
    entry = newest_entry(quote.id)
    assert (entry.state, entry.attempt) == ("waiting", 0)
    assert "is running" in entry.outcome
    assert desk.tenant.stats()["writes"] == 0
    lease.release(quote.id, token)
    assert desk.process(quote).state == "synced"


def test_only_the_newest_revision_is_pushed(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"})
    first = desk.publish(quote)
    quote.title = "Another title"
    db.session.commit()
    second = desk.publish(quote)
    attempt.perform(desk.runtime, first.id, early=True)
    assert desk.tenant.stats()["writes"] == 0
    attempt.perform(desk.runtime, second.id, early=True)
    states = list(db.session.scalars(db.select(Delivery.state).order_by(Delivery.id)))
    assert states == ["superseded", "done"]
    files = [row["title"] for row in desk.tenant.state()["OpportunityAttachments"]]
    assert len(files) == 1
    assert "revision 2 " in files[0]


def test_a_signed_pdf_that_waits_for_its_time_stamp_makes_the_push_wait_too() -> None:
    result = results.of_error(SealPending("The signed PDF isn't ready."), 500)
    assert isinstance(result, results.Retry)
    assert (result.counts, result.wait) == (False, results.BUSY_SECONDS)


def test_no_wait_is_longer_than_ten_minutes_and_no_two_pushes_wait_alike() -> None:
    error = Temporary("Autotask is away.", status=503)
    waits = [results.of_error(error, 500) for _ in range(200)]
    seconds = [result.wait for result in waits if isinstance(result, results.Retry)]
    assert len(seconds) == 200
    assert 450 <= min(seconds) < max(seconds) <= 600
    assert len(set(seconds)) > 100
