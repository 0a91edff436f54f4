"""The company's own key: a PKCS#12 file, read and checked once, when it is uploaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from asn1crypto import pkcs12 as der
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from webapp.services.company.seal import opening

MOST_BYTES = 64 * 1024
MOST_CERTIFICATES = 10
LEAST_BITS = 2048
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
# Purposes (extended key usage) under which PDF readers take a signature: any, mail, code, client, documents (RFC 9336),
# Microsoft's and Adobe's documents.
PURPOSES = {
    *("2.5.29.37.0", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.36"),
    *("1.3.6.1.4.1.311.10.3.12", "1.2.840.113583.1.1.5"),
}
TOO_LARGE = "This file is larger than 64 KB, so it's no key. Choose the .p12 or .pfx file."
NO_FILE = "This isn't a PKCS#12 file. Choose a .p12 or .pfx file with the private key and its certificate."
PEM = (
    "This file is PEM text. Make a PKCS#12 file of it: openssl pkcs12 -export -inkey key.pem -in certificate.pem "
    "-out key.p12"
)
WRONG_PASSWORD = "The password doesn't open this file."  # noqa: S105  a sentence
UNSUPPORTED = "This file is encrypted in a way that isn't supported here. Export it again with AES-256."
TOO_MUCH_WORK = (
    "Opening this file takes more work than any real key does, so it was given up. Export the key again with the usual "
    "number of iterations."
)
NO_KEY = "This file has no private key. Export the certificate again, together with its private key."
NO_CERTIFICATE = "This file has no certificate for its private key. Export both together."
NOT_FOR_SIGNING = (
    "This certificate isn't made for signing documents: its usage allows no digital signatures. Ask for one for "
    "document signing."
)
UNREADABLE = (
    "This file's certificate can't be read: something in it isn't as it must be. Ask whoever issued it."
)
NOT_THIS_KIND = "Use an RSA key of at least 2,048 bits, or an EC key on P-256, P-384 or P-521."


@dataclass(frozen=True)
class Key:
    """A key with its certificates (PEM, its own first), and what its own certificate says.

    ``fingerprint``: SHA-256 of the certificate, hexadecimal.
    """

    private: str = field(repr=False)
    certificates: str
    subject: str
    issuer: str
    fingerprint: str
    valid_from: datetime
    valid_until: datetime


class Refused(ValueError):
    """The key can't be used; the sentence says why."""


def read(content: bytes, password: str, now: datetime) -> Key:
    """The key in a PKCS#12 file. Takes up to ``opening.AT_MOST`` seconds. Raises Refused."""
    try:
        return _read(content, password, now)
    except Refused:
        raise
    except Exception as error:  # the library reads parts of a certificate when they are asked for
        raise Refused(UNREADABLE) from error


def _read(content: bytes, password: str, now: datetime) -> Key:
    private, certificate, others = _opened(content, password)
    if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) or not _is_strong(private):
        raise Refused(NOT_THIS_KIND)
    if private.public_key() != certificate.public_key():
        raise Refused(NO_CERTIFICATE)
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now >= until:
        raise Refused(f"This certificate expired on {until:%Y-%m-%d}. Use a newer one.")
    if now < since:
        raise Refused(f"This certificate isn't valid before {since:%Y-%m-%d %H:%M} UTC. Upload it then.")
    if not _is_for_signing(certificate):
        raise Refused(NOT_FOR_SIGNING)
    pem = serialization.Encoding.PEM
    return Key(
        private=private.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode("ascii"),
        certificates="".join(one.public_bytes(pem).decode("ascii") for one in (certificate, *others)),
        subject=named(certificate.subject),
        issuer=named(certificate.issuer),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        valid_from=since,
        valid_until=until,
    )


def named(name: x509.Name) -> str:
    """A name as people read it: “Acme IT, Acme Holding”, its common name and organization."""
    found = [
        str(attribute.value)
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        for attribute in name.get_attributes_for_oid(oid)
    ]
    text = ", ".join(dict.fromkeys(found)) or name.rfc4514_string()
    return "".join(letter for letter in text if letter.isprintable())[:300] or "a name that isn't given"


def _opened(content: bytes, password: str) -> tuple[object, x509.Certificate, list[x509.Certificate]]:
    if len(content) > MOST_BYTES:
        raise Refused(TOO_LARGE)
    if content.lstrip()[:5] == b"-----":
        raise Refused(PEM)
    if not _is_pkcs12(content):
        raise Refused(NO_FILE)
    if "\0" in password:
        # The library would end in a panic.
        raise Refused(WRONG_PASSWORD)
    try:
        ended = opening.attempt(content, password.encode())
    except opening.TooMuchWork as error:
        raise Refused(TOO_MUCH_WORK) from error
    if ended != opening.OPENED:
        raise Refused(UNSUPPORTED if ended == opening.UNSUPPORTED else WRONG_PASSWORD)
    private, certificate, others = pkcs12.load_key_and_certificates(content, password.encode() or None)
    if private is None:
        raise Refused(NO_KEY)
    if certificate is None:
        raise Refused(NO_CERTIFICATE)
    if len(others) >= MOST_CERTIFICATES:
        raise Refused(f"This file has {len(others) + 1} certificates. Export only those of this key's chain.")
    return private, certificate, list(others)


def _is_pkcs12(content: bytes) -> bool:
    """Whether it has the shape of a PKCS#12 file."""
    try:
        return bool(der.Pfx.load(content, strict=True)["version"].native == "v3")
    except (ValueError, TypeError, KeyError):
        return False


def _is_strong(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bool:
    if isinstance(private, rsa.RSAPrivateKey):
        return private.key_size >= LEAST_BITS
    return isinstance(private.curve, CURVES)


def _is_for_signing(certificate: x509.Certificate) -> bool:
    """By its usage and its purposes; a certificate that names none may be used for all."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        if not (usage.digital_signature or usage.content_commitment):
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return any(purpose.dotted_string in PURPOSES for purpose in purposes)
