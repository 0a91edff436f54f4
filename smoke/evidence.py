"""The bundle of the acceptance: proven without the product, and its PDF is the one on the opportunity."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path

import quotewright_verify
from smoke.landed import Landed


def check(bundle: bytes, landed: Landed) -> list[str]:
    """A sentence for each thing that isn't as it should be; empty when the bundle is proven."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evidence.zip"
        path.write_bytes(bundle)
        try:
            files = quotewright_verify.read(path)
            found = list(quotewright_verify.verify(files).problems)
        except quotewright_verify.NoBundle as error:
            return [str(error)]
    signed = [row for row in landed.attachments if " accepted " in str(row.get("title"))]
    same = [row for row in signed if base64.b64decode(row.get("data") or "") == files["signed.pdf"]]
    if len(signed) != 1 or len(same) != 1:
        found.append(
            f"The signed PDF is not on the opportunity once: {len(signed)} accepted, {len(same)} of them the same."
        )
    return found
