"""Which letters the PDF's fonts can draw. What none has is said before publishing and drawn as a visible mark."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache

from webapp.services.quoting.paper import fonts

MARK = "\N{REPLACEMENT CHARACTER}"
# Letters up to here (Latin with its extensions) are in the first font; looking no further keeps the editor fast.
COMMON = "\u024f"
# Beyond the basic plane (emoji, rare ideographs) reportlab embeds letters so that they are read as others.
LAST = 0xFFFF
# They are never drawn: joiners, directions, variation selectors and the like.
INVISIBLE = ("Cf", "Cc", "Zs", "Zl", "Zp")
SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


def missing(text: str) -> list[str]:
    """The letters of ``text`` that no font has, each once, in their order."""
    return [letter for letter in dict.fromkeys(text) if letter > COMMON and not _is_drawn(letter)]


def marked(text: str) -> str:
    """``text`` with a visible mark in place of each letter that no font has."""
    return text.translate(dict.fromkeys(map(ord, missing(text)), MARK))


def sentence(texts: Iterable[str]) -> str:
    """What the PDF can't show of ``texts``; empty when it can show everything."""
    found = missing("\n".join(texts))
    if not found:
        return ""
    named = ", ".join(f"“{letter}” ({_name(letter)})" for letter in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return f"The PDF can't show {named}{more}. It prints {MARK} instead."


def _name(letter: str) -> str:
    return unicodedata.name(letter, f"U+{ord(letter):04X}").lower()


def _is_drawn(letter: str) -> bool:
    if unicodedata.category(letter) in INVISIBLE or any(ord(letter) in selectors for selectors in SELECTORS):
        return True
    return ord(letter) <= LAST and ord(letter) in _drawn()


@cache
def _drawn() -> frozenset[int]:
    """The code points of all fonts; read once, and only when a quote has uncommon letters."""
    from reportlab.pdfbase.ttfonts import TTFontFile

    return frozenset(
        code
        for family in fonts.FAMILIES
        for code, glyph in TTFontFile(str(fonts.FONTS / family.regular)).charToGlyph.items()
        if glyph
    )
