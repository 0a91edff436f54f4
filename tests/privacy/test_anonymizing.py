"""A person who is made anonymous is nowhere, but in what they signed; and no sync brings them back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from smoke.forms import read_forms
from tests.privacy import searching
from tests.support import samples
from tests.support.connected_desk import Desk
from tests.support.visitor import Visitor, text
from tests.web.conftest import Ids
from webapp.models import (
    Acceptance,
    AcceptanceDocument,
    DiaryEntry,
    Link,
    Person,
    Quote,
    QuoteEvent,
    Revision,
    RevisionDocument,
    User,
    db,
)
from webapp.models.quote import LOST, ORDERED
from webapp.services.accounts import sessions, users
from webapp.services.accounts.sessions import Device
from webapp.services.autotask.desk import pull
from webapp.services.core import work
from webapp.services.core.errors import Forbidden, Invalid
from webapp.services.diary import chain, diary
from webapp.services.people import directory
from webapp.services.privacy import anonymizing, exporting
from webapp.services.quoting.answer import acceptance, viewing
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.draft import editing, readiness
from webapp.services.quoting.evidence import chain as events
from webapp.services.quoting.evidence import visits
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions import snapshot

CANARY = {
    "first_name": "Zebulón",
    "last_name": "Quandaryx",
    "email": "zeb.q@canary.example",
    "title": "Chief Canary",
    "phone": "+1 212 555 0199",
    "mobile": "+1 917 555 0144",
}
# What was signed, what people wrote on quotes, and what was synced from that.
KEPT = {
    *("acceptance.name", "acceptance.signature", "acceptance.email", "acceptance.ip_address"),
    *("acceptance.user_agent", "revision.content", "revision_document.pdf", "acceptance_document.pdf"),
    *("quote.title", "quote.name_key", "quote.search_key", "quote.comments", "quote.lost_reason"),
    *("quote_event.name", "quote_event.address", "quote_event.agent", "quote_event.detail"),
    "link.pushed",
}
# Gone from everywhere else.
TRACES = (
    *(
        "zebulon quandaryx",
        "Zebulón Quandaryx",
        "Zebulón Oldname",
        "@canary.example",
        "5550199",
        "555 0199",
        "5550144",
        "555 0144",
    ),
    *("192.0.2.77", "192.0.2.78", "CanaryPhone"),
)


def contact(desk: Desk) -> Person:
    """Someone who had another name and address before."""
    known: dict[str, Any] = {**CANARY, "organization": "Pseudonym Ltd", "organization_phone": "+1 555 0100"}
    person = directory.save_person(
        desk.rep, None, {**known, "last_name": "Oldname", "email": "old@canary.example"}
    )
    return directory.save_person(desk.rep, person, {**known, "seen": directory.seen_person(person)})


def offer(desk: Desk, person: Person, title: str) -> Quote:
    """A published quote that was pushed and looked at."""
    quote = samples.quote(desk.rep, customer=person)
    editing.save_header(desk.rep, quote.id, {"title": title, "comments": "Dear Zebulón, call 555 0100."})
    desk.push(quote)
    with diary.origin("browser", "192.0.2.78"):
        viewing.note_viewed(quote)
    db.session.commit()
    return quote


def accept(quote: Quote) -> None:
    revision = quote.current_revision
    assert revision
    name = "Zebulón Quandaryx"
    values = {"name": name, "signature": name, "email": CANARY["email"], "title": "Buyer", "terms": "1"}
    values |= samples.shown(revision)
    with diary.origin("browser", "192.0.2.77"):
        acceptance.accept(quote.public_token, values, [], Evidence("192.0.2.77", "CanaryPhone/7"))


@pytest.mark.both_databases
def test_nothing_is_left_but_what_was_signed(desk: Desk) -> None:
    person = contact(desk)
    lost, won = offer(desk, person, "Racks for Zebulón Quandaryx"), offer(desk, person, "Quandaryx’s office")
    draft = samples.quote(desk.rep, customer=person)
    accept(won)
    desk.process(won)
    with pytest.raises(Invalid, match=f"quote {lost.number} can still be accepted"):
        anonymizing.person(desk.rep, person.id)
    transitions.advance(desk.rep, lost.id, LOST, reason="Zebulón said no")
    desk.process(lost)
    for quote in (lost, won):
        assert quote.current_revision
        document.pdf_for(quote.current_revision.id)
    document.newest_pdf(won, desk.runtime)
    signed = db.session.scalars(db.select(Acceptance)).one()
    before = (signed.name, signed.ip_address, signed.user_agent, signed.content_sha256)
    pdf = db.session.scalars(db.select(AcceptanceDocument.sha256)).one()
    person_id, rep_id, won_id, draft_id, number = person.id, desk.rep.id, won.id, draft.id, won.number
    contact_before = won.autotask_contact_id
    contacts, noted = desk.tenant.query("Contacts"), chain.check().head

    anonymizing.person(db.session.get_one(User, rep_id), person_id)

    places = searching.found(TRACES)
    revision = db.session.get_one(Revision, db.session.scalars(db.select(Acceptance.revision_id)).one())
    assert set(places) <= KEPT, places
    for stored in db.session.scalars(db.select(Revision).filter(Revision.id != revision.id)):
        frozen = snapshot.parse(stored.content)
        assert frozen.person is not None
        assert (frozen.person.last_name, frozen.person.email) == (str(person_id), "")
        assert "canary" not in stored.content.casefold()
        assert frozen.title == "Racks for Zebulón Quandaryx"
    assert editing.get(won_id).title == "Quandaryx’s office"
    assert editing.get(won_id).autotask_contact_id == contact_before
    assert list(db.session.scalars(db.select(RevisionDocument.revision_id))) == [revision.id]
    assert "Quandaryx" in revision.content
    assert snapshot.sha256(revision.content) == revision.content_sha256
    signed = db.session.scalars(db.select(Acceptance)).one()
    assert before == (signed.name, signed.ip_address, signed.user_agent, signed.content_sha256)
    assert pdf == db.session.scalars(db.select(AcceptanceDocument.sha256)).one()
    assert chain.check(noted).sentence == ""
    for stored in db.session.scalars(db.select(Revision)):
        assert snapshot.sha256(stored.content) == snapshot.sha256(snapshot.parse(stored.content).canonical())
        assert stored.content_sha256 == snapshot.sha256(stored.content)
    assert db.session.get_one(Person, person_id).full_name == f"Anonymous {person_id}"
    assert directory.search_people("anonymous")
    assert directory.search_people("quandaryx") == []
    problems = [one.sentence for one in readiness.problems(editing.get(draft_id))]
    assert "The contact was made anonymous. Choose another customer." in problems
    entry = db.session.scalars(db.select(DiaryEntry).filter_by(action="person.anonymized")).one()
    assert entry.detail == {"signed_quotes": [number]}

    # A later sync of what was signed neither writes the contact nor takes it off the quote.
    had = {row["id"]: row["contactID"] for row in desk.tenant.query("Quotes")}
    rep = db.session.get_one(User, rep_id)
    transitions.advance(rep, won_id, ORDERED)
    assert desk.process(editing.get(won_id)).state == "synced"
    assert desk.tenant.query("Contacts") == contacts
    assert {row["id"]: row["contactID"] for row in desk.tenant.query("Quotes")} == had
    # Its title and message are a part of the contract, and are synced as they are.
    again = searching.found(trace for trace in TRACES if trace not in ("Zebulón Quandaryx",))
    assert set(again) <= KEPT


def test_a_contact_that_is_pulled_again_is_someone_new(desk: Desk) -> None:
    person = contact(desk)
    quote = offer(desk, person, "Racks")
    transitions.advance(desk.rep, quote.id, LOST, reason="no")
    link = db.session.scalars(db.select(Link).filter_by(local_type="person")).one()
    number = link.remote_id
    anonymizing.person(desk.rep, person.id)
    again = pull.contact(desk.runtime, db.session.get_one(User, desk.rep.id), number)
    assert again.id != person.id
    assert again.last_name == "Quandaryx"


def test_what_others_have_too_stays_with_them(app: Flask) -> None:
    with app.app_context():
        admin, rep = samples.admin(), samples.rep()
        first = samples.person(rep, first_name="John", last_name="Smith", email="office@shared.example")
        other = samples.person(
            rep,
            first_name="John",
            last_name="Smith",
            email="office@shared.example",
            shares_email="1",
            organization="Other Ltd",
        )
        quote = samples.quote(rep, customer=other)
        publishing.publish(rep, quote.id)
        content = quote.current_revision.content if quote.current_revision else ""
        anonymizing.person(admin, first.id)
        kept = db.session.get_one(Person, other.id)
        assert (kept.full_name, kept.email) == ("John Smith", "office@shared.example")
        assert directory.search_people("smith") == [kept]
        quote = editing.get(quote.id)
        assert quote.current_revision
        assert quote.current_revision.content == content


def test_twice_or_changed_afterwards_is_refused(app: Flask) -> None:
    with app.app_context():
        admin, rep = samples.admin(), samples.rep()
        person = samples.person(rep)
        anonymizing.person(admin, person.id)
        person, rep = db.session.get_one(Person, person.id), db.session.get_one(User, rep.id)
        with pytest.raises(Invalid, match="already"):
            anonymizing.person(admin, person.id)
        with pytest.raises(Invalid, match="Add a new person instead"):
            directory.save_person(rep, person, {"first_name": "Ann", "last_name": "Lee"})


@pytest.mark.both_databases
def test_a_user_who_left_is_nowhere_but_on_what_was_signed(app: Flask) -> None:
    with app.app_context():
        admin = samples.admin()
        leaver = users.create_user(
            None,
            email="zeb.q@canary.example",
            name="Zebulon Quandaryx",
            password=samples.PASSWORD,
            role="rep",
        )
        with diary.origin("browser", "192.0.2.77"):
            sessions.sign_in(leaver.email, samples.PASSWORD, Device("192.0.2.77", "CanaryPhone/7"))
            person = samples.person(leaver)
            open_one, won = (samples.quote(leaver, customer=person) for _ in range(2))
            publishing.publish(leaver, open_one.id)
            publishing.publish(leaver, won.id)
        acceptance.record_for_customer(leaver, won.id, {"name": "Ann Lee"})
        with work.unit(), diary.origin("browser", "192.0.2.78"):
            named = {"oid": "canary-oid"}
            diary.write(leaver, "user.single_sign_on_linked", "user", leaver.id, named=named)
            diary.write(None, "user.second_step_failed", "user", leaver.id)
        with pytest.raises(Invalid, match="Turn it off first"):
            anonymizing.user(admin, leaver.id)
        users.update_user(
            admin, leaver, name=leaver.name, role="rep", is_active=False, successor_id=samples.rep().id
        )
        admin_id, leaver_id = admin.id, leaver.id
        signed_id = db.session.scalars(db.select(Acceptance.revision_id)).one()
        number, won_id = open_one.number, won.id
        with pytest.raises(Invalid, match=f"quote {number} can still be accepted, and the customer sees"):
            anonymizing.user(admin, leaver_id)
        db.session.rollback()
        transitions.advance(samples.admin("other@desk.example"), open_one.id, LOST, reason="no")
        noted = chain.check().head
        anonymizing.user(db.session.get_one(User, admin_id), leaver_id)
        db.session.commit()
        places = searching.found(TRACES)
        assert [row.partition(":")[0] for row in places.pop("revision.content")] == [str(signed_id)]
        evidence = {
            str(one.id) for one in db.session.scalars(db.select(QuoteEvent).filter_by(quote_id=won_id))
        }
        assert {name.partition(".")[0] for name in places} == {"quote_event"}, places
        assert {row.partition(":")[0] for rows in places.values() for row in rows} <= evidence
        assert chain.check(noted).sentence == ""
        gone = db.session.get_one(User, leaver_id)
        assert gone.name == f"Former user {leaver_id}"
        with pytest.raises(Invalid, match="Invite the person again"):
            users.update_user(db.session.get_one(User, admin_id), gone, name="x", role="rep", is_active=True)


def test_an_owner_is_made_anonymous_by_an_owner_alone(app: Flask) -> None:
    with app.app_context():
        owner = users.create_user(
            None, email="owner@desk.example", name="O", password=samples.PASSWORD, role="owner"
        )
        owner.is_active = False
        db.session.commit()
        with pytest.raises(Forbidden):
            anonymizing.user(samples.admin(), owner.id)


def test_the_page_asks_and_says_what_is_kept(app: Flask, ids: Ids, admin: Visitor, rep: Visitor) -> None:
    page = f"/people/{ids.person}"
    assert "Anonymize" not in rep.client.get(page).text
    form = admin.form(page, "/anonymize")
    assert rep.client.post(form.action).status_code in (400, 403)
    asked = admin.send(form)
    assert "Make Ann Lee anonymous?" in text(asked)
    assert "no sync will write it again" in text(asked)
    sure = next(one for one in read_forms(asked.text) if "sure" in one.names())
    assert admin.send(sure).status_code == 303
    after = text(admin.client.get(page))
    assert f"Anonymous {ids.person}" in after
    assert "Ann Lee" not in after
    assert "Already anonymized." in after
    assert "New quote for" not in after
    assert "Save" not in after


def test_the_page_of_an_account_says_what_comes_first(app: Flask, ids: Ids, admin: Visitor) -> None:
    page = "/settings/users/2"
    assert "Turn the account off first." in text(admin.client.get(page))
    with app.app_context():
        db.session.get_one(User, 2).is_active = False
        db.session.commit()
    assert "Turn the account off first." not in text(admin.client.get(page))
    with app.app_context():
        anonymizing.user(samples.admin("other@desk.example"), 2)
    after = text(admin.client.get(page))
    assert "Already anonymized." in after
    assert "Turn the account off first." not in after
    assert "Save" not in after


def test_the_file_has_everything(app: Flask, ids: Ids, admin: Visitor) -> None:
    answer = admin.send(admin.form(f"/people/{ids.person}", "/export"))
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="person-{ids.person}.json"'
    content = answer.get_json()
    assert content["contact"]["email"] == "ann@customer.example"
    assert content["organization"]["name"] == "Customer Ltd"
    assert [quote["id"] for quote in content["quotes"]] == [ids.quote]
    assert any(entry["action"] == "person.created" for entry in content["audit_trail"])
    user = admin.send(admin.form("/settings/users/2", "/export"))
    content = user.get_json()
    assert content["account"]["email"] == "rep@desk.example"
    assert "password_hash" not in content["account"]
    assert any(entry["action"] == "quote.created" for entry in content["audit_trail"])


def test_a_former_user_is_taken_out_of_the_events_of_other_peoples_quotes(desk: Desk) -> None:
    boss, left = samples.admin(), samples.rep("left@canary.example")
    others = samples.published(desk.rep).quote
    signed = samples.quote(desk.rep, customer=others.person)
    publishing.publish(desk.rep, signed.id)
    for quote in (others, signed):
        visits.note(quote, visits.VIEWED, visits.Visitor("192.0.2.2", "Browser/1", "desk", user=left))
    assert json.loads(exporting.user(boss, left))["events"][0]["kind"] == "viewed"
    accept(signed)
    left.is_active = False
    db.session.commit()
    anonymizing.user(boss, left.id)
    assert [one.name for one in events.of_quote(others.id)][1:] == [f"Former user {left.id}"]
    assert [one.name for one in events.of_quote(signed.id)][1] == "left@canary.example"
    assert (events.fault(others.id), events.fault(signed.id)) == ("", "")
