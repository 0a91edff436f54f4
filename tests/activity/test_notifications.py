"""Who is told that a push needs a person, where, and when that ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.activity.mailbox import Mailbox, open_mailbox, words
from tests.activity.office import (
    ADMIN,
    COLLEAGUE,
    OWNER,
    Office,
    mend_company,
    seed_broken_company,
    user,
)
from tests.support.visitor import HTMX, Visitor, text
from webapp.models import Delivery, Notification, db, utc_now
from webapp.services.accounts import changing_rules
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import attempt, notifications
from webapp.services.quoting.draft import editing

COMPANY = "Stubborn & Sons"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with open_mailbox() as server:
        yield server


@pytest.fixture
def failed(office: Office) -> tuple[int, int]:
    """A quote whose push failed for good, and the company that is to blame."""
    company_id = seed_broken_company(office, COMPANY)
    quote_id = office.quote(company=COMPANY, title="Racks & rails")
    assert office.process(quote_id) == "failed"
    return quote_id, company_id


def told(office: Office) -> dict[str, list[str]]:
    """Kinds of the unread notifications, by address."""
    with office.app.app_context():
        return {
            email: [one.kind for one in notifications.unread(user(email))]
            for email in (ADMIN, OWNER, COLLEAGUE)
        }


def send(office: Office, mailbox: Mailbox) -> int:
    """What the worker does every two seconds, with a mail server."""
    runtime: Runtime = office.app.extensions["quotewright"]
    before = len(mailbox.received)
    settings = replace(runtime.config, smtp_url=mailbox.url, mail_from="desk@quotes.example")
    with office.app.app_context():
        with_mail = replace(runtime, config=settings)
        mails = db.session.scalars(db.select(Delivery.id).filter_by(reader="mail", state="waiting")).all()
        for delivery_id in mails:
            attempt.perform(with_mail, delivery_id)
    return len(mailbox.received) - before


@pytest.mark.both_databases
def test_the_rep_and_the_admins_are_told_until_it_goes_well(
    office: Office, owner: Visitor, failed: tuple[int, int]
) -> None:
    quote_id, company_id = failed
    assert told(office) == {ADMIN: ["failed"], OWNER: ["failed"], COLLEAGUE: []}
    mend_company(office, company_id)
    owner.send(owner.form(f"/activity/quotes/{quote_id}", "/push"))
    assert office.process(quote_id) == "synced"
    assert told(office) == {ADMIN: [], OWNER: [], COLLEAGUE: []}


def test_a_question_is_told_as_one(office: Office) -> None:
    like = office.tenant.query("Companies")[0]
    row = {name: like[name] for name in ("companyType", "ownerResourceID", "isActive")}
    office.tenant.seed(Companies=[{**row, "companyName": "Twins"}] * 2)
    quote_id = office.quote(company="Twins")
    assert office.process(quote_id) == "needs_you"
    assert told(office) == {ADMIN: ["needs_you"], OWNER: ["needs_you"], COLLEAGUE: []}


def test_failing_again_tells_nobody_twice(office: Office, owner: Visitor, failed: tuple[int, int]) -> None:
    quote_id, _ = failed
    owner.send(owner.form(f"/activity/quotes/{quote_id}", "/push"))
    assert office.process(quote_id) == "failed"
    assert told(office) == {ADMIN: ["failed"], OWNER: ["failed"], COLLEAGUE: []}


def test_a_former_admin_is_not_told(office: Office) -> None:
    with office.app.app_context():
        user(COLLEAGUE).role = "admin"
        user(COLLEAGUE).is_active = False
        db.session.commit()
    seed_broken_company(office, COMPANY)
    office.process(office.quote(company=COMPANY))
    assert told(office)[COLLEAGUE] == []


def test_a_quote_that_may_no_longer_be_seen_is_not_named(
    office: Office, owner: Visitor, mailbox: Mailbox, failed: tuple[int, int]
) -> None:
    with office.app.app_context():
        changing_rules.save(None, {"reps_see": "own", "reps_change": "own"})
        editing.get(failed[0]).owner = user(COLLEAGUE)
        db.session.commit()
        assert notifications.count(user(OWNER)) == 0
        assert notifications.count(user(ADMIN)) == 1
    assert told(office) == {ADMIN: ["failed"], OWNER: [], COLLEAGUE: []}
    assert "Racks" not in text(owner.client.get("/activity/attention"))
    assert "No alerts" in text(owner.client.get("/"))
    assert send(office, mailbox) == 1
    assert [str(mail["To"]) for mail in mailbox.received] == [ADMIN]


def test_the_bell_counts_and_the_home_page_lists(
    office: Office, owner: Visitor, colleague: Visitor, failed: tuple[int, int]
) -> None:
    quote_id, _ = failed
    page = owner.client.get("/")
    assert "1 alert" in text(page)
    assert 'hx-get="/activity/attention"' in page.text
    listed = owner.client.get("/activity/attention", headers=HTMX)
    assert "Racks & rails" in text(listed)
    assert f'href="/quotes/{quote_id}"' in listed.text
    assert "<html" not in listed.text
    assert "<html" in owner.client.get("/activity/attention").text
    assert "No alerts" in text(colleague.client.get("/"))
    assert "Racks" not in text(colleague.client.get("/activity/attention"))


def test_one_is_put_aside_by_the_person_it_was_told_to_alone(
    office: Office, owner: Visitor, colleague: Visitor, failed: tuple[int, int]
) -> None:
    form = owner.form("/activity/attention", "/aside")
    token = dict(colleague.form("/quotes/new", "/logout").fields)["csrf_token"]
    stranger = colleague.client.post(form.action, data={**dict(form.fields), "csrf_token": token})
    assert stranger.status_code == 303
    assert told(office)[OWNER] == ["failed"]
    assert owner.send(form, htmx=True).status_code == 200
    assert told(office) == {ADMIN: ["failed"], OWNER: [], COLLEAGUE: []}


@pytest.mark.parametrize("number", ["", "x", "0", "-1", "99999999999999999999"])
def test_what_is_no_id_puts_nothing_aside(
    office: Office, owner: Visitor, failed: tuple[int, int], number: str
) -> None:
    form = owner.form("/activity/attention", "/aside")
    answer = owner.client.post(form.action, data={**dict(form.fields), "notification_id": number})
    assert answer.status_code == 404
    assert told(office)[OWNER] == ["failed"]


@pytest.mark.both_databases
def test_a_mail_goes_to_each_of_them_once(office: Office, mailbox: Mailbox, failed: tuple[int, int]) -> None:
    assert send(office, mailbox) == 2
    assert send(office, mailbox) == 0
    assert sorted(str(mail["To"]) for mail in mailbox.received) == [OWNER, ADMIN]
    mail = mailbox.received[0]
    assert mail["From"] == "desk@quotes.example"
    assert "Racks & rails" in mail["Subject"]
    said = words(mail)
    assert "Autotask refused" in said
    assert f"/activity/quotes/{failed[0]}" in said


def test_a_title_cannot_add_lines_to_the_head_of_a_mail(office: Office, mailbox: Mailbox) -> None:
    seed_broken_company(office, COMPANY)
    quote_id = office.quote(company=COMPANY, title="Rack\r\nBcc: thief@evil.example")
    office.process(quote_id)
    assert send(office, mailbox) == 2
    assert all(mail["Bcc"] is None for mail in mailbox.received)


def test_a_mail_that_was_refused_is_tried_again_later_and_not_for_ever(
    office: Office, mailbox: Mailbox, failed: tuple[int, int]
) -> None:
    mailbox.refuses = True
    assert send(office, mailbox) == 0
    assert send(office, mailbox) == 0, "not at once again"
    with office.app.app_context():
        rows = mails()
        assert {(row.state, row.attempt) for row in rows} == {("waiting", 1)}
        assert all(row.not_before > utc_now() for row in rows)
        for row in rows:
            row.not_before, row.attempt = utc_now(), notifications.MAIL_TRIES - 1
        db.session.commit()
    send(office, mailbox)
    with office.app.app_context():
        assert {row.state for row in mails()} == {"parked"}
        assert "refused the mail" in mails()[0].outcome
    assert mailbox.received == []


def mails() -> list[Delivery]:
    return list(db.session.scalars(db.select(Delivery).filter_by(reader="mail")))


def test_old_news_and_what_was_read_is_not_mailed(
    office: Office, owner: Visitor, mailbox: Mailbox, failed: tuple[int, int]
) -> None:
    owner.send(owner.form("/activity/attention", "/aside"))
    with office.app.app_context():
        db.session.execute(db.update(Notification).values(created_at=utc_now() - timedelta(days=2)))
        db.session.commit()
    assert send(office, mailbox) == 0


def test_without_a_mail_server_nothing_is_sent(office: Office, failed: tuple[int, int]) -> None:
    with office.app.app_context():
        for row in mails():
            attempt.perform(office.app.extensions["quotewright"], row.id)
        assert {row.state for row in mails()} == {"superseded"}
        assert "No mail server is set up" in mails()[0].outcome
