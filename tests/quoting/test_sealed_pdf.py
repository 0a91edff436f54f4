"""The signed PDF is sealed with our key and a time stamp, once; what can't be had is waited for, and then named."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from asn1crypto import x509 as der
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature, async_validate_pdf_timestamp
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

import quotewright_verify
from tests.company.test_seal import admin, app_settings, authority, tsa  # noqa: F401  fixtures
from tests.quoting.test_answers import answer, published
from tests.quoting.test_bundle import HERE
from tests.quoting.test_document import read
from tests.support import bundles, samples, seals
from tests.support.bundles import resealed, unpacked
from tests.support.samples import runtime
from tests.support.seals import Tsa, certificate, chained, packed, rsa_key
from webapp.models import (
    AcceptanceDocument,
    AcceptanceSeal,
    DiaryEntry,
    Notification,
    Quote,
    User,
    db,
    utc_now,
)
from webapp.services.company.seal import loop, settings
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
    status = loop.run(async_validate_pdf_signature(embedded, trust, trust))
    assert status.bottom_line, status.pretty_print_details()
    assert status.timestamp_validity is not None
    assert status.timestamp_validity.trusted
    assert embedded.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert len(tsa.asked) == 1, "asked for one time stamp"
    said = words(pdf)
    row = settings.stored()
    assert "Sealed by Acme IT Seal, Acme IT GmbH; certificate issued by Test Root" in said
    assert row.fingerprint in said.replace(" ", "")
    assert "Time stamp 127.0.0.1 (RFC 3161)" in said
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
    broken = pdf.replace(b"(quotewright ", b"(quotewrighT ", 1)
    (embedded,) = PdfFileReader(io.BytesIO(broken)).embedded_signatures
    assert not loop.run(async_validate_pdf_signature(embedded, trust, trust)).bottom_line


def test_with_a_key_alone_it_is_pades_b_b(admin: User, won: Quote) -> None:  # noqa: F811
    put_key(admin)
    pdf = document.newest_pdf(won, runtime())
    (embedded,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    trust = trusting(seals.root()[0])
    status = loop.run(async_validate_pdf_signature(embedded, trust))
    assert status.bottom_line
    assert status.timestamp_validity is None
    assert "Time stamp" not in words(pdf)
    checked = quotewright_verify.verify(
        unpacked(bundle.of_quote(editing.get(won.id), runtime(), for_customer=True))
    )
    assert checked.problems == []
    assert not any("time stamp" in one for one in checked.agrees)


def test_an_ec_key_seals_too(admin: User, won: Quote) -> None:  # noqa: F811
    key = ec.generate_private_key(ec.SECP256R1())
    own = certificate(key)
    settings.put_key(runtime(), admin, packed(key, own), seals.PASSWORD)
    pdf = document.newest_pdf(won, runtime())
    (embedded,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert loop.run(async_validate_pdf_signature(embedded, trusting(own))).bottom_line


def test_with_an_authority_alone_it_has_a_document_time_stamp(admin: User, tsa: Tsa, won: Quote) -> None:  # noqa: F811
    put_authority(admin, tsa)
    pdf = document.newest_pdf(won, runtime())
    (embedded,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert embedded.sig_object_type == "/DocTimeStamp"
    status = loop.run(async_validate_pdf_timestamp(embedded, trusting(seals.root()[0])))
    assert (status.intact, status.valid, status.trusted) == (True, True, True)
    checked = quotewright_verify.verify(
        unpacked(bundle.of_quote(editing.get(won.id), runtime(), for_customer=True))
    )
    assert checked.problems == []
    assert any("The time stamp in the PDF is of this very file: 20" in one for one in checked.agrees)
    assert "Sealed by" not in words(pdf)


def test_without_both_it_is_as_ever(won: Quote) -> None:
    pdf = document.newest_pdf(won, runtime())
    assert not PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert set(sealed_event(won)) == {"pdf_sha256"}
    assert "Seal of this document" not in words(pdf)


@pytest.mark.both_databases
def test_a_time_stamp_is_waited_for_and_then_done_without(
    app: Flask,
    admin: User,  # noqa: F811
    tsa: Tsa,  # noqa: F811
    won: Quote,
) -> None:
    put_key(admin)
    put_authority(admin, tsa)
    tsa.status = 503
    assert won.acceptance is not None
    start, acceptance_id = utc_now(), won.acceptance.id
    # Minutes after the acceptance; at each the worker comes by.
    for minutes, tries in ((0, 1), (0.5, 1), (2, 2), (4, 2), (7, 3), (12, 3)):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=True):
            ahead.tick(runtime())
            assert len(tsa.asked) == tries, minutes
            assert db.session.get(AcceptanceDocument, acceptance_id) is None
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
    assert loop.run(async_validate_pdf_signature(embedded, trusting(seals.root()[0]))).bottom_line, (
        "our signature is there"
    )
    assert "127.0.0.1 gave no time stamp in 4 tries." in words(pdf)
    assert "status 503" not in words(pdf), "why is for admins"
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


@pytest.mark.parametrize("stamped", [False, True])
def test_with_a_key_that_doesnt_fit_it_ends_without_one(
    admin: User,  # noqa: F811
    tsa: Tsa,  # noqa: F811
    won: Quote,
    stamped: bool,
) -> None:
    put_key(admin)
    if stamped:
        put_authority(admin, tsa)
    stranger = rsa_key(4).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    settings.stored().key_encrypted = runtime().vault.encrypt(stranger)
    db.session.commit()
    pdf = document.newest_pdf(won, runtime())
    found = [one.sig_object_type for one in PdfFileReader(io.BytesIO(pdf)).embedded_signatures]
    assert found == (["/DocTimeStamp"] if stamped else [])
    said = "The signature that our key made can't be verified with its certificate."
    event = sealed_event(won)["seal"]
    assert event == {"lacking": said, **({"stamped_by": "127.0.0.1"} if stamped else {})}
    assert "Sealed by" not in words(pdf)
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


def test_the_verifier_says_what_the_seal_is(
    files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quotewright_verify.main([str(bundles.packed(tmp_path / "bundle.zip", files))]) == 0
    said = capsys.readouterr().out
    assert "agrees   The PDF's signature covers the whole file." in said
    assert "agrees   The digest in the PDF's signature is that of the file" in said
    assert "agrees   The PDF's signature was made with the key of the certificate it names." in said
    assert "“Acme IT Seal, Acme IT GmbH” (certificate with SHA-256" in said
    assert "issued by “Test Root, Acme IT GmbH”" in said
    assert "is of this very file: 20" in said
    assert "UTC, by “Test TSA, Acme IT GmbH”" in said
    assert "note     A PDF reader checks whether the certificates" in said


def flipped(pdf: bytes, at: int) -> bytes:
    return pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]


def hole(pdf: bytes) -> tuple[int, int]:
    """Where the signature begins and ends."""
    found = quotewright_verify.BYTE_RANGE.search(pdf)
    assert found
    return int(found[2]) + 1, int(found[3]) - 1


def unsealed(pdf: bytes) -> bytes:
    """The PDF before it was sealed: the seal is an update at its end."""
    return pdf[: pdf.index(b"%%EOF") + 5]


def in_the_cms(pdf: bytes, before: bytes, after: bytes) -> bytes:
    start, end = hole(pdf)
    assert before.hex().encode() in pdf[start:end].lower()
    return (
        pdf[:start]
        + pdf[start:end].lower().replace(before.hex().encode(), after.hex().encode(), 1)
        + pdf[end:]
    )


def redigested(pdf: bytes) -> bytes:
    """A byte of a page changed, and the digest in the signature made to fit."""
    start, end = hole(pdf)
    old = hashlib.sha256(pdf[: start - 1] + pdf[end + 1 :]).digest()
    pdf = flipped(pdf, 100)
    new = hashlib.sha256(pdf[: start - 1] + pdf[end + 1 :]).digest()
    return in_the_cms(pdf, old, new)


TAMPERED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a byte": (lambda pdf: flipped(pdf, 100), "isn't that of the file"),
    "added": (lambda pdf: pdf + b"\n% more", "doesn't cover the whole file"),
    "cut off": (lambda pdf: pdf[:-1], "doesn't cover the whole file"),
    "no seal": (unsealed, "seal was taken away"),
    "digest": (redigested, "wasn't made with the key"),
    "time": (lambda pdf: in_the_cms(pdf, b"Z\x02\x08", b"Y\x02\x08"), "is of something else, or was changed"),
    "no stamp": (
        lambda pdf: in_the_cms(
            pdf, quotewright_verify.TIME_STAMP, quotewright_verify.TIME_STAMP[:-1] + b"\x0f"
        ),
        "time stamp in the PDF was taken away",
    ),
    "damaged": (lambda pdf: flipped(pdf, hole(pdf)[0] + 1), "can't be read"),
    "twice": (lambda pdf: pdf + b"/ByteRange [0 1 2 3]", "has 2 signatures"),
    "moved": (lambda pdf: pdf.replace(b"/ByteRange [0 ", b"/ByteRange [1 "), "from its beginning"),
}


@pytest.mark.parametrize("kind", TAMPERED)
def test_each_tampering_with_the_seal_is_named(files: dict[str, bytes], kind: str) -> None:
    tamper, said = TAMPERED[kind]
    changed = resealed(files, tamper(files["signed.pdf"]))
    assert changed["signed.pdf"] != files["signed.pdf"]
    found = quotewright_verify.verify(changed).problems
    assert any(said in one for one in found), found
    assert not any("isn't the one that was stored" in one for one in found), "the chain was written anew"


def test_another_certificate_than_the_event_names_is_told(files: dict[str, bytes]) -> None:
    changed = resealed(files, files["signed.pdf"], certificate_sha256="0" * 64)
    assert any(
        "another certificate than its event" in one for one in quotewright_verify.verify(changed).problems
    )
    events = json.loads(files["events.json"])
    for event in events:
        if event["kind"] == "sealed":
            del event["detail"]["seal"]
    changed = resealed({**files, "events.json": json.dumps(events).encode()}, files["signed.pdf"])
    assert "The PDF has a signature that no event names." in quotewright_verify.verify(changed).problems


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="no pdfsig on this machine")
def test_another_program_finds_it_valid_too(files: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "signed.pdf"
    path.write_bytes(files["signed.pdf"])
    said = subprocess.run(
        ["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False
    ).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said
