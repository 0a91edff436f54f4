"""Several brands: which one a quote has, and what its revisions keep of it."""

from __future__ import annotations

import pytest

from tests.quoting.test_document import read
from tests.support import samples
from webapp.models import CompanyBrand, DiaryEntry, Quote, User, db
from webapp.services.company.brand import brand as brands
from webapp.services.company.brand import kept
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.delivery import branded
from webapp.services.diary import words
from webapp.services.quoting.draft import copying, editing, lines, shown, steps, undo
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions import freezing, snapshot

ORANGE = "#F26A1B"

pytestmark = pytest.mark.both_databases


def added(actor: User, name: str = "Harbor Hardware", **values: str) -> CompanyBrand:
    return kept.add(actor, {**kept.of_a_new_one(), "name": name, "color": ORANGE, **values})


def choose(actor: User, quote: Quote, brand: CompanyBrand | None) -> Quote:
    sent = {**shown.header(quote), "brand": str(brand.id) if brand else ""}
    return editing.save_header(actor, quote.id, sent)


def test_a_quote_has_the_brand_that_the_rep_chose_on_page_paper_and_mail(rep: User) -> None:
    hardware = added(rep, seller_name="Harbor Hardware Inc.", phone="+1 555 0199", address="1 Pier\nAlbany")
    quote = choose(rep, samples.quote(rep), hardware)
    revision = publishing.publish(rep, quote.id).revision
    frozen = snapshot.parse(revision.content)
    assert (frozen.brand_id, frozen.brand.color, frozen.seller.name) == (
        hardware.id,
        ORANGE,
        "Harbor Hardware Inc.",
    )
    assert frozen.seller.website == ""
    page = " ".join(" ".join(read(document.pdf_for(revision.id))).split())
    assert "Harbor Hardware Inc." in page
    assert "Brightwater" not in page
    sender = branded.of_offer(frozen)
    assert (sender.name, sender.brand.color) == ("Harbor Hardware Inc.", ORANGE)
    assert "1 Pier, Albany, +1 555 0199" in sender.from_whom
    draft = editing.create(rep, person=quote.person)
    lines.add_ad_hoc(rep, draft.id, {"name": "Rack", "unit_price": "100"})
    plain = snapshot.parse(publishing.publish(rep, draft.id).revision.content)
    assert (plain.brand_id, plain.brand.color, plain.seller.name) == (
        None,
        brands.DEFAULT_COLOR,
        "Brightwater IT",
    )


def test_another_choice_is_a_change_of_the_offer_that_can_be_undone_and_discarded(rep: User) -> None:
    hardware = added(rep)
    revision = samples.published(rep)
    quote = revision.quote
    with steps.of_session("tab"):
        choose(rep, quote, hardware)
        assert freezing.has_changes(quote, revision)
        entry = db.session.scalars(db.select(DiaryEntry).order_by(DiaryEntry.id.desc()).limit(1)).one()
        change = words.changes(entry.changes)[0]
        assert (change.field, change.before, change.after) == ("brand", "nothing", "Harbor Hardware")
        undo.undo(rep, quote.id)
        assert quote.brand_id is None
        undo.redo(rep, quote.id)
    assert quote.brand_id == hardware.id
    editing.discard_changes(rep, quote.id)
    assert quote.brand_id is None
    assert not freezing.has_changes(quote, revision)


def test_a_copy_has_the_brand_of_its_original(rep: User) -> None:
    hardware = added(rep)
    quote = choose(rep, samples.quote(rep), hardware)
    assert copying.copy(rep, quote.id).brand_id == hardware.id


def test_a_form_without_the_field_leaves_the_brand_alone(rep: User) -> None:
    hardware = added(rep)
    quote = choose(rep, samples.quote(rep), hardware)
    sent = {name: value for name, value in shown.header(quote).items() if name != "brand"}
    editing.save_header(rep, quote.id, {**sent, "title": "Other"})
    assert (quote.brand_id, quote.title) == (hardware.id, "Other")


@pytest.mark.parametrize("sent", ["99", "x", "-1", str(2**70)])
def test_a_brand_that_is_none_is_refused(rep: User, sent: str) -> None:
    quote = samples.quote(rep)
    with pytest.raises(Invalid) as refused:
        editing.save_header(rep, quote.id, {**shown.header(quote), "brand": sent})
    assert "Choose another one" in refused.value.fields["brand"]


def test_a_brand_can_go_when_no_open_quote_has_it(rep: User) -> None:
    hardware = added(rep)
    revision = publishing.publish(rep, choose(rep, samples.quote(rep), hardware).id).revision
    quote = revision.quote
    with pytest.raises(Invalid, match=f"still open use it: {quote.number}"):
        kept.delete(rep, hardware.id)
    # Whoever discards this choice has the published brand again.
    choose(rep, quote, None)
    with pytest.raises(Invalid, match=f"still open use it: {quote.number}"):
        kept.delete(rep, hardware.id)
    editing.discard_changes(rep, quote.id)
    transitions.advance(rep, quote.id, "lost", reason="Price")
    stood = quote.updated_at
    kept.delete(rep, hardware.id)
    db.session.expire_all()
    assert (quote.brand_id, quote.updated_at) == (None, stood)
    assert snapshot.parse(revision.content).brand.color == ORANGE
    assert ORANGE not in {one.color for one in kept.everything()}
    # The id of a deleted brand, which revisions name, is never that of another one.
    assert added(rep, "Later").id > (snapshot.parse(revision.content).brand_id or 0)


def test_the_default_is_one_and_stays(rep: User) -> None:
    hardware = added(rep)
    first = brands.default()
    assert first is not None
    assert first.name == "Brightwater IT"
    with pytest.raises(Invalid, match="it's the default"):
        kept.delete(rep, first.id)
    kept.make_default(rep, hardware.id)
    assert [one.is_default for one in kept.everything()] == [True, False]
    assert brands.of_company().color == ORANGE
    assert snapshot.parse(samples.published(rep).content).brand.color == ORANGE
    kept.delete(rep, first.id)
    assert [one.name for one in kept.everything()] == ["Harbor Hardware"]


def test_a_name_is_needed_and_taken_once(rep: User) -> None:
    added(rep)
    for name, sentence in (("", "Enter a name"), ("harbor  HARDWARE", "already exists")):
        with pytest.raises(Invalid) as refused:
            added(rep, name)
        assert sentence in refused.value.fields["name"]
    assert len(kept.everything()) == 2


def test_two_admins_who_change_one_field_are_asked(rep: User) -> None:
    hardware = added(rep)
    opened = kept.shown(hardware)
    sent = {**opened, "seen": kept.seen(opened)}
    kept.save(rep, hardware, {**sent, "tax_id": "NY 1"})
    with pytest.raises(Conflict):
        kept.save(rep, hardware, {**sent, "tax_id": "NY 2"})
    kept.save(rep, hardware, {**sent, "phone": "+1 555 0177"})
    assert (hardware.tax_id, hardware.phone) == ("NY 1", "+1 555 0177")
