"""Signing: typed or drawn, with what was agreed to; the chain of events; and nothing signed changes later."""

from __future__ import annotations

import base64
import hashlib
from io import BytesIO

import pytest
from PIL import Image, ImageDraw
from sqlalchemy.exc import DatabaseError

from tests.quoting.test_answers import HERE, answer, published
from tests.support import samples
from webapp.models import Acceptance, AcceptanceDrawing, QuoteEvent, Revision, User, db
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.diary import diary
from webapp.services.quoting.answer import acceptance, comments, consent, sharing
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.evidence import chain, visits
from webapp.services.quoting.evidence.visits import Visitor
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.revisions import snapshot

pytestmark = pytest.mark.both_databases
PHONE = "Mozilla/5.0 (iPhone) Safari/19"


def picture(size: tuple[int, int] = (300, 120), *, ink: bool = True, kind: str = "PNG") -> bytes:
    """A signature as a browser draws it: dark strokes on nothing."""
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    if ink:
        ImageDraw.Draw(image).line(
            [(20, 100), (90, 20), (160, 100), (250, 30)], fill=(22, 25, 29, 255), width=3
        )
    out = BytesIO()
    (image if kind == "PNG" else image.convert("RGB")).save(out, kind)
    return out.getvalue()


def sent(png: bytes) -> str:
    """As the page sends it."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def drawn(revision: Revision, png: bytes) -> dict[str, str]:
    """A complete form with a drawn signature."""
    return answer(revision, how="drawn", drawing=sent(png), signature="")


def events(quote_id: int) -> list[tuple[str, str, str]]:
    """Kind, who and name of each event."""
    assert chain.fault(quote_id) == ""
    return [(one.kind, one.who, one.name) for one in chain.of_quote(quote_id)]


def test_a_typed_signature_keeps_what_was_agreed_to(rep: User) -> None:
    quote, revision = published(rep)
    values = answer(
        revision, title="Office Manager", email="ann@customer.example", purchase_order_number="PO-7"
    )
    here = Evidence("192.0.2.7", PHONE, "visit", "America/New_York")
    acceptance.accept(quote.public_token, values, [], here)
    record = db.session.scalars(db.select(Acceptance)).one()
    live = snapshot.parse(revision.content)
    assert record.consent == consent.sentence(live)
    assert "agree to sign electronically, and am authorized to sign for Customer Ltd" in record.consent
    assert record.consent_sha256 == hashlib.sha256(record.consent.encode()).hexdigest()
    assert record.terms_sha256 == hashlib.sha256(live.terms.encode()).hexdigest()
    assert record.consent_version == consent.VERSION
    assert (record.title, record.session, record.time_zone) == ("Office Manager", "visit", "America/New_York")
    assert (record.signature, record.drawing) == ("ann lee", None)
    signed = snapshot.parse(db.session.get_one(Revision, record.revision_id).content)
    assert (record.purchase_order_number, signed.purchase_order_number) == ("PO-7", "PO-7")
    assert quote.purchase_order_number == "PO-7"


def test_a_drawn_signature_is_encoded_again_and_cut_to_its_ink(rep: User) -> None:
    quote, revision = published(rep)
    png = picture()
    marked = png[:-12] + b"\x00\x00\x00\x09tEXta\x00secrets" + png[-12:]
    acceptance.accept(quote.public_token, drawn(revision, marked), [], HERE)
    kept = db.session.scalars(db.select(AcceptanceDrawing)).one()
    assert kept.sha256 == hashlib.sha256(kept.png).hexdigest()
    assert b"secrets" not in kept.png
    with Image.open(BytesIO(kept.png)) as image:
        assert (image.mode, image.format) == ("L", "PNG")
        assert (200 < image.width < 260, 70 < image.height < 110) == (True, True)
    assert db.session.scalars(db.select(Acceptance)).one().signature == ""


@pytest.mark.parametrize(
    ("drawing", "sentence"),
    [
        ("", "Draw your signature, or type"),
        (sent(picture(ink=False)), "Draw your signature, or type"),
        (sent(b"no picture"), "couldn't be read"),
        (sent(picture(kind="GIF")), "couldn't be read"),
        (sent(picture(kind="JPEG")), "couldn't be read"),
        (sent(picture(kind="WEBP")), "couldn't be read"),
        ("data:image/png;base64,é", "Your drawn signature couldn't be read"),
        ("data:image/png;base64,!!!", "couldn't be read"),
        ("https://elsewhere.example/signature.png", "couldn't be read"),
        (sent(b"x" * 200_000), "couldn't be read"),
    ],
)
def test_a_drawing_that_is_none_stores_nothing(rep: User, drawing: str, sentence: str) -> None:
    quote, revision = published(rep)
    with pytest.raises(Invalid) as caught:
        acceptance.accept(quote.public_token, answer(revision, how="drawn", drawing=drawing), [], HERE)
    assert sentence in caught.value.fields["drawing"]
    db.session.rollback()
    assert db.session.scalar(db.select(Acceptance.id)) is None


def test_another_sentence_than_the_one_on_the_screen_is_shown_first(rep: User) -> None:
    quote, revision = published(rep)
    with pytest.raises(Conflict, match="The sentence that you agree to changed"):
        acceptance.accept(quote.public_token, answer(revision, consent="0" * 64), [], HERE)
    without = {name: value for name, value in answer(revision).items() if name != "consent"}
    with pytest.raises(Conflict, match="The sentence that you agree to changed"):
        acceptance.accept(quote.public_token, without, [], HERE)


def test_the_chain_tells_what_happened_from_publishing_on_and_by_whom(rep: User) -> None:
    quote, revision = published(rep)
    with diary.origin("visit", "192.0.2.7", PHONE):
        told = [
            (visits.FETCHED, Visitor("192.0.2.1", "SafeLinks scanner", is_program=True)),
            (visits.VIEWED, Visitor("192.0.2.2", PHONE, "desk", user=rep)),
            (visits.VIEWED, Visitor("192.0.2.7", PHONE, "visit")),
            (visits.VIEWED, Visitor("192.0.2.7", PHONE, "visit")),
            (visits.VIEWED, Visitor("192.0.2.7", PHONE, "another visit")),
        ]
        for kind, who in told:
            visits.note(quote, kind, who)
        form = {"colleague": "Theo Lind", "writer": "Ann Lee"}
        share = sharing.share(quote.public_token, form).share
        visits.note(quote, visits.DOWNLOADED, Visitor("192.0.2.9", PHONE, "theo", share=share), "PDF")
        comments.write(
            share.token, {"text": "Is this all?", "revision": "1", "sha256": revision.content_sha256}
        )
        here = Evidence("192.0.2.7", PHONE, "visit")
        acceptance.accept(quote.public_token, answer(revision), [quote.lines[2].uid], here)
    assert events(quote.id) == [
        ("published", "desk", rep.email),
        ("fetched", "program", ""),
        ("viewed", "desk", rep.email),
        ("viewed", "customer", ""),
        ("viewed", "customer", ""),
        ("shared", "customer", "Ann Lee"),
        ("downloaded", "colleague", "Theo Lind"),
        ("commented", "colleague", "Theo Lind"),
        ("options_changed", "customer", "Ann Lee"),
        ("signed", "customer", "Ann Lee"),
    ]
    signed, record = chain.of_quote(quote.id)[-1], quote.acceptance
    assert record is not None
    assert (signed.address, signed.agent, signed.session, signed.revision) == ("192.0.2.7", PHONE, "visit", 2)
    assert signed.facts["content_sha256"] == db.session.get_one(Revision, record.revision_id).content_sha256
    assert signed.facts["consent_sha256"] == record.consent_sha256
    assert chain.of_quote(quote.id)[-2].facts == {"changes": ["Added: B"]}


def test_a_signed_in_person_of_the_sellers_is_told_apart(rep: User) -> None:
    quote, revision = published(rep)
    acceptance.accept(quote.public_token, answer(revision), [], Evidence(signed_in_as=rep.email))
    assert events(quote.id)[-1] == ("signed", "desk", rep.email)
    assert quote.acceptance is not None
    assert quote.acceptance.signed_in_as == rep.email


def test_what_our_own_people_do_on_the_customers_page_is_theirs(rep: User) -> None:
    quote, revision = published(rep)
    with diary.origin("desk", "192.0.2.2", PHONE, rep.email):
        comments.write(
            quote.public_token,
            {"text": "Is this all?", "revision": "1", "sha256": revision.content_sha256, "writer": "Ann Lee"},
        )
        sharing.share(quote.public_token, {"colleague": "Theo Lind", "writer": "Ann Lee"})
        acceptance.decline(quote.public_token, {"reason": "Too slow.", "sha256": revision.content_sha256})
    told = [(kind, who, name) for kind, who, name in events(quote.id) if kind != "published"]
    assert told == [(kind, "desk", rep.email) for kind in ("commented", "shared", "declined")]


def test_where_our_own_people_work_is_no_part_of_the_chain(rep: User) -> None:
    with diary.origin("desk", "192.0.2.2", PHONE):
        quote, revision = published(rep)
        for _ in range(2):
            visits.note(quote, visits.VIEWED, Visitor("192.0.2.2", PHONE, "desk", user=rep))
    assert [kind for kind, _, _ in events(quote.id)] == ["published", "viewed"]
    assert {(one.address, one.agent, one.session) for one in chain.of_quote(quote.id)} == {("", "", "")}
    here = Evidence("192.0.2.2", PHONE, "desk", signed_in_as=rep.email)
    acceptance.accept(quote.public_token, answer(revision), [], here)
    signed = chain.of_quote(quote.id)[-1]
    assert (signed.kind, signed.address, signed.session) == ("signed", "192.0.2.2", "desk")


def test_programs_take_no_visits_from_people(rep: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "MOST", 3)
    monkeypatch.setattr(visits, "MOST_OF_PROGRAMS", 2)
    quote, _ = published(rep)
    for number in range(5):
        visits.note(quote, visits.FETCHED, Visitor(f"192.0.2.{number}", "SafeLinks scanner"))
    for number in range(5):
        visits.note(quote, visits.VIEWED, Visitor("192.0.2.7", PHONE, f"visit {number}"))
    kinds = [kind for kind, _, _ in events(quote.id)]
    assert kinds == ["published", *["fetched"] * 2, *["viewed"] * 3]


def test_declines_and_records_of_the_rep_are_events_too(rep: User) -> None:
    quote, revision = published(rep)
    acceptance.decline(quote.public_token, {"reason": "Too slow.", "sha256": revision.content_sha256})
    transitions.advance(rep, quote.id, "pending")
    publishing.publish(rep, quote.id)
    acceptance.record_for_customer(rep, quote.id, {"name": "Ann Lee"})
    kinds = [kind for kind, _, _ in events(quote.id)]
    assert kinds == ["published", "declined", "reopened", "recorded"]
    assert chain.of_quote(quote.id)[1].facts["reason"] == "Too slow."


LOCKED = (
    "UPDATE acceptance SET name = 'Someone'",
    "DELETE FROM acceptance",
    "UPDATE acceptance_drawing SET png = 'x'",
    "DELETE FROM acceptance_drawing",
    "UPDATE revision SET content = '{}' WHERE id IN (SELECT revision_id FROM acceptance)",
    "DELETE FROM revision WHERE id IN (SELECT revision_id FROM acceptance)",
    "UPDATE quote_event SET name = 'Someone'",
    "DELETE FROM quote_event",
)


@pytest.mark.parametrize("statement", LOCKED)
def test_the_database_refuses_to_change_what_was_signed(rep: User, statement: str) -> None:
    quote, revision = published(rep)
    acceptance.accept(quote.public_token, drawn(revision, picture()), [], HERE)
    with pytest.raises(DatabaseError, match="What was signed is locked"):
        db.session.execute(db.text(statement))
    db.session.rollback()


def test_before_that_nothing_is_locked(rep: User) -> None:
    quote, _ = published(rep)
    other = samples.quote(rep, customer=quote.person)
    revision = publishing.publish(rep, other.id).revision
    acceptance.accept(other.public_token, answer(revision), [], HERE)
    db.session.execute(db.delete(QuoteEvent).where(QuoteEvent.quote_id == quote.id))
    db.session.execute(db.update(Revision).where(Revision.quote_id == quote.id).values(content="{}"))
    db.session.commit()
