"""Settings > Signing > Seal: which keys and authorities are taken, how they are kept, and when admins are warned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from asn1crypto import tsp
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID
from flask import Flask

from tests.support import samples, seals
from tests.support.samples import runtime
from tests.support.seals import Tsa, certificate, chained, laborious, packed, rsa_key
from webapp.models import DiaryEntry, User, db, utc_now
from webapp.services.company.seal import key as keys
from webapp.services.company.seal import opening, settings
from webapp.services.core import key_rotation
from webapp.services.core.errors import Forbidden, Invalid, ServiceError
from webapp.services.core.vault import Vault


@pytest.fixture
def tsa() -> Iterator[Tsa]:
    with seals.stamping() as running:
        yield running


@pytest.fixture
def app_settings(app_settings: dict[str, str], tsa: Tsa) -> dict[str, str]:
    return {**app_settings, "TIMESTAMP_ALLOWED_HOSTS": tsa.host}


@pytest.fixture
def admin(app: Flask) -> Iterator[User]:
    with app.app_context():
        yield samples.admin()


def refused(admin: User, content: bytes, password: str = seals.PASSWORD) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        settings.put_key(runtime(), admin, content, password)
    db.session.expire_all()
    assert not settings.stored().key_encrypted, "nothing is half kept"
    return dict(caught.value.fields)


def test_a_key_is_checked_encrypted_shown_and_removed(admin: User) -> None:
    settings.put_key(runtime(), admin, chained(), seals.PASSWORD)
    row = settings.stored()
    assert (row.subject, row.issuer) == ("Acme IT Seal, Acme IT GmbH", "Test Root, Acme IT GmbH")
    assert row.valid_until is not None
    assert len(row.fingerprint) == 64
    assert "PRIVATE" not in row.key_encrypted
    assert row.certificates.count("BEGIN CERTIFICATE") == 2
    loaded = settings.load(runtime())
    assert loaded.private.startswith("-----BEGIN PRIVATE KEY")
    assert "PRIVATE" not in repr(loaded)
    said = " ".join(f"{entry.action} {entry.content}" for entry in db.session.scalars(db.select(DiaryEntry)))
    assert "company_seal.key_added" in said
    assert "BEGIN" not in said
    settings.remove_key(admin, "of another key")
    assert settings.stored().key_encrypted
    settings.remove_key(admin, row.fingerprint)
    assert settings.load(runtime()).is_none


def test_a_key_that_cant_be_used_is_refused_with_a_reason(admin: User) -> None:
    key = rsa_key()
    good = certificate(key)
    assert "doesn't open" in refused(admin, packed(key, good), "wrong")["file_password"]
    assert "no private key" in refused(admin, packed(None, None, (good,)))["file"]
    assert "expired on" in refused(admin, packed(key, certificate(key, days=(-9, -2))))["file"]
    assert "isn't valid before" in refused(admin, packed(key, certificate(key, days=(2, 9))))["file"]
    assert "made for signing" in refused(admin, packed(key, certificate(key, signs=False)))["file"]
    only_tls = certificate(key, purposes=(ExtendedKeyUsageOID.SERVER_AUTH,))
    assert "made for signing" in refused(admin, packed(key, only_tls))["file"]
    weak = rsa_key(3, 1024)
    assert "at least 2,048 bits" in refused(admin, packed(weak, certificate(weak)))["file"]
    assert "larger than 64 KB" in refused(admin, b"0" * 70_000)["file"]
    assert "isn't a PKCS#12 file" in refused(admin, b"something else")["file"]
    assert "PEM text" in refused(admin, b"-----BEGIN PRIVATE KEY-----")["file"]
    assert "doesn't open" in refused(admin, packed(key, good), "a\0b")["file_password"]
    assert refused(admin, b"") == {"file": "Choose the .p12 or .pfx file."}
    assert "no certificate" in refused(admin, packed(key, None))["file"]
    odd: Any = ed25519.Ed25519PrivateKey.generate()
    assert refused(admin, packed(odd, None))["file"]
    with pytest.raises(Forbidden):
        settings.put_key(runtime(), samples.rep(), chained(), seals.PASSWORD)


@pytest.mark.parametrize(("inside", "limit"), [(False, "SECONDS"), (True, "SECONDS"), (True, "AT_MOST")])
def test_a_file_that_asks_for_hours_of_work_is_given_up(
    admin: User, inside: bool, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the number stands inside of what is encrypted, so that it can't be read before."""
    assert keys.read(laborious(20_000, inside=inside), seals.PASSWORD, utc_now()).subject
    monkeypatch.setattr(opening, limit, 2)
    assert "more work than any real key" in refused(admin, laborious(2_000_000_000, inside=inside))["file"]


