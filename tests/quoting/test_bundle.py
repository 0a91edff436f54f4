"""The bundle proves an acceptance without the product, and names each thing that someone changed in it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import quotewright_verify
from tests.quoting.test_answers import answer, published
from tests.quoting.test_brands import added
from tests.quoting.test_signing import PHONE, drawn, picture
from tests.support import samples
from tests.support.bundles import Files, chained, packed, unpacked
from tests.support.samples import runtime
from webapp.models import QuoteEvent, User, db
from webapp.services.core.errors import NotFound
from webapp.services.diary import diary
from webapp.services.privacy import anonymizing
from webapp.services.quoting.answer import acceptance, bundle
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.evidence import visits
from webapp.services.quoting.evidence.visits import Visitor
from webapp.services.quoting.lifecycle import publishing

HERE = Evidence("192.0.2.7", PHONE, "visit", "America/New_York")


@pytest.fixture
def files(rep: User) -> Files:
    """The whole bundle of a quote that was signed by drawing."""
    quote, revision = published(rep)
    with diary.origin("visit", "192.0.2.7", PHONE):
        visits.note(quote, visits.VIEWED, Visitor("192.0.2.7", PHONE, "visit"))
        form = {**drawn(revision, picture()), "title": "Office Manager"}
        acceptance.accept(quote.public_token, form, [quote.lines[1].uid], HERE)
    return unpacked(bundle.of_quote(quote, runtime(), for_customer=False))


def problems(files: Files) -> list[str]:
    return quotewright_verify.verify(files).problems


def test_a_whole_bundle_is_proven(files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert quotewright_verify.main([str(packed(tmp_path / "bundle.zip", files))]) == 0
    said = capsys.readouterr().out
    assert "Ann Lee, Office Manager signed quote 1001, revision 2 with a drawn signature at " in said
    assert "from 192.0.2.7" in said
    assert "Proven: everything in this bundle agrees" in said
    assert "WRONG" not in said


def test_the_customers_bundle_has_no_costs_and_is_proven_too(rep: User) -> None:
    quote, revision = published(rep)
    acceptance.accept(quote.public_token, answer(revision), [], HERE)
    files = unpacked(bundle.of_quote(quote, runtime(), for_customer=True))
    assert "revision.json" not in files
    everything = b" ".join(content for name, content in files.items() if name.endswith(".json"))
    for internal in (b"unit_cost", b"supplier", b"autotask"):
        assert internal not in everything
    assert problems(files) == []


def test_the_signed_offer_has_no_number_of_ours_for_its_brand(rep: User) -> None:
    quote = samples.quote(rep)
    quote.brand_id = (own := added(rep, "Hardware")).id
    revision = publishing.publish(rep, quote.id).revision
    acceptance.accept(quote.public_token, answer(revision), [], HERE)
    files = unpacked(bundle.of_quote(quote, runtime(), for_customer=False))
    assert json.loads(files["revision.json"])["brand_id"] == own.id
    assert b"brand_id" not in files["offer.json"]
    assert problems(files) == []


def test_what_a_rep_recorded_is_no_signature(rep: User) -> None:
    quote, _ = published(rep)
    acceptance.record_for_customer(rep, quote.id, {"name": "Ann Lee"})
    checked = quotewright_verify.verify(unpacked(bundle.of_quote(quote, runtime(), for_customer=False)))
    assert checked.problems == []
    assert quotewright_verify.told(checked).startswith(f"{rep.email} recorded that Ann Lee accepted")


def test_without_an_acceptance_there_is_none(rep: User) -> None:
    quote, _ = published(rep)
    with pytest.raises(NotFound):
        bundle.of_quote(quote, runtime(), for_customer=True)


def in_events(change: Callable[[list[dict[str, Any]]], object]) -> Callable[[Files], None]:
    def tamper(files: Files) -> None:
        events = json.loads(files["events.json"])
        change(events)
        files["events.json"] = json.dumps(events).encode()

    return tamper


def in_certificate(**facts: str) -> Callable[[Files], None]:
    def tamper(files: Files) -> None:
        certificate = json.loads(files["certificate.json"])
        certificate["acceptance"] |= facts
        files["certificate.json"] = json.dumps(certificate).encode()

    return tamper


def in_headline(**facts: object) -> Callable[[Files], None]:
    def tamper(files: Files) -> None:
        certificate = {**json.loads(files["certificate.json"]), **facts}
        files["certificate.json"] = json.dumps(certificate).encode()

    return tamper


def replaced(name: str, before: bytes, after: bytes) -> Callable[[Files], None]:
    def tamper(files: Files) -> None:
        assert before in files[name]
        files[name] = files[name].replace(before, after)

    return tamper


def other_pdf_byte(files: Files) -> None:
    pdf = bytearray(files["signed.pdf"])
    pdf[len(pdf) // 2] ^= 1
    files["signed.pdf"] = bytes(pdf)


def chained_again(files: Files) -> None:
    """Someone who knows the format changes an event and gives all of them new hashes."""
    events = json.loads(files["events.json"])
    events[0]["at"] = "2020-01-01T00:00:00.000000+00:00"
    files["events.json"] = chained(events)


TAMPERED: dict[str, tuple[Callable[[Files], object], str]] = {
    "a byte of the PDF": (other_pdf_byte, "The PDF (signed.pdf) isn't the one that was stored"),
    "a price in the offer": (
        replaced("offer.json", b'"unit_price":"100.0000"', b'"unit_price":"10.0000"'),
        "The offer (offer.json) was changed",
    ),
    "a price in the revision": (
        replaced("revision.json", b'"unit_price":"100.0000"', b'"unit_price":"10.0000"'),
        "The whole revision (revision.json) was changed",
    ),
    "an event removed": (
        in_events(lambda events: events.pop(1)),
        "Event 2 is missing from the chain.",
    ),
    "the last events removed": (
        in_events(lambda events: events.__delitem__(slice(-2, None))),
        "No event says that",
    ),
    "an event edited": (
        in_events(lambda events: events[1].update(address="198.51.100.1")),
        "Event 2 (viewed) was changed after it was written.",
    ),
    "events in another order": (
        in_events(lambda events: events.reverse()),
        "The events aren't in their order.",
    ),
    "all events written anew": (chained_again, "The PDF names another event"),
    "another picture": (
        lambda files: files.update({"signature.png": picture((200, 80))}),
        "The picture of the signature (signature.png) isn't the one that was drawn.",
    ),
    "no picture": (lambda files: files.pop("signature.png"), "(signature.png) is missing"),
    "the consent": (
        in_certificate(consent="I agree to anything."),
        "The sentence of consent isn't the one that was shown.",
    ),
    "the signer": (
        in_certificate(name="Someone Else"),
        "something else than the event of the acceptance: name.",
    ),
    "the day": (
        in_headline(accepted_at="2020-01-01T00:00:00.000000+00:00"),
        "something else than the event of the acceptance: accepted_at.",
    ),
    "the number of the quote": (
        in_headline(quote=7),
        "The certificate is about another quote than the offer.",
    ),
    "the terms": (
        in_certificate(terms_sha256="0" * 64),
        "The terms in the offer aren't those that were shown.",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_each_thing_that_is_changed_is_named(files: Files, what: str) -> None:
    tamper, sentence = TAMPERED[what]
    tamper(files)
    assert any(sentence in problem for problem in problems(files)), problems(files)


def test_the_headline_says_when_the_event_says_it_was(files: Files) -> None:
    (at,) = [one["at"] for one in json.loads(files["events.json"]) if one["kind"] == "signed"]
    in_headline(accepted_at="2020-01-01T00:00:00.000000+00:00")(files)
    said = quotewright_verify.told(quotewright_verify.verify(files))
    assert at in said
    assert "2020-01-01" not in said


def test_a_broken_stream_in_the_file_is_no_bundle(
    files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = packed(tmp_path / "bundle.zip", files)
    broken, first = bytearray(path.read_bytes()), 30 + len("signed.pdf")
    # A block of a kind that doesn't exist.
    broken[first] = 0x07
    path.write_bytes(broken)
    assert quotewright_verify.main([str(path)]) == 2
    assert "isn't a zip file" in capsys.readouterr().err


def test_what_a_rep_recorded_stays_proven_when_the_rep_is_made_anonymous(rep: User) -> None:
    quote, _ = published(rep)
    acceptance.record_for_customer(rep, quote.id, {"name": "Ann Lee"})
    was = rep.email
    rep.is_active = False
    db.session.commit()
    anonymizing.user(samples.admin(), rep.id)
    assert rep.email != was
    checked = quotewright_verify.verify(unpacked(bundle.of_quote(quote, runtime(), for_customer=False)))
    assert checked.problems == []
    assert quotewright_verify.told(checked).startswith(f"{was} recorded that Ann Lee accepted")


def test_of_an_acceptance_before_there_were_events_there_is_none(rep: User) -> None:
    quote, revision = published(rep)
    acceptance.accept(quote.public_token, answer(revision), [], HERE)
    db.session.execute(db.text("DROP TRIGGER quote_event_locked_delete"))
    db.session.execute(db.delete(QuoteEvent).where(QuoteEvent.quote_id == quote.id))
    db.session.commit()
    assert not bundle.exists(quote)
    with pytest.raises(NotFound, match="before Quotewright kept evidence"):
        bundle.of_quote(quote, runtime(), for_customer=True)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 half"])
def test_what_is_no_bundle_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(content)
    assert quotewright_verify.main([str(path)]) == 2
    assert "isn't a zip file" in capsys.readouterr().err
    assert quotewright_verify.main([str(tmp_path / "none.zip")]) == 2
    assert "can't be opened" in capsys.readouterr().err
    assert quotewright_verify.main([]) == 2


def test_a_second_file_of_one_name_is_no_bundle_and_another_file_is_named(
    files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program that unpacks might show the one, and this one check the other."""
    path = packed(tmp_path / "bundle.zip", [("signed.pdf", b"another"), *files.items()])
    assert quotewright_verify.main([str(path)]) == 2
    assert "two files called signed.pdf" in capsys.readouterr().err
    packed(path, {**files, "final\x1b[2J.pdf": b"another"})
    assert quotewright_verify.main([str(path)]) == 0
    said = capsys.readouterr().out
    assert "isn't part of the bundle" in said
    assert "\x1b" not in said


@pytest.mark.parametrize("name", ["events.json", "certificate.json", "offer.json"])
@pytest.mark.parametrize("content", [b"{", b"[1]", b"7", b'{"number": []}'])
def test_files_that_hold_something_else_are_said_in_a_sentence(
    files: Files, name: str, content: bytes
) -> None:
    files[name] = content
    with contextlib.suppress(quotewright_verify.NoBundle):
        assert problems(files)
