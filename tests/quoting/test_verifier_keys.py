"""The verifier checks signatures of RSA and of the usual curves without a library, and survives crafted ones."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

import quotewright_verify
from tests.company.test_seal import admin, app_settings, tsa  # noqa: F401  fixtures
from tests.quoting.test_sealed_pdf import accepted, hole, in_the_cms, redigested
from tests.support import samples, seals
from tests.support.bundles import Files, resealed, unpacked
from tests.support.samples import runtime
from tests.support.seals import certificate, packed
from webapp.models import User
from webapp.services.company.seal import settings
from webapp.services.quoting.answer import bundle

CURVES = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())
HASHES = (hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512())  # noqa: S303  certificates name it
FORMS = (serialization.PublicFormat.UncompressedPoint, serialization.PublicFormat.CompressedPoint)
X962 = serialization.Encoding.X962
# As long as a number in a signature can be said to be here.
HUGE = b"\x02\x83\x0f\x00\x00" + b"\x01" * 0xF0000


@pytest.mark.parametrize("kind", CURVES, ids=lambda one: one.name)
@pytest.mark.parametrize("hashing", HASHES, ids=lambda one: one.name)
def test_it_agrees_with_a_library_on_each_curve(
    kind: ec.EllipticCurve, hashing: hashes.HashAlgorithm
) -> None:
    curve = list(quotewright_verify.CURVES.values())[CURVES.index(kind)]
    for number in range(4):
        key = ec.generate_private_key(kind)
        what = f"signed {number}".encode()
        signature = key.sign(what, ec.ECDSA(hashing))
        digest, other = (quotewright_verify._hashed(hashing.name, one) for one in (what, b"other"))
        for form in FORMS:
            point = key.public_key().public_bytes(X962, form)
            assert curve.fits(point, digest, signature)
            assert not curve.fits(point, other, signature)
        stranger = ec.generate_private_key(kind).public_key().public_bytes(X962, form)
        assert not curve.fits(stranger, digest, signature)


@pytest.mark.parametrize("kind", CURVES, ids=lambda one: one.name)
def test_keys_of_small_numbers_and_numbers_out_of_range_are_no_trap(kind: ec.EllipticCurve) -> None:
    curve = list(quotewright_verify.CURVES.values())[CURVES.index(kind)]
    for secret in (1, 2, curve.n - 1, curve.n - 2):
        # The key is the base point, its double, or the opposite: sums that meet themselves or infinity.
        key = ec.derive_private_key(secret, kind)
        point = key.public_key().public_bytes(X962, FORMS[0])
        signature = key.sign(b"it", ec.ECDSA(hashes.SHA256()))
        assert curve.fits(point, quotewright_verify._hashed("sha256", b"it"), signature)
    digest = quotewright_verify._hashed("sha256", b"it")
    for r in (0, 1, curve.n, curve.n + 1):
        for s in (0, curve.n, curve.n + 1):
            assert not curve.fits(point, digest, encode_dss_signature(r, s))
    assert not curve.fits(point, bytes(32), encode_dss_signature(1, 1))
    start = time.monotonic()
    length = len(HUGE) + 3
    assert not curve.fits(point, digest, b"\x30\x83" + length.to_bytes(3, "big") + HUGE + b"\x02\x01\x01")
    off = point[:-1] + bytes([point[-1] ^ 1])
    outside = b"\x02" + b"\xff" * curve.size, b"\x04" + bytes(2 * curve.size)
    for bad in (b"", b"\x00", b"\x04", off, point + b"\x00", *outside):
        with pytest.raises((ValueError, IndexError)):
            curve.fits(bad, digest, signature)
    assert time.monotonic() - start < 1


@pytest.fixture
def files(admin: User, request: pytest.FixtureRequest) -> Files:  # noqa: F811
    """The customer's bundle, sealed with a key on the curve that the test names."""
    key = ec.generate_private_key(getattr(request, "param", CURVES[0]))
    settings.put_key(runtime(), admin, packed(key, certificate(key)), seals.PASSWORD)
    return unpacked(bundle.of_quote(accepted(samples.rep()), runtime(), for_customer=True))


@pytest.mark.parametrize("files", CURVES, indirect=True, ids=lambda one: one.name)
def test_a_seal_on_each_curve_is_checked(files: Files) -> None:
    checked = quotewright_verify.verify(files)
    assert checked.problems == []
    assert "The PDF's signature was made with the key of the certificate it names." in checked.agrees
    assert not any("a PDF reader can" in one for one in checked.notes)
    changed = quotewright_verify.verify(resealed(files, redigested(files["signed.pdf"])))
    assert changed.problems == ["The PDF's signature wasn't made with the key of the certificate it names."]


def in_place(pdf: bytes) -> cms.ContentInfo:
    """The CMS in the PDF."""
    start, end = hole(pdf)
    return cms.ContentInfo.load(bytes.fromhex(pdf[start:end].decode()), strict=False)


def signer_changed(pdf: bytes, **values: object) -> bytes:
    """The PDF whose CMS says something else of its signer."""
    info = in_place(pdf)
    for name, value in values.items():
        info["content"]["signer_infos"][0][name] = value
    (start, end), new = hole(pdf), info.dump(force=True).hex().encode()
    assert len(new) <= end - start
    return pdf[:start] + new.ljust(end - start, b"0") + pdf[end:]


def without_attributes(pdf: bytes) -> bytes:
    return signer_changed(pdf, signed_attrs=None)


def zeros(pdf: bytes) -> bytes:
    return signer_changed(pdf, signature=encode_dss_signature(0, 0))


def no_sequence(pdf: bytes) -> bytes:
    return signer_changed(pdf, signature=b"\x02\x01\x01")


def of_another_kind(pdf: bytes) -> bytes:
    """Anything, said to be RSASSA-PSS, with the seller's own certificate, which everyone has."""
    return signer_changed(
        pdf, signature_algorithm=cms.SignedDigestAlgorithm({"algorithm": "rsassa_pss"}), signature=b"anything"
    )


def off_the_curve(pdf: bytes) -> bytes:
    certificate = in_place(pdf)["content"]["certificates"][0].chosen
    point = certificate["tbs_certificate"]["subject_public_key_info"]["public_key"].native
    return in_the_cms(pdf, point, point[:-1] + bytes([point[-1] ^ 1]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without_attributes, "A signature in the PDF has no signed attributes"),
        (zeros, "wasn't made with the key"),
        (no_sequence, "can't be read"),
        (off_the_curve, "can't be read"),
        (of_another_kind, "of a kind that Quotewright doesn't make"),
    ],
)
def test_a_crafted_seal_ends_in_a_sentence(files: Files, change: Callable[[bytes], bytes], said: str) -> None:
    start = time.monotonic()
    found = quotewright_verify.verify(resealed(files, change(files["signed.pdf"]))).problems
    assert any(said in one for one in found), found
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "content", [b"\x05\x00" * 900_000, b"\x30\x84\xff\xff\xff\xff", b"\x30" * 1000, bytes(99)]
)
def test_a_crafted_signature_takes_no_time(content: bytes) -> None:
    start = time.monotonic()
    whole = b"\x30\x84" + len(content).to_bytes(4, "big") + content
    with pytest.raises((ValueError, IndexError)):
        quotewright_verify._Cms(whole)
    assert time.monotonic() - start < 2
