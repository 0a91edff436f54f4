"""The brand's colors and logo, and pictures of items, as files: no page has its own styles (``security.POLICY``)."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response

from webapp.services.catalog import pictures as kept_pictures
from webapp.services.company.brand import brand as brands
from webapp.services.company.brand.brand import Brand
from webapp.services.quoting.revisions.snapshot import FrozenLine, Snapshot

# Their addresses name what they hold.
_KEPT = "private, max-age=31536000, immutable"


def variables(brand: Brand) -> Response:
    """A style sheet with the colors as variables; css/brand.css uses them."""
    colors = brand.palette
    named = {
        "brand": colors.brand,
        "accent": colors.accent,
        "accent-soft": colors.soft,
        "accent-line": colors.line,
        "accent-hover": colors.hover,
    }
    lines = "".join(f"  --{name}: {color};\n" for name, color in named.items())
    return _kept(Response(f".branded {{\n{lines}}}\n", mimetype="text/css"))


def pictures(frozen: Snapshot, address: Callable[..., str]) -> Callable[[FrozenLine], str]:
    """What gives the address of a line's picture, or nothing. ``address``: of a picture, by its ``sha256``."""
    shown = frozen.images
    return lambda line: address(sha256=line.image) if line.image in shown else ""


def picture(sha256: str) -> Response:
    """The picture of an item. Raises NotFound when there's none."""
    return _kept(Response(kept_pictures.content(sha256), mimetype="image/webp"))


def logo(brand: Brand) -> Response:
    """The logo. Raises NotFound when the brand has none."""
    found = brands.logo(brand.logo)
    return _kept(Response(found.content, mimetype=found.media_type))


def _kept(response: Response) -> Response:
    response.headers["Cache-Control"] = _KEPT
    return response
