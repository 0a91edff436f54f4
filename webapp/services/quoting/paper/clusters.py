"""Letters with what belongs to them: marks, vowel signs, joiners. No line breaks and no font changes within."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

ZERO_WIDTH_NON_JOINER, ZERO_WIDTH_JOINER = "\u200c", "\u200d"
JOINERS = frozenset(
    {0x200C, 0x200D, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0xE0020, 0xE0080)}
)
# Vowels that are written before their consonant, in Thai and Lao, and those that follow it as letters of their own.
LEADING = frozenset("เแโใไເແໂໃໄ")
FOLLOWING = frozenset("ะาำๅະາຳ")
FIRST_PICTURE = "\u2600"
SKIN_TONES = range(0x1F3FB, 0x1F400)
FLAGS = range(0x1F1E6, 0x1F200)
# Signs that join the next consonant to this one.
VIRAMAS = frozenset("\u094d\u09cd\u0a4d\u0acd\u0b4d\u0c4d\u0ccd\u0d4d\u0dca\u1039\u17d2")


class Clustered(str):
    """A text that is iterated in clusters."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        return of(self[:])


def of(text: str) -> Iterator[str]:
    """The clusters of ``text``, in order."""
    start = 0
    for index in range(1, len(text)):
        if not _belong_together(text, start, index):
            yield text[start:index]
            start = index
    if text:
        yield text[start:]


def _belong_together(text: str, start: int, index: int) -> bool:
    before, letter = text[index - 1], text[index]
    if letter <= "\u02ff":
        return False
    if (
        ord(letter) in JOINERS
        or ord(letter) in SKIN_TONES
        or unicodedata.category(letter) in ("Mn", "Mc", "Me")
    ):
        return not before.isspace()
    if letter in FOLLOWING or before in LEADING:
        return not before.isspace()
    if before in VIRAMAS:
        return True
    if before == ZERO_WIDTH_JOINER:
        return letter >= FIRST_PICTURE  # emoji of several parts
    return ord(letter) in FLAGS and ord(before) in FLAGS and (index - start) % 2 == 1
