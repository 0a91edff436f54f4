"""The logo on paper."""

from __future__ import annotations

import base64

from webapp.services.company.brand import brand
from webapp.services.company.brand.brand import Brand

# The most that it takes up, in points.
WIDTH, HEIGHT = 180, 40


def of(published: Brand) -> str:
    """The logo that an offer was published with, as a ``data:`` address; empty without one."""
    if not published.logo:
        return ""
    logo = brand.logo(published.logo)
    return f"data:{logo.media_type};base64,{base64.b64encode(logo.content).decode()}"


def size(published: Brand) -> tuple[float, float]:
    """Its width and height in points."""
    width, height = published.logo_width, published.logo_height
    scale = min(WIDTH / width, HEIGHT / height) if width and height else 0
    return round(width * scale, 1), round(height * scale, 1)
