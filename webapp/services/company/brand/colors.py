"""The colors that follow from a brand's own: dark enough to read, of the same hue.

Contrast is WCAG 2's, of the rounded colors. Lightness and chroma are OKLCH's (CSS Color 4, Björn Ottosson's matrices):
there a darker shade keeps its hue.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

# WCAG AA asks for 4.5 for text; on white a little more.
ON_WHITE, ON_SOFT = 4.6, 4.5
_STEP = 0.005
_HOVER = 0.06
_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)

Rgb = tuple[float, float, float]
WHITE = "#FFFFFF"


@dataclass(frozen=True)
class Palette:
    """Colors as ``#RRGGBB``. ``brand``: as entered, for bands only. ``accent``: for what can be pressed, and for rules.

    ``soft``: a tint to stand behind text in ``accent``. ``line``: a paler rule. ``hover``: a pressed button.
    """

    brand: str
    accent: str
    soft: str
    line: str
    hover: str

    @property
    def is_darker(self) -> bool:
        """True when the brand's own color was too light to read, so ``accent`` is a darker shade."""
        return self.accent != self.brand


def parse(text: str) -> str:
    """``#RRGGBB`` of a color as people type it: with or without ``#``, with three digits or six. Raises ValueError."""
    found = _HEX.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"“{text}” is no color")
    digits = found[1].upper()
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))


def palette(brand: str) -> Palette:
    """The colors that follow from ``brand`` (``#RRGGBB``)."""
    lightness, chroma, hue = _oklch(brand)
    accent = brand
    while contrast(accent, WHITE) < ON_WHITE or contrast(accent, mixed(accent, 0.08)) < ON_SOFT:
        lightness -= _STEP
        accent = _hex(lightness, chroma, hue)
    dark, full, hue = _oklch(accent)
    hover = _hex(max(dark - _HOVER, 0), full, hue)
    return Palette(brand, accent, mixed(accent, 0.08), mixed(accent, 0.3), hover)


def contrast(one: str, other: str) -> float:
    """WCAG 2: from 1, the same, to 21, black on white."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mixed(color: str, part: float) -> str:
    """``color`` on white, with the opacity ``part`` (0 to 1)."""
    return _joined(tuple(round(255 + (value - 255) * part) for value in _bytes(color)))


def _bytes(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _joined(values: tuple[int, ...]) -> str:
    return "#" + "".join(f"{value:02X}" for value in values)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _encoded(value: float) -> float:
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def _luminance(color: str) -> float:
    red, green, blue = (_linear(value / 255) for value in _bytes(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _oklch(color: str) -> Rgb:
    red, green, blue = (_linear(value / 255) for value in _bytes(color))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _rgb(lightness: float, chroma: float, hue: float) -> Rgb:
    """Linear, and outside 0 to 1 where no screen shows the color."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _hex(lightness: float, chroma: float, hue: float) -> str:
    """The color, with as much of its chroma as a screen can show."""
    low, high = 0.0, chroma
    if not _can_be_shown(_rgb(lightness, chroma, hue)):
        for _ in range(20):
            middle = (low + high) / 2
            if _can_be_shown(_rgb(lightness, middle, hue)):
                low = middle
            else:
                high = middle
        chroma = low
    values = (_encoded(min(max(value, 0), 1)) for value in _rgb(lightness, chroma, hue))
    return _joined(tuple(round(255 * value) for value in values))


def _can_be_shown(values: Rgb) -> bool:
    return all(-0.0001 <= value <= 1.0001 for value in values)
