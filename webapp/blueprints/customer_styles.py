"""The style sheets of the customer's page as one file, so that its first paint waits for one answer and not for ten."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from flask import Response, url_for

from webapp import compression
from webapp.services.company.brand import brand
from webapp.services.core.errors import NotFound

FOLDER = Path(__file__).parents[1] / "static" / "css"
# In this order: later rules win. FONT stands for the one that the brand chose.
FONT = "{font}"
SHEETS = (
    "tabler-offer",
    "tokens",
    FONT,
    *("app", "offer", "terms", "customer", "signing", "choices", "bundles", "talk", "brand"),
)
# Texts in quotes, which stay; comments; space that says nothing.
_PARTS = re.compile(r"""("[^"]*"|'[^']*')|/\*.*?\*/|\s*([{};,>])\s*|\s+""", re.DOTALL)
_NOW = "no-cache"


def address(font: str) -> str:
    """Where the page finds its style sheet. It changes with the content, so browsers keep it for good."""
    return url_for("public.styles", version=_version(font), font=font)


def answer(version: str, font: str) -> Response:
    """The style sheet. Raises NotFound for a font that no brand has."""
    if font not in brand.FONTS:
        raise NotFound("There's no such style sheet.")
    response = Response(_bundle(font), mimetype="text/css")
    # A page from before an update asks for the older one.
    response.headers["Cache-Control"] = compression.FOR_GOOD if version == _version(font) else _NOW
    return response


@cache
def _version(font: str) -> str:
    return hashlib.sha256(_bundle(font).encode()).hexdigest()[:12]


@cache
def _bundle(font: str) -> str:
    css = "\n".join((FOLDER / f"{name.replace(FONT, font)}.css").read_text("utf-8") for name in SHEETS)
    return _PARTS.sub(_shorter, css).strip().replace('url("../', f'url("{compression.static_path()}/')


def _shorter(found: re.Match[str]) -> str:
    quoted, sign = found[1], found[2]
    if quoted:
        return quoted
    return sign or ("" if found[0].startswith("/*") else " ")
