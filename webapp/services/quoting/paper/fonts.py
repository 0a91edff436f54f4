"""The fonts of the PDF, each read once per process: xhtml2pdf would read and hash its file at every render."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

FONTS = Path(__file__).parents[3] / "static" / "fonts"
TEXT, TEXT_WITH_MARKS, EMOJI, HAN = "text", "text-marks", "emoji", "han"
NOTO = "noto-sans/NotoSans"
BOLD_TOO = (
    "Arabic", "Hebrew", "Armenian", "Georgian", "Thai", "Lao", "Khmer", "Myanmar", "Devanagari", "Bengali", "Gurmukhi",
    "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala", "Ethiopic",
)  # fmt: skip
REGULAR = (
    "Thaana", "Cherokee", "CanadianAboriginal", "NKo", "Mongolian", "Syriac", "Javanese", "Tifinagh", "Symbols",
    "Symbols2",
)  # fmt: skip


@dataclass(frozen=True)
class Family:
    """A font family. Without a bold file, the regular one is drawn."""

    name: str
    regular: str
    bold: str = ""


# A letter is drawn by the first that has it. The very first is reportlab's own: fast, one glyph a letter.
FAMILIES = (
    Family(TEXT, f"{NOTO}-Regular.ttf", f"{NOTO}-Bold.ttf"),
    Family(TEXT_WITH_MARKS, f"{NOTO}-Regular.ttf", f"{NOTO}-Bold.ttf"),
    *(Family(script.lower(), f"{NOTO}{script}-Regular.ttf", f"{NOTO}{script}-Bold.ttf") for script in BOLD_TOO),
    Family("wide", "dejavu-sans/DejaVuSans.ttf", "dejavu-sans/DejaVuSans-Bold.ttf"),
    *(Family(script.lower(), f"{NOTO}{script}-Regular.ttf") for script in REGULAR),
    Family("tibetan", "noto-sans/NotoSerifTibetan-Regular.ttf"),
    Family(EMOJI, "noto-emoji/NotoEmoji_400Regular.ttf"),
    Family("hangul", "nanum-barun-gothic/NanumBarunGothic.ttf"),
    Family(HAN, "droid-sans-fallback/DroidSansFallbackFull.ttf"),
)  # fmt: skip


# The text font of each that a brand can choose (``brand.FONTS``); what it lacks is drawn by those above. The digits of
# each are of one width, so that figures stand below each other.
TEXTS = {
    "inter": FAMILIES[0],
    "ibm-plex-sans": Family(
        "plex", "ibm-plex-sans/IBMPlexSans_400Regular.ttf", "ibm-plex-sans/IBMPlexSans_700Bold.ttf"
    ),
    "open-sans": Family("open", "open-sans/OpenSans_400Regular.ttf", "open-sans/OpenSans_700Bold.ttf"),
    "source-serif-4": Family(
        "serif", "source-serif-4/SourceSerif4_400Regular.ttf", "source-serif-4/SourceSerif4_700Bold.ttf"
    ),
}
# By name.
_KNOWN = {family.name: family for family in (*FAMILIES, *TEXTS.values())}
_PLAIN = frozenset(family.name for family in TEXTS.values())


@cache
def codes(file: str) -> frozenset[int]:
    """The code points that a font file has glyphs for."""
    import uharfbuzz

    return frozenset(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(FONTS / file))).unicodes)


@cache
def register(name: str) -> None:
    """Make a family known to reportlab and, by its name in style sheets, to xhtml2pdf."""
    from reportlab.lib.fonts import addMapping
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from xhtml2pdf.default import DEFAULT_FONT

    from webapp.services.quoting.paper import shaping

    shaping.install()
    family = _KNOWN[name]
    faces = {}
    for weight, file in {"regular": family.regular, "bold": family.bold}.items():
        if file:
            faces[weight] = f"{name}-{weight}"
            made = (
                TTFont(faces[weight], str(FONTS / file))
                if name in _PLAIN
                else shaping.ShapedFont(faces[weight], FONTS / file)
            )
            pdfmetrics.registerFont(made)
    for bold, weight in enumerate(("regular", "bold")):
        for italic in (0, 1):
            addMapping(name, bold, italic, faces.get(weight, faces["regular"]))
    DEFAULT_FONT[name] = name
