"""The pages of webhooks without JavaScript: who may, what is refused, and that the secret is shown once."""

from __future__ import annotations

import html
import re

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from flask import Flask

from smoke.forms import read_forms
from tests.support import samples
from tests.support.visitor import HTMX, Visitor, errors, text
from tests.webhooks.office import deliveries, only
from tests.webhooks.receiver import Receiver
from webapp.models import DiaryEntry, WebhookEndpoint, db, utc_now
from webapp.services.core.runtime import Runtime
from webapp.services.core.vault import Vault
from webapp.services.delivery import attempt, reader, room
from webapp.services.integrations.webhook import endpoints, messages

CATALOGUE = "/settings/integrations/"
LIST = "/settings/integrations/webhooks"
NEW = f"{LIST}/new"
SECRET = re.compile(r"whsec_[\w-]{43}")
EVENTS = ["quote.published", "quote.accepted"]


def add(admin: Visitor, url: str, events: list[str] = EVENTS, headers: dict[str, str] | None = None) -> str:
    """Send the form of a new webhook; returns the page that answers."""
    form = admin.form(NEW, NEW)
    data = {**dict(form.fields), "url": url, "description": "Our CRM", "events": events}
    answer = admin.client.post(NEW, data=data, headers=headers)
    assert answer.status_code in (200, 422), text(answer)
    return answer.text


def added(admin: Visitor, receiver: Receiver) -> tuple[str, str]:
    """A webhook to the receiver: its page and its secret."""
    answer = add(admin, receiver.url)
    secret = SECRET.search(answer)
    page = re.search(rf'href="({LIST}/\d+)"', answer)
    assert secret
    assert page
    return page[1], secret[0]


def settings_of(visitor: Visitor, page: str) -> dict[str, str]:
    """The fields of a webhook's own form."""
    forms = read_forms(visitor.client.get(page).text)
    return dict(next(form for form in forms if form.action == page).fields)


def send_due(runtime: Runtime) -> None:
    for delivery in room.due(reader.get("webhook"), utc_now()):
        attempt.perform(runtime, delivery.id)


def press(visitor: Visitor, page: str, action: str) -> str:
    """Press a button; returns the page that it leads to."""
    answer = visitor.send(visitor.form(page, action))
    assert answer.status_code == 303, text(answer)
    return str(answer.location)


def test_the_catalogue_lists_both_integrations_by_group(admin: Visitor, receiver: Receiver) -> None:
    page = admin.client.get(CATALOGUE).text
    groups = re.findall(r'<h2 class="h3[^"]*">(.*?)</h2>', page)
    assert [html.unescape(group) for group in groups] == [
        "Professional Services Automation (PSA)",
        "Automation and Developer Tools",
    ]
    assert 'data-dialog="dialog-autotask"' in page
    assert 'data-dialog="dialog-webhook"' in page
    added(admin, receiver)
    card = admin.client.get(CATALOGUE).text.partition('id="integration-webhook"')[2]
    assert "Connected" in card
    assert "1 webhook." in card
    assert f'href="{LIST}"' in card


def url_of(app: Flask, endpoint: WebhookEndpoint) -> str:
    return endpoints.url_of(app.extensions["quotewright"], endpoint)


def test_lists_show_the_host_alone(app: Flask, admin: Visitor, receiver: Receiver) -> None:
    page, _ = added(admin, receiver)
    watched = press(admin, page, "/test")
    for address in (LIST, watched):
        shown = admin.client.get(address).text
        assert "127.0.0.1" in shown
        assert "key=of" not in shown
    assert "key=of" in admin.client.get(page).text, "the form has it, to be changed"


def test_an_address_that_no_key_opens_is_entered_again(
    app: Flask, admin: Visitor, receiver: Receiver
) -> None:
    page, _ = added(admin, receiver)
    with app.app_context():
        other = Vault([Fernet.generate_key().decode()])
        endpoint = db.session.scalars(db.select(WebhookEndpoint)).one()
        endpoint.url_encrypted = other.encrypt(receiver.url)
        db.session.commit()
    press(admin, page, "/test")
    with app.app_context():
        send_due(app.extensions["quotewright"])
        assert "can't be decrypted" in db.session.scalars(db.select(WebhookEndpoint)).one().state_sentence
    assert not receiver.got
    data = {**settings_of(admin, page), "url": receiver.url, "events": EVENTS}
    assert admin.client.post(page, data=data).status_code == 303
    with app.app_context():
        assert url_of(app, db.session.scalars(db.select(WebhookEndpoint)).one()) == receiver.url


