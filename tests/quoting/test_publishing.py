"""Publishing freezes the draft, assigns numbers, and writes the delivery in the same transaction."""

from __future__ import annotations

import json
import threading
from datetime import date

import pytest
from flask import Flask

from tests.support import samples
from webapp.models import Counter, Delivery, Quote, Revision, User, db
from webapp.services.catalog import tax_codes
from webapp.services.company import app_settings
from webapp.services.core.errors import Invalid
from webapp.services.diary import reading
from webapp.services.quoting.draft import editing, lines
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.revisions import freezing, numbering, pricing, snapshot

pytestmark = pytest.mark.both_databases


def leave_out_customer(quote: Quote) -> None:
    quote.person = quote.organization = None


def test_a_revision_and_its_delivery_are_written_together(rep: User) -> None:
    quote = samples.quote(rep)
    assert quote.number is None
    published = publishing.publish(rep, quote.id)
    assert published.is_new
    assert quote.number == numbering.FIRST_NUMBER
    entry = db.session.scalars(db.select(Delivery)).one()
    assert (entry.quote_id, entry.revision_id, entry.reason) == (quote.id, published.revision.id, "published")
    frozen = snapshot.parse(published.revision.content)
    assert published.revision.content_sha256 == snapshot.sha256(published.revision.content)
    assert frozen.lines[0].name == "Firewall"
    assert frozen.organization is not None


def test_nothing_new_makes_no_revision(rep: User) -> None:
    quote = samples.quote(rep)
    first = publishing.publish(rep, quote.id)
    again = publishing.publish(rep, quote.id)
    assert not again.is_new
    assert again.revision.id == first.revision.id
    assert len(db.session.scalars(db.select(Delivery)).all()) == 1


def test_a_change_makes_the_next_revision_of_the_same_number(rep: User) -> None:
    quote = samples.quote(rep)
    first = publishing.publish(rep, quote.id).revision
    content = first.content
    lines.add_ad_hoc(rep, quote.id, {"name": "Rack", "unit_price": "20"})
    second = publishing.publish(rep, quote.id)
    assert (second.is_new, second.revision.number, quote.number) == (True, 2, numbering.FIRST_NUMBER)
    assert db.session.get(Revision, first.id).content == content  # type: ignore[union-attr]


def test_a_frozen_revision_does_not_follow_the_catalogue_or_the_customer(rep: User) -> None:
    code = samples.tax_code(rep)
    quote = samples.quote(rep, {"name": "Firewall", "unit_price": "100", "tax_code_id": code.id})
    revision = publishing.publish(rep, quote.id).revision
    tax_codes.save(rep, code, {"name": "Sales tax", "rate": "9", "is_active": "1"})
    assert str(snapshot.parse(revision.content).lines[0].tax_rate) == "8.2500"
    assert freezing.has_changes(quote, revision)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda quote: setattr(quote, "lines", []), "at least one line"),
        (leave_out_customer, "Choose a customer"),
        (lambda quote: setattr(quote.lines[0], "is_optional", True), "Every line is optional"),
        (lambda quote: setattr(quote, "expires_on", date(2020, 1, 1)), "expiration date has passed"),
        (lambda quote: setattr(quote.person, "email", ""), "Email is missing"),
    ],
    ids=["no lines", "no customer", "all optional", "expired", "required field"],
)
def test_what_is_missing_is_said_and_nothing_is_stored(rep: User, spoil: object, sentence: str) -> None:
    quote = samples.quote(rep)
    spoil(quote)  # type: ignore[operator]
    db.session.commit()
    with pytest.raises(Invalid, match=sentence):
        publishing.publish(rep, quote.id)
    db.session.rollback()
    assert editing.get(quote.id).number is None
    assert db.session.scalar(db.select(db.func.count()).select_from(Delivery)) == 0
    assert db.session.scalar(db.select(db.func.count()).select_from(Revision)) == 0


def test_an_inactive_tax_code_stops_publishing_and_names_the_line(rep: User) -> None:
    code = samples.tax_code(rep)
    quote = samples.quote(rep, {"name": "Firewall", "tax_code_id": code.id})
    tax_codes.save(rep, code, {"name": "Sales tax", "rate": "8.25"})
    with pytest.raises(Invalid, match="Line 1 “Firewall”: the tax code “Sales tax” is inactive"):
        publishing.publish(rep, quote.id)


