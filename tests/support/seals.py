"""Certificates and PKCS#12 files made for a test, and a real time stamp authority over HTTP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from asn1crypto import algos, cms, core, keys, tsp
from asn1crypto import pkcs12 as p12
from asn1crypto import x509 as der
from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

PASSWORD = "tücke 1"
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The same key for each number: making one takes long."""
    return rsa.generate_private_key(65537, bits)


def certificate(
    key: Private,
    name: str = "Acme IT Seal",
    *,
    issuer: tuple[x509.Certificate, Private] | None = None,
    days: tuple[float, float] = (-1, 400),
    signs: bool = True,
    purposes: tuple[x509.ObjectIdentifier, ...] = (),
    is_authority: bool = False,
) -> x509.Certificate:
    """A certificate; self-made without an ``issuer``. ``days``: from when to when, from now."""
    now = datetime.now(UTC)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme IT GmbH"),
        ]
    )
    usage = x509.KeyUsage(signs, signs, not signs, False, False, is_authority, is_authority, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=True)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256())


def packed(
    key: Private | None, own: x509.Certificate | None, others: tuple[x509.Certificate, ...] = ()
) -> bytes:
    """A PKCS#12 file with ``PASSWORD``."""
    how = serialization.BestAvailableEncryption(PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(b"seal", key, own, others, how)


def laborious(rounds: int, *, inside: bool) -> bytes:
    """A PKCS#12 file whose key asks for so many rounds; ``inside``: of what has to be decrypted first."""
    key = ec.generate_private_key(ec.SECP256R1())
    file = p12.Pfx.load(packed(key, certificate(key)))
    encrypted, plain = file.authenticated_safe
    bags = p12.SafeContents.load(plain["content"].native)
    how = bags[0]["bag_value"]["encryption_algorithm"]
    how["parameters"]["key_derivation_func"]["parameters"]["iteration_count"] = rounds
    content = bags.dump(force=True)
    if inside:
        plain = cms.ContentInfo({"content_type": "encrypted_data", "content": _encrypted(content)})
    else:
        plain = cms.ContentInfo({"content_type": "data", "content": core.OctetString(content)})
    safe = core.OctetString(p12.AuthenticatedSafe([encrypted, plain]).dump(force=True))
    whole = {"version": "v3", "auth_safe": cms.ContentInfo({"content_type": "data", "content": safe})}
    return bytes(p12.Pfx(whole).dump())


def _encrypted(content: bytes) -> cms.EncryptedData:
    """By ``PASSWORD`` (PBES2), as PKCS#12 has it."""
    salt, start, rounds = b"salt of it", b"0123456789abcdef", 2048
    secret = PBKDF2HMAC(hashes.SHA256(), 32, salt, rounds).derive(PASSWORD.encode())
    padder = padding.PKCS7(128).padder()
    filled = padder.update(content) + padder.finalize()
    cipher = Cipher(algorithms.AES(secret), modes.CBC(start)).encryptor()
    derivation = {
        "algorithm": "pbkdf2",
        "parameters": {
            "salt": algos.Pbkdf2Salt("specified", core.OctetString(salt)),
            "iteration_count": rounds,
            "prf": {"algorithm": "sha256"},
        },
    }
    scheme = {"algorithm": "aes256_cbc", "parameters": start}
    how = {
        "algorithm": "pbes2",
        "parameters": algos.Pbes2Params({"key_derivation_func": derivation, "encryption_scheme": scheme}),
    }
    return cms.EncryptedData(
        {
            "version": "v0",
            "encrypted_content_info": {
                "content_type": "data",
                "content_encryption_algorithm": algos.EncryptionAlgorithm(how),
                "encrypted_content": cipher.update(filled) + cipher.finalize(),
            },
        }
    )


@cache
def root() -> tuple[x509.Certificate, Private]:
    """A certificate authority."""
    key = rsa_key(1)
    return certificate(key, "Test Root", is_authority=True, days=(-10, 4000)), key


def chained() -> bytes:
    """A usual key: issued by an authority, whose certificate is in the file."""
    key = rsa_key()
    return packed(key, certificate(key, issuer=root()), (root()[0],))


Bend = Callable[[tsp.TimeStampReq, tsp.TimeStampResp], bytes]


@dataclass
class Tsa:
    """An authority that answers. ``status``: of HTTP. ``bend``: makes another answer of the right one.

    ``asked``: the headers of each request.
    """

    port: int
    certificate: x509.Certificate
    key: Private
    status: int = 200
    bend: Bend | None = None
    location: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/tsr"

    def answer(self, body: bytes) -> bytes:
        private = self.key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        stamper = DummyTimeStamper(
            der.Certificate.load(self.certificate.public_bytes(serialization.Encoding.DER)),
            keys.PrivateKeyInfo.load(private),
        )
        request = tsp.TimeStampReq.load(body)
        made = asyncio.run(stamper.async_request_tsa_response(request))
        return self.bend(request, made) if self.bend else bytes(made.dump())


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_POST(self) -> None:
        tsa: Tsa = self.server.tsa
        tsa.asked.append(dict(self.headers))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        content = tsa.answer(body) if tsa.status == 200 else b"no"
        self.send_response(tsa.status)
        if tsa.location:
            self.send_header("Location", tsa.location)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@contextmanager
def stamping(
    purposes: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,),
) -> Iterator[Tsa]:
    """A time stamp authority that runs for the block; its certificate is for these purposes."""
    key = rsa_key(2)
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.tsa = Tsa(
        server.server_address[1], certificate(key, "Test TSA", issuer=root(), purposes=purposes), key
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.tsa
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
