"""The bundle of the acceptance: proven without the product, and its PDF is the one on the opportunity."""

from __future__ import annotations

import base64
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pypdf import PdfReader

import quotewright_verify
from smoke.landed import Landed


def check(bundle: bytes, landed: Landed, people: Sequence[str]) -> list[str]:
    """A sentence for each thing that isn't as it should be; empty when the bundle is proven.

    ``people``: everyone who signed, in their order, ours last.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evidence.zip"
        path.write_bytes(bundle)
        try:
            files = quotewright_verify.read(path)
            proven = quotewright_verify.verify(files)
        except quotewright_verify.NoBundle as error:
            return [str(error)]
    found = list(proven.problems)
    hands = [(one["event"], one["signature"]["name"]) for one in proven.certificate.get("signatures", ())]
    hands.append((proven.event["number"], proven.facts["name"]))
    if [name for _, name in sorted(hands)] != list(people):
        found.append(f"The bundle has the signatures {sorted(hands)}, not those of {', '.join(people)}.")
    said = quotewright_verify.told(proven)
    found += [f"The verifier doesn't tell that {name} signed." for name in people if name not in said]
    pages = PdfReader(io.BytesIO(files["signed.pdf"])).pages
    printed = " ".join(" ".join(page.extract_text() for page in pages).split())
    found += [f"The signed PDF doesn't name {name}." for name in people if name not in printed]
    signed = [row for row in landed.attachments if " accepted " in str(row.get("title"))]
    same = [row for row in signed if base64.b64decode(row.get("data") or "") == files["signed.pdf"]]
    if len(signed) != 1 or len(same) != 1:
        found.append(
            f"The signed PDF is not on the opportunity once: {len(signed)} accepted, {len(same)} of them the same."
        )
    return found
