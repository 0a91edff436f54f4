"""Bundles of evidence in tests: unpacked, changed, chained anew and packed again."""

from __future__ import annotations

import hashlib
import io
import json
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import quotewright_verify

Files = dict[str, bytes]


def unpacked(content: bytes) -> Files:
    """The files of a bundle, by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, files: Files | Iterable[tuple[str, bytes]]) -> Path:
    """Write the files, of which two may have one name, to a bundle at ``path``. Returns the path."""
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        for name, content in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, content)
    return path


def chained(events: list[dict[str, Any]]) -> bytes:
    """``events.json`` as someone writes it who knows the format: every event gets the hash that fits."""
    previous = quotewright_verify.FIRST
    for event in events:
        event["previous"] = previous
        event.pop("sha256", None)
        text = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        event["sha256"] = previous = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps(events).encode()


def resealed(files: Files, pdf: bytes, **seal: str) -> Files:
    """The bundle with another PDF, whose event says so: only the seal in the PDF can tell.

    ``seal``: what the event says of it instead.
    """
    events = json.loads(files["events.json"])
    for event in events:
        if event["kind"] == "sealed":
            event["detail"]["pdf_sha256"] = hashlib.sha256(pdf).hexdigest()
            if seal:
                event["detail"]["seal"] |= seal
    return {**files, "signed.pdf": pdf, "events.json": chained(events)}
