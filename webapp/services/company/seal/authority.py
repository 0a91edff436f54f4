"""The time stamp authority: asks for a token by RFC 3161, by ``core.outward``, and takes only one that is right."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPResponse  # noqa: TID251  only the response's type
from typing import Any, ClassVar
from urllib.parse import urlsplit

from asn1crypto import cms, core, tsp
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from webapp.services.company.seal.errors import NoStamp
from webapp.services.core import outward
from webapp.services.core.outward import Allowed

SECONDS = 10.0
# More than any authority sends with all its certificates. The place for it in the PDF is as large.
MOST_BYTES = 24 * 1024
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
GRANTED = ("granted", "granted_with_mods")
# Whom to trust is the reader's to decide, so pyHanko needn't warn of it.
logging.getLogger("pyhanko.sign.validation.generic_cms").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Authority:
    """Where time stamps come from."""

    url: str
    username: str
    password: str = field(repr=False)
    allowed: Allowed

    @property
    def host(self) -> str:
        """Its name for people."""
        return urlsplit(self.url).hostname or self.url


@dataclass(frozen=True)
class Stamp:
    """What a token says: the time, aware in UTC, and who signed it."""

    at: datetime
    by: str


class Response(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    """An answer (RFC 3161, 2.4.2): asn1crypto's own asks for a token even where the authority refuses."""

    _fields: ClassVar = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


class Stamper(TimeStamper):
    """pyHanko's client, with our way out. ``stamp``: what the last token says.

    It doesn't ask for a token to find out how long one is, and it takes no token that a reader would refuse: pyHanko's
    own client compares neither what was stamped nor the signature.
    """

    def __init__(self, authority: Authority) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.authority = authority
        self.stamp: Stamp | None = None

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A token for this digest. Raises NoStamp with a sentence."""
        nonce, request = self.request_cms(message_digest, md_algorithm)  # type: ignore[no-untyped-call]
        body, host = _asked(self.authority, request.dump()), self.authority.host
        try:
            token, self.stamp = await _checked(body, host, message_digest, md_algorithm, nonce)
        except NoStamp:
            raise
        except Exception as error:  # whatever an unknown server's bytes make the libraries raise
            raise NoStamp(f"{host} sent something that isn't a time stamp.") from error
        return token


async def _checked(
    body: bytes, host: str, message_digest: bytes, md_algorithm: str, nonce: int
) -> tuple[Any, Stamp]:
    """The token in an answer, and what it says. Raises NoStamp for one that proves nothing."""
    token, info = _token(Response.load(body, strict=True), host)
    imprint = info["message_imprint"]
    fits = (
        info["nonce"].native == nonce
        and imprint["hashed_message"].native == message_digest
        and imprint["hash_algorithm"]["algorithm"].native == md_algorithm
    )
    if not fits:
        raise NoStamp(f"{host} sent a time stamp of something else than was asked for.")
    if not await _is_signed(token, message_digest):
        raise NoStamp(f"The time stamp of {host} isn't signed as it must be, so it proves nothing.")
    return token, Stamp(info["gen_time"].native, _signer(token))


async def try_out(authority: Authority) -> Stamp:
    """Obtain a real token, of random bytes. Raises NoStamp with a sentence."""
    stamper = Stamper(authority)
    await stamper.async_timestamp(hashlib.sha256(os.urandom(32)).digest(), "sha256")
    if stamper.stamp is None:
        raise NoStamp(f"{authority.host} sent something that isn't a time stamp.")
    return stamper.stamp


def _asked(authority: Authority, body: bytes) -> bytes:
    """The authority's answer. Raises NoStamp with a sentence."""
    headers = {"Content-Type": QUERY, "Accept": REPLY, "User-Agent": "Quotewright"}
    if authority.username:
        pair = base64.b64encode(f"{authority.username}:{authority.password}".encode()).decode("ascii")
        headers["Authorization"] = f"Basic {pair}"
    deadline, host = time.monotonic() + SECONDS, authority.host
    try:
        status, content = outward.exchange(
            "POST", authority.url, body, headers, allowed=authority.allowed, deadline=deadline, read=_read
        )
    except outward.NotSent as error:
        raise NoStamp(str(error)) from error
    except outward.BROKEN as error:
        if isinstance(error, TimeoutError) or time.monotonic() >= deadline:
            raise NoStamp(f"{host} didn't answer within {SECONDS:.0f} seconds.") from error
        raise NoStamp(f"The connection to {host} broke before it answered.") from error
    if time.monotonic() >= deadline:
        raise NoStamp(f"{host} didn't answer within {SECONDS:.0f} seconds.")
    if status in (401, 403):
        raise NoStamp(f"{host} refused the user name and password (status {status}).")
    if 300 <= status < 400:
        raise NoStamp(
            f"{host} answered with a redirect (status {status}), which isn't followed. Enter that URL."
        )
    if status != 200:
        raise NoStamp(f"{host} answered with status {status}.")
    if len(content) > MOST_BYTES:
        raise NoStamp(f"{host} sent more than a time stamp can be.")
    return content


def _read(answer: HTTPResponse) -> tuple[int, bytes]:
    return answer.status, answer.read(MOST_BYTES + 1)


def _token(response: Any, host: str) -> tuple[Any, Any]:
    """The token and what it says (TSTInfo)."""
    status = response["status"]
    if status["status"].native not in GRANTED:
        said = "; ".join(status["status_string"].native or sorted(status["fail_info"].native or []))
        raise NoStamp(f"{host} refused to stamp: {said[:200] or status['status'].native}.")
    token = response["time_stamp_token"]
    info = token["content"]["encap_content_info"]["content"].parsed
    if not isinstance(info, tsp.TSTInfo):
        raise TypeError
    return token, info


async def _is_signed(token: Any, message_digest: bytes) -> bool:
    """Whether the token's own certificate, one for time stamps, signed it. Whom to trust is the reader's to decide."""
    imprint: Callable[[str], bytes] = lambda _algorithm: message_digest  # noqa: E731
    context = ValidationContext(trust_roots=[], allow_fetching=False)
    try:
        found = await validate_tst_signed_data(token["content"], context, imprint)
    except (SignatureValidationError, ValidationError, PathError):
        return False
    return bool(found["intact"] and found["valid"] and _is_for_stamps(found["signing_cert"]))


def _is_for_stamps(certificate: Any) -> bool:
    purposes = certificate.extended_key_usage_value
    return purposes is not None and purposes.native == ["time_stamping"]


def _signer(token: Any) -> str:
    signer = token["content"]["signer_infos"][0]["sid"].chosen
    for choice in token["content"]["certificates"]:
        certificate = choice.chosen
        names = certificate.subject.native
        is_it = (
            certificate.serial_number == signer["serial_number"].native
            if signer.__class__.__name__ == "IssuerAndSerialNumber"
            else certificate.key_identifier == signer.native
        )
        if is_it:
            name = names.get("common_name") or names.get("organization_name") or ""
            return str(name[0] if isinstance(name, list) else name)[:200]
    return ""