def test_a_refused_key_leaves_the_one_before(admin: User) -> None:
    settings.put_key(runtime(), admin, chained(), seals.PASSWORD)
    before = settings.stored().fingerprint
    with pytest.raises(Invalid):
        settings.put_key(runtime(), admin, chained(), "wrong")
    db.session.expire_all()
    assert settings.stored().fingerprint == before
    curve = ec.generate_private_key(ec.SECP256R1())
    settings.put_key(runtime(), admin, packed(curve, certificate(curve)), seals.PASSWORD)
    assert settings.stored().fingerprint != before


def test_key_rotation_takes_the_seal_along(admin: User, tsa: Tsa) -> None:
    settings.put_key(runtime(), admin, chained(), seals.PASSWORD)
    settings.put_authority(runtime(), admin, authority(tsa, stamp_username="acme", stamp_password="s3cret"))
    before = settings.stored().key_encrypted
    assert key_rotation.rotate(runtime()) >= 2
    assert settings.stored().key_encrypted != before
    loaded = settings.load(runtime())
    assert loaded.private
    assert loaded.authority is not None
    assert loaded.authority.password == "s3cret"
    settings.stored().key_encrypted = Vault([Fernet.generate_key().decode()]).encrypt("x")
    assert settings.load(runtime()).lacking == "Our key couldn't be read."


def test_admins_are_warned_before_the_certificate_expires(admin: User) -> None:
    assert settings.warning() == ""
    settings.put_key(runtime(), admin, chained(), seals.PASSWORD)
    until = settings.stored().valid_until
    assert until is not None
    assert settings.warning(until - timedelta(days=40)) == ""
    assert "expires in 29 days" in settings.warning(until - timedelta(days=29, hours=1))
    assert "expires today" in settings.warning(until - timedelta(hours=2))
    assert "expired on" in settings.warning(until + timedelta(seconds=1))
    assert "expired on" in settings.load(runtime(), until + timedelta(seconds=1)).lacking


def authority(tsa: Tsa, **values: str) -> dict[str, str]:
    row = settings.stored()
    return {"seen": settings.seen(row), "stamp_url": tsa.url, **values}


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://timestamp.example.com/tsr", "https://"),
        ("https://127.0.0.1/tsr", "internal address"),
        ("https://tsa.internal/", "internal address"),
        ("https://me:secret@timestamp.example.com/", "user name and password"),
        ("ftp://timestamp.example.com/", "starting with https://"),
        ("https://" + "x" * 500, "limit is 500"),
    ],
)
def test_an_authority_must_be_a_public_one_by_https(admin: User, url: str, why: str) -> None:
    with pytest.raises(Invalid) as caught:
        settings.put_authority(runtime(), admin, {"seen": "", "stamp_url": url})
    assert why in caught.value.fields["stamp_url"]
    assert not settings.stored().stamp_url


