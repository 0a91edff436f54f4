"""The colors of a brand can be read, and keep its hue."""

from __future__ import annotations

import random

import pytest

from webapp.services.company.brand import colors


@pytest.mark.parametrize(
    ("brand", "accent"),
    [
        ("#0B5D44", "#0B5D44"),
        ("#F26A1B", "#BC4C00"),
        ("#FFD400", "#846D00"),
        ("#1769FF", "#0E62F8"),
        ("#000000", "#000000"),
    ],
)
def test_a_color_that_is_too_light_gets_a_darker_shade(brand: str, accent: str) -> None:
    assert colors.palette(brand).accent == accent
    assert colors.palette(brand).is_darker == (brand != accent)


def test_every_color_gives_text_that_can_be_read() -> None:
    chance = random.Random(14)  # noqa: S311  the same colors in each run
    for _ in range(300):
        found = colors.palette(f"#{chance.randrange(2**24):06X}")
        assert colors.contrast(found.accent, colors.WHITE) >= 4.6, found
        assert colors.contrast(found.accent, found.soft) >= 4.5, found
        assert colors.contrast("#4A5159", found.soft) > 6.5, found
        assert colors.contrast(found.hover, colors.WHITE) >= colors.contrast(found.accent, colors.WHITE)


@pytest.mark.parametrize(
    ("typed", "color"), [("#0b5d44", "#0B5D44"), ("0B5D44", "#0B5D44"), (" #fc0 ", "#FFCC00")]
)
def test_colors_are_read_as_people_type_them(typed: str, color: str) -> None:
    assert colors.parse(typed) == color


@pytest.mark.parametrize("typed", ["", "blue", "#12345", "#1234567", "rgb(0,0,0)", "#0B5D44;x"])
def test_what_is_no_color_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="is no color"):
        colors.parse(typed)