def test_adding_shows_the_secret_once_and_stores_it_encrypted(
    app: Flask, admin: Visitor, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    page, secret = added(admin, receiver)
    with app.app_context():
        endpoint = db.session.scalars(db.select(WebhookEndpoint)).one()
        assert (url_of(app, endpoint), endpoint.events) == (receiver.url, EVENTS)
        for stored in db.session.execute(sa.select(WebhookEndpoint.__table__)).one():
            assert "key=of" not in str(stored)
        assert secret not in endpoint.secret_encrypted
        event = db.session.scalars(db.select(DiaryEntry).filter_by(action="webhook.added")).one()
        assert event.detail == {"host": "127.0.0.1", "events": EVENTS}
    watched = press(admin, page, "/test")
    with app.app_context():
        send_due(app.extensions["quotewright"])
    assert receiver.got
    for address in (page, LIST, watched, CATALOGUE, NEW, "/settings/", "/"):
        assert "whsec_" not in admin.client.get(address).text
    assert "whsec_" not in caplog.text
    # What a log or the audit trail may show is the host, since addresses may be secrets themselves.
    assert "127.0.0.1" in caplog.text
    assert "key=of" not in caplog.text


def test_the_answer_that_shows_the_secret_is_not_kept_by_the_browser(
    admin: Visitor, receiver: Receiver
) -> None:
    form = admin.form(NEW, NEW)
    data = {**dict(form.fields), "url": receiver.url, "events": EVENTS}
    answer = admin.client.post(NEW, data=data)
    assert SECRET.search(answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    again = admin.client.post(NEW, data=data)
    assert again.status_code == 422
    assert errors(again) == {"url": "A webhook with this URL already exists. Choose its events there."}
    assert "whsec_" not in again.text


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://127.0.0.1/", "This is an internal address"),
        ("https://169.254.169.254/latest", "This is an internal address"),
        ("https://[::1]/", "This is an internal address"),
        ("https://2130706433/", "This is an internal address"),
        ("http://example.com/", "Use an https:// URL."),
        ("javascript:alert(1)", "Enter the full URL"),
        ("", "Enter the URL"),
        ("x" * 5000, "This URL has 5,000 characters"),
    ],
)
def test_an_address_that_is_refused(admin: Visitor, url: str, sentence: str, headers: dict[str, str]) -> None:
    answer = add(admin, url, headers=headers)
    assert sentence in html.unescape(answer)
    assert "whsec_" not in answer
    assert ("<html" in answer) is (not headers)
    assert html.escape(url) in answer, "what was typed is still there"
    assert "No webhooks yet." in admin.client.get(LIST).text


def test_without_an_event_nothing_is_added(admin: Visitor, receiver: Receiver) -> None:
    for events in ([], ["quote.deleted"]):
        assert "Choose at least one event." in add(admin, receiver.url, events)


def test_changing_address_and_events(app: Flask, admin: Visitor, receiver: Receiver) -> None:
    page, _ = added(admin, receiver)
    data = {**settings_of(admin, page), "url": f"{receiver.url}&more=1", "events": ["quote.lost"]}
    assert admin.client.post(page, data=data).status_code == 303
    with app.app_context():
        endpoint = db.session.scalars(db.select(WebhookEndpoint)).one()
        assert (url_of(app, endpoint), endpoint.events) == (f"{receiver.url}&more=1", ["quote.lost"])
    again = {**settings_of(admin, page), "url": "https://10.0.0.1/", "events": EVENTS}
    refused = admin.client.post(page, data=again)
    assert refused.status_code == 422


def test_two_admins_do_not_save_over_each_other(app: Flask, admin: Visitor, receiver: Receiver) -> None:
    page, _ = added(admin, receiver)
    second = Visitor(app.test_client()).sign_in("second@desk.example", samples.PASSWORD)
    mine = {**settings_of(admin, page), "description": "Mine", "events": EVENTS}
    theirs = {**settings_of(second, page), "description": "Theirs", "events": EVENTS}
    assert second.client.post(page, data=theirs).status_code == 303
    answer = admin.client.post(page, data=mine)
    assert answer.status_code == 409
    assert "changed this to “Theirs”. You entered “Mine”." in errors(answer)["description"]
    assert 'value="Mine"' in answer.text


def test_replacing_the_secret(admin: Visitor, receiver: Receiver) -> None:
    page, old = added(admin, receiver)
    form = admin.form(page, "/rotate")
    answer = admin.send_and_confirm(form)
    new = SECRET.search(answer.text)
    assert answer.status_code == 200
    assert new
    assert new[0] != old
    again = admin.send_and_confirm(form)
    assert again.status_code == 409
    assert "so it wasn't replaced again" in text(again)
    assert "whsec_" not in again.text
    assert "whsec_" not in admin.client.get(page).text


