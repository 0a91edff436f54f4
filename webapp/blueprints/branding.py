"""The brand's colors and logo as files: no page has styles of its own (see ``security.POLICY``)."""

from __future__ import annotations

from flask import Response

from webapp.services.company.brand import brand as brands
from webapp.services.company.brand.brand import Brand

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


def logo(brand: Brand) -> Response:
    """The logo. Raises NotFound when the brand has none."""
    found = brands.logo(brand.logo)
    return _kept(Response(found.content, mimetype=found.media_type))


def _kept(response: Response) -> Response:
    response.headers["Cache-Control"] = _KEPT
    return response