def test_a_real_token_is_obtained_and_the_password_stays_with_its_server(admin: User, tsa: Tsa) -> None:
    with pytest.raises(ServiceError, match="Enter the URL"):
        settings.try_authority(runtime())
    settings.put_authority(runtime(), admin, authority(tsa, stamp_username="acme", stamp_password="s3cret"))
    stamp = settings.try_authority(runtime())
    assert abs(stamp.at - utc_now()) < timedelta(minutes=1)
    assert stamp.by == "Test TSA"
    assert tsa.asked[-1]["Content-Type"] == "application/timestamp-query"
    assert tsa.asked[-1]["Authorization"].startswith("Basic ")
    assert "s3cret" not in repr(settings.load(runtime()))
    settings.put_authority(runtime(), admin, authority(tsa, stamp_username="acme"))
    assert settings.stored().stamp_password_encrypted, "an empty one keeps it"
    other = authority(tsa, stamp_username="acme") | {"stamp_url": tsa.url + "/other"}
    with pytest.raises(Invalid) as caught:
        settings.put_authority(runtime(), admin, other)
    assert "password" in caught.value.fields["stamp_password"]
    settings.put_authority(runtime(), admin, authority(tsa) | {"stamp_url": ""})
    assert not settings.stored().stamp_password_encrypted


def bent(**values: Any) -> seals.Bend:
    """An answer whose token says something else, though its signature is as it was."""

    def bend(_request: tsp.TimeStampReq, made: tsp.TimeStampResp) -> bytes:
        content = made["time_stamp_token"]["content"]["encap_content_info"]["content"]
        info = content.parsed
        for name, value in values.items():
            info[name] = value
        made["time_stamp_token"]["content"]["encap_content_info"]["content"] = info
        return bytes(made.dump(force=True))

    return bend


def refusal(_request: tsp.TimeStampReq, _made: tsp.TimeStampResp) -> bytes:
    status = tsp.PKIStatusInfo({"status": "rejection", "status_string": ["no credit left"]}).dump()
    return b"\x30" + bytes([len(status)]) + status


def imprint(_request: tsp.TimeStampReq, made: tsp.TimeStampResp) -> bytes:
    other = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": b"\1" * 32}
    return bent(message_imprint=other)(_request, made)


def by_another_algorithm(name: str) -> seals.Bend:
    """A token that says it was signed with an algorithm that isn't its key's."""

    def bend(_request: tsp.TimeStampReq, made: tsp.TimeStampResp) -> bytes:
        made["time_stamp_token"]["content"]["signer_infos"][0]["signature_algorithm"] = {"algorithm": name}
        return bytes(made.dump(force=True))

    return bend


@pytest.mark.parametrize(
    ("bend", "why"),
    [
        (bent(nonce=7), "something else"),
        (imprint, "something else"),
        (bent(serial_number=7), "isn't signed"),
        (refusal, "refused to stamp: no credit left"),
        (lambda _request, _made: b"hello", "isn't a time stamp"),
        (lambda _request, _made: b"", "isn't a time stamp"),
        (by_another_algorithm("sha256_ecdsa"), "isn't a time stamp"),
        (by_another_algorithm("ed25519"), "isn't a time stamp"),
        (lambda _request, _made: b"0" * 40_000, "more than a time stamp"),
    ],
)
def test_an_answer_that_isnt_right_is_refused(admin: User, tsa: Tsa, bend: seals.Bend, why: str) -> None:
    settings.put_authority(runtime(), admin, authority(tsa))
    tsa.bend = bend
    with pytest.raises(ServiceError, match=why):
        settings.try_authority(runtime())


@pytest.mark.parametrize(("status", "why"), [(500, "status 500"), (401, "user name"), (302, "redirect")])
def test_other_statuses_are_named_and_no_redirect_is_followed(
    admin: User, tsa: Tsa, status: int, why: str
) -> None:
    settings.put_authority(runtime(), admin, authority(tsa))
    tsa.status, tsa.location = status, tsa.url if status == 302 else ""
    with pytest.raises(ServiceError, match=why):
        settings.try_authority(runtime())
    assert len(tsa.asked) == 1


def test_a_certificate_that_isnt_for_time_stamps_is_refused(admin: User, tsa: Tsa) -> None:
    settings.put_authority(runtime(), admin, authority(tsa))
    tsa.certificate = certificate(tsa.key, "No TSA", issuer=seals.root())
    with pytest.raises(ServiceError, match="isn't signed as it must be"):
        settings.try_authority(runtime())
