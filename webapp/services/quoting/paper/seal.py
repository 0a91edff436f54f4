"""Seals a PDF: the company's signature with a time stamp (PAdES B-T; B-B without an authority), or a time stamp alone.

What was made is read again, and kept only if it is whole.
"""

from __future__ import annotations

import io
from typing import Any

from asn1crypto import keys, pem, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, PdfTimeStamper, SimpleSigner
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.validation import async_validate_pdf_signature, async_validate_pdf_timestamp
from pyhanko.sign.validation.status import SignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from webapp.services.company.seal import authority, loop
from webapp.services.company.seal.authority import Stamper
from webapp.services.company.seal.errors import NoStamp, NotSealed
from webapp.services.company.seal.settings import Seal

DIGEST = "sha256"
FIELD, STAMP_FIELD = "Seal", "TimeStamp"
REASON = "Seals the quote as it was signed"
# For the signature itself, beside certificates and time stamp.
ROOM = 4 * 1024


def sealed(pdf: bytes, seal: Seal) -> bytes:
    """``pdf`` with the company's signature, a time stamp, or both, as ``seal`` has them.

    Raises NoStamp with a sentence where the authority gave no stamp, NotSealed where the key couldn't sign.
    """
    return loop.run(_sealed(pdf, seal))


async def _sealed(pdf: bytes, seal: Seal) -> bytes:
    try:
        return await _made(pdf, seal)
    except (NoStamp, NotSealed):
        raise
    except Exception as error:  # the libraries name few of the errors that a key or a PDF can make them raise
        raise NotSealed("Our key couldn't sign this PDF.") from error


async def _made(pdf: bytes, seal: Seal) -> bytes:
    stamper = Stamper(seal.authority) if seal.authority else None
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    if seal.private:
        out = await _signed(writer, seal, stamper)
    elif stamper is not None:
        stamping = PdfTimeStamper(stamper, field_name=STAMP_FIELD)
        out = await stamping.async_timestamp_pdf(writer, DIGEST, bytes_reserved=2 * authority.MOST_BYTES)
    else:
        return pdf
    made = bytes(out.getvalue())
    if not await _is_whole(made):
        raise NotSealed("The signature that our key made can't be verified with its certificate.")
    return made


async def _signed(writer: IncrementalPdfFileWriter, seal: Seal, stamper: Stamper | None) -> Any:
    certificates = [
        x509.Certificate.load(der) for _, _, der in pem.unarmor(seal.certificates.encode(), multiple=True)
    ]
    _, _, private = pem.unarmor(seal.private.encode())
    signer = SimpleSigner(
        certificates[0], keys.PrivateKeyInfo.load(private), SimpleCertificateStore.from_certs(certificates)
    )
    about = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm=DIGEST,
        reason=REASON,
        name=seal.subject,
        subfilter=SigSeedSubFilter.PADES,
        # Readers name every later change as one that isn't allowed.
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    room = ROOM + sum(len(one.dump()) for one in certificates) + (authority.MOST_BYTES if stamper else 0)
    return await PdfSigner(
        about, signer, timestamper=stamper, new_field_spec=SigFieldSpec(FIELD, box=None)
    ).async_sign_pdf(writer, bytes_reserved=2 * room)


async def _is_whole(pdf: bytes) -> bool:
    """Whether the seal that was just made can be verified, as it can't with a key that doesn't fit.

    The time stamp's own signature was verified when it came; pyHanko verifies it again with the rest, in milliseconds.
    """
    (embedded,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    context = ValidationContext(trust_roots=[], allow_fetching=False)
    if embedded.sig_object_type == "/DocTimeStamp":
        return _fits(await async_validate_pdf_timestamp(embedded, context))
    status = await async_validate_pdf_signature(embedded, context, context)
    stamp = status.timestamp_validity
    return _fits(status) and (stamp is None or _fits(stamp))


def _fits(status: SignatureStatus) -> bool:
    return bool(status.intact and status.valid)
