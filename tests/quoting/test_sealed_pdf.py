"""The signed PDF is sealed with our key and a time stamp, once; what can't be had is waited for, and then named."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta

import pytest
import time_machine
from asn1crypto import x509 as der
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

import quotewright_verify
from tests.company.test_seal import admin, app_settings, authority, tsa  # noqa: F401  fixtures
from tests.quoting.test_answers import answer, published
from tests.quoting.test_bundle import HERE, unpacked
from tests.support import samples, seals
from tests.support.paper import read
from tests.support.samples import runtime
from tests.support.seals import Tsa, certificate, chained, packed, rsa_key
from webapp.models import AcceptanceDocument, AcceptanceSeal, DiaryEntry, Notification, Quote, User, db, utc_now
from webapp.services.company.seal import settings
from webapp.services.core.errors import Busy
from webapp.services.quoting.answer import acceptance, bundle
from webapp.services.quoting.draft import editing
from webapp.services.quoting.evidence import chain, telling
from webapp.services.quoting.paper import ahead, document


@pytest.fixture
def won(admin: User) -> Quote:  # noqa: F811
    """A quote that was accepted, without its PDF yet."""
    return accepted(samples.rep())


def accepted(rep: User) -> Quote:
    quote, revision = published(rep)
    acceptance.accept(quote.public_token, answer(revision), [], HERE)
    return editing.get(quote.id)


def put_key(user: User) -> None:
    settings.put_key(runtime(), user, chained(), seals.PASSWORD)


def put_authority(user: User, running: Tsa) -> None:
    settings.put_authority(runtime(), user, authority(running))


def trusting(root: x509.Certificate) -> ValidationContext:
    return ValidationContext(
        trust_roots=[der.Certificate.load(root.public_bytes(Encoding.DER))], allow_fetching=False
    )


def words(pdf: bytes) -> str:
    return " ".join(" ".join(read(pdf)).split())


def sealed_event(quote: Quote) -> dict[str, object]:
    (event,) = [one for one in chain.of_quote(quote.id) if one.kind == "sealed"]
    return event.facts


def test_with_a_key_and_an_authority_it_is_pades_b_t_and_trusted(admin: User, tsa: Tsa, won: Quote) -> None:  # noqa: F811
    put_key(admin)
    put_authority(admin, tsa)
    pdf = document.newest_pdf(won, runtime())
    (embedded,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    trust = trusting(seals.root()[0])
    status = validate_pdf_signature(embedded, trust, trust)
    assert status.bottom_line, status.pretty_print_details()
    assert status.timestamp_validity is not None
    assert status.timestamp_validity.trusted
    assert embedded.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert status.coverage.name == "ENTIRE_FILE"
    assert len(tsa.asked) == 1, "asked for one time stamp"
    said = words(pdf)
    row = settings.stored()
    assert "Sealed by Acme IT Seal, Acme IT GmbH; certificate issued by Test Root" in said
    assert row.fingerprint in said.replace(" ", "")
    assert "by 127.0.0.1 (RFC 3161)" in said
    assert document.newest_pdf(editing.get(won.id), runtime()) == pdf, "sealed once"
    assert len(tsa.asked) == 1
    assert sealed_event(won) == {
        "pdf_sha256": hashlib.sha256(pdf).hexdigest(),
        "seal": {
            "signed_by": row.subject,
            "certificate_sha256": row.fingerprint,
            "stamped_by": "127.0.0.1",
        },
    }
    assert "sealed by Acme IT Seal" in telling.of_quote(won.id)[-1].detail
    for broken in (pdf.replace(b"/Title", b"/Tutle", 1), pdf + b"\n% more"):
        (embedded,) = PdfFileReader(io.BytesIO(broken)).embedded_signatures
        assert not validate_pdf_signature(embedded, trust, trust).bottom_line


def test_with_a_key_alone_it_is_pades_b_b(admin: User, won: Quote) -> None:  # noqa: F811
    put_key(admin)
    pdf = document.newest_pdf(won, runtime())
    (embedded,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    trust = trusting(seals.root()[0])
    status = validate_pdf_signature(embedded, trust)
    assert status.bottom_line
    assert status.timestamp_validity is None
    assert "Time stamp" not in words(pdf)


def test_with_an_authority_alone_it_has_a_document_time_stamp(admin: User, tsa: Tsa, won: Quote) -> None:  # noqa: F811
    put_authority(admin, tsa)
    pdf = document.newest_pdf(won, runtime())
    (embedded,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert embedded.sig_object_type == "/DocTimeStamp"
    assert validate_pdf_timestamp(embedded, trusting(seals.root()[0])).bottom_line
    assert "Sealed by" not in words(pdf)


def test_without_both_it_is_as_ever(won: Quote) -> None:
    pdf = document.newest_pdf(won, runtime())
    assert not PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert set(sealed_event(won)) == {"pdf_sha256"}
    assert "Seal of this document" not in words(pdf)


def test_a_time_stamp_is_waited_for_and_then_done_without(
    app: Flask,  # noqa: ARG001
    admin: User,  # noqa: F811
    tsa: Tsa,  # noqa: F811
    won: Quote,
) -> None:
    put_key(admin)
    put_authority(admin, tsa)
    tsa.status = 503
    start = utc_now()
    # Minutes after the acceptance; at each the worker comes by.
    for minutes, tries in ((0, 1), (0.5, 1), (2, 2), (4, 2), (7, 3), (12, 3)):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=True):
            ahead.tick(runtime())
            assert len(tsa.asked) == tries, minutes
            assert db.session.get(AcceptanceDocument, won.acceptance.id) is None
            if minutes == 0.5:
                with pytest.raises(Busy, match="waits for its time stamp"):
                    bundle.of_quote(won, runtime(), for_customer=True)
                won = editing.get(won.id)
    with time_machine.travel(start + timedelta(minutes=18), tick=True):
        assert ahead.tick(runtime()) == 1
        assert len(tsa.asked) == 4
        pdf = document.newest_pdf(editing.get(won.id), runtime())
        files = unpacked(bundle.of_quote(editing.get(won.id), runtime(), for_customer=True))
    (embedded,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert validate_pdf_signature(embedded, trusting(seals.root()[0])).bottom_line, "our signature is there"
    assert "No time stamp, in 4 tries: 127.0.0.1 answered with status 503." in words(pdf)
    row = db.session.scalars(db.select(AcceptanceSeal)).one()
    assert row.next_try_at is None
    assert "status 503" in row.lacking
    told = db.session.scalars(db.select(Notification).where(Notification.kind == "seal")).all()
    assert [one.user_id for one in told] == [admin.id]
    assert db.session.scalar(db.select(DiaryEntry.id).filter_by(action="quote.sealed_without"))
    assert quotewright_verify.verify(files).problems == []


def test_a_time_stamp_that_comes_later_is_in_the_pdf(admin: User, tsa: Tsa, won: Quote) -> None:  # noqa: F811
    put_authority(admin, tsa)
    tsa.status = 503
    with pytest.raises(Busy):
        document.newest_pdf(won, runtime())
    tsa.status = 200
    with time_machine.travel(utc_now() + timedelta(minutes=2), tick=True):
        assert ahead.tick(runtime()) == 1
    pdf = document.newest_pdf(editing.get(won.id), runtime())
    assert len(PdfFileReader(io.BytesIO(pdf)).embedded_signatures) == 1
    assert "seal" in sealed_event(won)
    assert not db.session.scalars(db.select(AcceptanceSeal)).one().lacking
    assert not db.session.scalars(db.select(Notification).where(Notification.kind == "seal")).all()


def test_an_expired_certificate_isnt_waited_for(admin: User, won: Quote) -> None:  # noqa: F811
    key = rsa_key()
    content = packed(key, certificate(key, days=(-1, 1)))
    settings.put_key(runtime(), admin, content, seals.PASSWORD)
    with time_machine.travel(utc_now() + timedelta(days=2), tick=True):
        pdf = document.newest_pdf(won, runtime())
    assert not PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert "Our certificate expired on" in words(pdf)
    assert db.session.scalars(db.select(Notification).where(Notification.kind == "seal")).one()


def test_a_later_key_changes_no_pdf(admin: User, won: Quote) -> None:  # noqa: F811
    put_key(admin)
    pdf = document.newest_pdf(won, runtime())
    key = rsa_key(4)
    settings.put_key(runtime(), admin, packed(key, certificate(key, "Other")), seals.PASSWORD)
    assert document.newest_pdf(editing.get(won.id), runtime()) == pdf
    settings.remove_key(admin, settings.stored().fingerprint)
    assert document.newest_pdf(editing.get(won.id), runtime()) == pdf


@pytest.fixture
def files(admin: User, tsa: Tsa, won: Quote) -> dict[str, bytes]:  # noqa: F811
    """The bundle of a quote whose PDF has both."""
    put_key(admin)
    put_authority(admin, tsa)
    return unpacked(bundle.of_quote(won, runtime(), for_customer=True))
