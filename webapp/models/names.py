"""How names are compared: as people read them, not as they are encoded. Pure.

Tables keep the results in indexed columns (``base.Searchable``), so that both databases find the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

# Invisible characters that change no letter: zero-width spaces, soft hyphens, marks of direction, a byte order mark.
_INVISIBLE = dict.fromkeys(
    [
        0x00AD,
        0x034F,
        0x061C,
        0x180E,
        0x200B,
        0x200E,
        0x200F,
        *range(0x202A, 0x202F),
        *range(0x2060, 0x206A),
        0xFEFF,
    ]
)
# Joiners shape letters in some scripts, so they stay in a text, but two names don't differ by them.
_JOINERS = dict.fromkeys([0x200C, 0x200D])
_ALIKE = {
    **dict.fromkeys(map(ord, "’‘ʼ′`´＇"), "'"),
    **dict.fromkeys(map(ord, "‐‑‒–—―−﹣－"), "-"),
    **dict.fromkeys(map(ord, "“”„«»″"), '"'),
}
KEY_LENGTH = 450
WORD_LENGTH = 32
VARIANTS = (("'", "’"), ("-", "–"))


def clean(text: str) -> str:
    """``text`` composed (NFC), with plain spaces in place of exotic ones and without invisible characters."""
    if text.isascii():
        return text
    visible = unicodedata.normalize("NFC", text).translate(_INVISIBLE)
    return "".join(" " if unicodedata.category(character) == "Zs" else character for character in visible)


def folded(text: str) -> str:
    """``text`` for comparing: without case, width, kinds of apostrophe and dash, and extra spaces."""
    plain = unicodedata.normalize("NFKC", clean(text)).casefold().translate(_JOINERS)
    return " ".join(unicodedata.normalize("NFKC", plain).translate(_ALIKE).split())


def name_key(text: str) -> str:
    """``folded``, as long as its column: what two names are compared by."""
    return folded(text)[:KEY_LENGTH]


def squeezed(text: str) -> str:
    """Only the letters and digits of ``text``, folded: “LAT-5550” and “lat 5550” are one."""
    return "".join(character for character in folded(text) if character.isalnum())


def search_key(texts: Iterable[str]) -> str:
    """What a search looks into: each text folded, and squeezed where that differs."""
    parts: list[str] = []
    for text in filter(None, map(folded, texts)):
        parts.append(text)
        bare = squeezed(text)
        if bare and bare != text:
            parts.append(bare)
    return " ".join(parts)


def search_words(texts: Iterable[str]) -> list[str]:
    """What an indexed search finds a row by: each text squeezed, from the start of each word on, up to WORD_LENGTH.

    A word starts behind a space or mark, and where letters and digits meet: “LAT-5550 U7” is found by “lat5550”,
    “5550u” and “u7”. What follows stays with it, so that “tp-link” finds “TP Link”.
    """
    found: dict[str, None] = {}
    for text in texts:
        bare: list[str] = []
        starts: list[int] = []
        before = ""
        for character in folded(text):
            if character.isalnum():
                if not before.isalnum() or before.isdigit() != character.isdigit():
                    starts.append(len(bare))
                bare.append(character)
            # An accent on its own parts no word.
            if not unicodedata.category(character).startswith("M"):
                before = character
        whole = "".join(bare)
        found |= dict.fromkeys(whole[start : start + WORD_LENGTH] for start in starts)
    return list(found)


def spellings(text: str) -> list[str]:
    """``text`` with each usual kind of apostrophe and dash, itself first, for a search elsewhere."""
    found = [text]
    for plain, typographic in VARIANTS:
        found += [
            other
            for known in list(found)
            for other in (known.replace(plain, typographic), known.replace(typographic, plain))
            if other not in found
        ]
    return list(dict.fromkeys(found))