def test_a_test_event_can_be_watched_and_sent_again(
    app: Flask, admin: Visitor, runtime: Runtime, receiver: Receiver
) -> None:
    page, _ = added(admin, receiver)
    message = press(admin, page, "/test")
    assert "Sending. The result appears here" in text(admin.client.get(message))
    partial = admin.client.get(message, headers=HTMX).text
    assert "<html" not in partial
    assert 'hx-trigger="every 1s"' in partial
    receiver.answers.append((500, {}, "<b>Out of order</b>"))
    with app.app_context():
        send_due(runtime)
    shown = admin.client.get(message)
    assert "The receiver responded with status 500." in text(shown)
    assert "&lt;b&gt;Out of order&lt;/b&gt;" in shown.text
    assert "every 1s" not in shown.text
    assert press(admin, message, "/again").endswith(message)
    with app.app_context():
        send_due(runtime)
        assert only().state == "done"
    assert "Delivered. Resending uses the same ID." in text(admin.client.get(message))
    assert len(receiver.got) == 2


def test_the_log_is_paged_and_filtered(
    app: Flask, admin: Visitor, runtime: Runtime, receiver: Receiver
) -> None:
    page, _ = added(admin, receiver)
    with app.app_context():
        endpoint = db.session.scalars(db.select(WebhookEndpoint)).one()
        for _ in range(45):
            room.add(messages.message(endpoint, "quote.published", {}, ""))
        db.session.commit()
        attempt.perform(runtime, deliveries()[0].id)
        oldest = deliveries()[0].id
    seen: list[str] = []
    following: str | None = page
    while following:
        shown = admin.client.get(html.unescape(following)).text
        seen += re.findall(rf'href="{LIST}/deliveries/(\d+)"', shown)
        found = re.search(r'<a class="btn ms-auto" href="([^"]+)">Next', shown)
        following = found[1] if found else None
    assert len(seen) == len(set(seen)) == 45
    assert seen == sorted(seen, key=int, reverse=True)
    delivered = admin.client.get(f"{page}?state=done").text
    assert re.findall(rf'href="{LIST}/deliveries/(\d+)"', delivered) == [str(oldest)]
    for odd in ("page=0", "page=-1", "page=x", "page=99999999999999999999", "state=nonsense"):
        assert admin.client.get(f"{page}?{odd}").status_code == 200


def test_pausing_resuming_removing(app: Flask, admin: Visitor, receiver: Receiver) -> None:
    page, _ = added(admin, receiver)
    press(admin, page, "/pause")
    assert "Paused by Ada Admin." in text(admin.client.get(page))
    assert "The webhook is paused" in text(admin.client.get(CATALOGUE))
    press(admin, page, "/resume")
    assert "Active" in text(admin.client.get(page))
    press(admin, page, "/test")
    assert admin.send_and_confirm(admin.form(page, "/remove")).status_code == 303
    assert admin.client.get(page).status_code == 404
    with app.app_context():
        assert deliveries() == []


@pytest.mark.parametrize(
    "address",
    ["", "/new", "/1", "/deliveries/1", "/999", "/deliveries/999"],
)
def test_a_rep_is_refused_everywhere(
    app: Flask, admin: Visitor, rep: Visitor, receiver: Receiver, address: str
) -> None:
    page, _ = added(admin, receiver)
    press(admin, page, "/test")
    assert rep.client.get(LIST + address).status_code == 403
    stranger = app.test_client()
    answer = stranger.get(LIST + address)
    assert answer.status_code in (302, 303)
    assert "/login" in answer.location


@pytest.mark.parametrize(
    "address",
    ["/new", "/1", "/1/rotate", "/1/pause", "/1/resume", "/1/remove", "/1/test", "/deliveries/1/again"],
)
def test_a_rep_can_do_nothing(
    app: Flask, admin: Visitor, rep: Visitor, receiver: Receiver, address: str
) -> None:
    page, _ = added(admin, receiver)
    press(admin, page, "/test")
    with app.app_context():
        before = [
            (one.url_encrypted, one.state, one.secret_encrypted)
            for one in db.session.scalars(db.select(WebhookEndpoint))
        ]
    token = dict(rep.form("/people/", "logout").fields)["csrf_token"]
    data = {"csrf_token": token, "url": "https://example.com/", "events": EVENTS}
    assert rep.client.post(LIST + address, data=data).status_code == 403
    assert app.test_client().post(LIST + address, data=data).status_code != 200
    with app.app_context():
        after = [
            (one.url_encrypted, one.state, one.secret_encrypted)
            for one in db.session.scalars(db.select(WebhookEndpoint))
        ]
        assert after == before
        assert len(deliveries()) == 1


def test_without_a_token_nothing_is_done(admin: Visitor, receiver: Receiver) -> None:
    page, _ = added(admin, receiver)
    assert admin.client.post(f"{page}/remove").status_code == 400
    assert admin.client.get(page).status_code == 200


@pytest.mark.parametrize("address", ["/999", "/deliveries/999", "/99999999999999999999"])
def test_what_is_not_there(admin: Visitor, address: str) -> None:
    answer = admin.client.get(LIST + address)
    assert answer.status_code == 404
