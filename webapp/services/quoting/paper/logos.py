"""How large the logo is on paper."""

from __future__ import annotations

from webapp.services.company.brand.brand import Brand

# The most that it takes up, in points.
WIDTH, HEIGHT = 180, 40


def size(published: Brand) -> tuple[float, float]:
    """Its width and height in points."""
    width, height = published.logo_width, published.logo_height
    scale = min(WIDTH / width, HEIGHT / height) if width and height else 0
    return round(width * scale, 1), round(height * scale, 1)
