"""The fonts of the PDF, registered once per process: xhtml2pdf would read and hash each file at every render."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

FONTS = Path(__file__).parents[3] / "static" / "fonts"


@dataclass(frozen=True)
class Family:
    """A font family of the style sheet. Without a bold file, the regular one is drawn."""

    name: str
    regular: str
    bold: str = ""


FAMILIES = (
    Family("text", "noto-sans/NotoSans-Regular.ttf", "noto-sans/NotoSans-Bold.ttf"),
    Family("wide", "dejavu-sans/DejaVuSans.ttf", "dejavu-sans/DejaVuSans-Bold.ttf"),
    Family("han", "droid-sans-fallback/DroidSansFallbackFull.ttf"),
    Family("hangul", "nanum-barun-gothic/NanumBarunGothic.ttf"),
)


@cache
def register() -> None:
    """Make the families known to reportlab and, by their names in style sheets, to xhtml2pdf."""
    from reportlab.lib.fonts import addMapping
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from xhtml2pdf.default import DEFAULT_FONT

    for family in FAMILIES:
        for bold, file in enumerate((family.regular, family.bold or family.regular)):
            name = f"{family.name}-{'bold' if bold and family.bold else 'regular'}"
            if not bold or family.bold:
                pdfmetrics.registerFont(TTFont(name, str(FONTS / file)))
            for italic in (0, 1):
                addMapping(family.name, bold, italic, name)
        DEFAULT_FONT[family.name] = family.name
