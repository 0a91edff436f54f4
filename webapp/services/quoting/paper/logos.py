"""The logo on paper."""

from __future__ import annotations

import structlog

from webapp.services.company.brand import brand
from webapp.services.company.brand.brand import Brand
from webapp.services.core import images
from webapp.services.core.errors import NotFound

log = structlog.get_logger(__name__)

# The most that it takes up, in points.
WIDTH, HEIGHT = 180, 40


def of(published: Brand) -> str:
    """The logo that an offer was published with, as a ``data:`` address; empty without one, or where it is lost."""
    if not published.logo:
        return ""
    try:
        logo = brand.logo(published.logo)
    except NotFound:
        log.warning("logo.lost", sha256=published.logo)
        return ""
    return images.address(logo.media_type, logo.content)


def size(published: Brand) -> tuple[float, float]:
    """Its width and height in points."""
    width, height = published.logo_width, published.logo_height
    scale = min(WIDTH / width, HEIGHT / height) if width and height else 0
    return round(width * scale, 1), round(height * scale, 1)