def test_required_fields_come_from_the_settings(rep: User) -> None:
    quote = samples.quote(rep, customer=samples.person(rep, organization="", phone=""))
    app_settings.put(app_settings.REQUIRED_FIELDS, {"fields": ["organization", "phone"]}, 0, rep)
    with pytest.raises(Invalid) as caught:
        publishing.publish(rep, quote.id)
    assert "Organization is missing" in str(caught.value)
    assert "Phone" in str(caught.value)


def test_two_publishings_at_once_get_two_numbers(app: Flask, rep: User) -> None:
    ids = [
        samples.quote(rep, customer=samples.person(rep, email=f"{n}@customer.example")).id for n in range(6)
    ]
    rep_id = rep.id
    db.session.commit()
    failures: list[BaseException] = []
    ready = threading.Barrier(len(ids))

    def publish(quote_id: int) -> None:
        with app.app_context():
            try:
                ready.wait()
                publishing.publish(db.session.get_one(User, rep_id), quote_id)
            except BaseException as error:  # noqa: BLE001  shown by the assertion below
                failures.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=publish, args=(quote_id,)) for quote_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    numbers = sorted(db.session.scalars(db.select(Quote.number)))
    assert numbers == list(range(numbering.FIRST_NUMBER, numbering.FIRST_NUMBER + len(ids)))
    assert db.session.scalar(db.select(Counter.value)) == numbers[-1]


def test_discarding_brings_back_what_the_customer_sees(rep: User) -> None:
    quote = samples.quote(rep, {"name": "One"}, {"name": "Two"})
    revision = publishing.publish(rep, quote.id).revision
    lines.remove(rep, quote.id, quote.lines[0].uid)
    lines.add_ad_hoc(rep, quote.id, {"name": "Three"})
    assert freezing.has_changes(editing.get(quote.id), revision)
    editing.discard_changes(rep, quote.id)
    restored = editing.get(quote.id)
    assert [line.name for line in restored.lines] == ["One", "Two"]
    assert not freezing.has_changes(restored, revision)


def test_a_revision_of_an_earlier_version_without_a_field_has_no_changes(rep: User) -> None:
    quote = samples.quote(rep)
    revision = publishing.publish(rep, quote.id).revision
    content = json.loads(revision.content)
    del content["lines"][0]["supplier"], content["purchase_order_number"]
    revision.content = json.dumps(content)
    db.session.commit()
    assert not freezing.has_changes(quote, revision)
    assert not publishing.publish(rep, quote.id).is_new


def on_screen(rep: User, quote: Quote) -> publishing.Screen:
    newest = reading.history(rep, "quote", quote.id, limit=1)[0].id
    return publishing.Screen(newest, pricing.digest(pricing.of_quote(quote)))


def test_totals_that_are_not_on_the_screen_are_not_published(rep: User) -> None:
    code = samples.tax_code(rep, "VAT", "10")
    quote = samples.quote(rep, {"name": "Rack", "unit_price": "100", "tax_code_id": str(code.id)})
    seen = on_screen(rep, quote)
    tax_codes.save(rep, code, {"name": "VAT", "rate": "20", "is_active": "1"})
    with pytest.raises(publishing.Unseen, match="The totals aren't the ones on your screen"):
        publishing.publish(rep, quote.id, seen)
    assert editing.get(quote.id).number is None


def test_what_others_changed_is_listed_before_publishing(rep: User) -> None:
    quote = samples.quote(rep)
    seen = on_screen(rep, quote)
    admin = samples.admin()
    editing.save_header(admin, quote.id, {"title": "Another title"})
    with pytest.raises(publishing.Unseen, match="Ada Admin changed this quote") as caught:
        publishing.publish(rep, quote.id, seen)
    assert [change.field for entry in caught.value.entries for change in entry.changes][:1] == ["title"]
    again = on_screen(rep, quote)
    assert publishing.publish(rep, quote.id, again).is_new
