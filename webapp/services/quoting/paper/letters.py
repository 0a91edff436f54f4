"""Which font draws which letters. What none has is said before publishing and drawn as a visible mark."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from webapp.services.quoting.paper import clusters, fonts
from webapp.services.quoting.paper.fonts import Family

# The text font that is chosen where nothing else is, and the reach of all of them together.
MAIN = fonts.FAMILIES[0]
MARK = "\N{REPLACEMENT CHARACTER}"
# Letters up to here (Latin with its extensions) are in the text font; looking no further keeps the editor fast.
COMMON = "\u024f"
UNCOMMON = re.compile(f"[^\0-{COMMON}\u2010-\u2027\u202f-\u203e\u20ac]")
# They are never drawn: joiners, directions, variation selectors and the like.
INVISIBLE = ("Cf", "Cc", "Zs", "Zl", "Zp")
DIRECTIONS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Fonts for Korean have those that Korean uses.
IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
EMOJI_STYLE = "\ufe0f"
FIRST_EMOJI = 0x1F000
TOKEN = re.compile(r"(<style>.*?</style>|<title>.*?</title>|<[^>]*>)", re.DOTALL)


def missing(text: str) -> list[str]:
    """The letters of ``text`` that no font has, each once, in their order."""
    if not UNCOMMON.search(text):
        return []
    lost: dict[str, None] = {}
    for cluster in clusters.of(_composed(text)):
        if UNCOMMON.search(cluster) and not _family(cluster):
            lost |= dict.fromkeys(
                letter for letter in cluster if not _is_invisible(letter) and not _family(letter)
            )
    return list(lost)


def dressed(html: str, main: Family = MAIN) -> str:
    """``html`` with each run of letters in the font that has them, and a mark for each that no font has.

    ``main``: the text font, which needs no other for what it has.
    """
    fonts.register(main.name)
    others = _others(main)
    if not others.search(html):
        return html
    parts = TOKEN.split(html)
    parts[::2] = [_dressed(part, main) if others.search(part) else part for part in parts[::2]]
    return "".join(parts)


def sentence(texts: Iterable[str]) -> str:
    """What the PDF can't show of ``texts``; empty when it can show everything."""
    found = missing("\n".join(texts))
    if not found:
        return ""
    named = ", ".join(f"“{letter}” ({_name(letter)})" for letter in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return f"The PDF can't show {named}{more}. It prints {MARK} instead."


def direction_of(text: str) -> str:
    """``L`` or ``R``: where the first letter of ``text`` that has a direction runs from; empty if none has."""
    if text.isascii():
        return "L" if any(letter.isalpha() for letter in text) else ""
    directions = (unicodedata.bidirectional(letter) for letter in text)
    return next(("L" if found == "L" else "R" for found in directions if found in ("L", "R", "AL")), "")


@cache
def _others(main: Family) -> re.Pattern[str]:
    """The letters that have to be looked at: uncommon ones, and common ones that this font lacks."""
    known = fonts.codes(main.regular)
    common = (*range(0x20, ord(COMMON) + 1), *range(0x2010, 0x2028), *range(0x202F, 0x203F), 0x20AC)
    lacking = [chr(code) for code in common if code not in known and not _is_invisible(chr(code))]
    if main is MAIN or not lacking:
        return UNCOMMON
    return re.compile(f"{UNCOMMON.pattern}|[{re.escape(''.join(lacking))}]")


def _dressed(text: str, main: Family) -> str:
    parts = []
    for family, run in _runs(_composed(text), main):
        if family == main.name:
            parts.append(run)
            continue
        fonts.register(family)
        # A space at the end of the run belongs to the text around it.
        inner = run.rstrip(" ")
        parts.append(f'<span style="font-family: {family}">{inner}</span>{run[len(inner) :]}')
    return "".join(parts)


def _runs(text: str, main: Family) -> Iterator[tuple[str, str]]:
    """``text`` in runs of one family each. A space stays with the letters before it."""
    others = _others(main)
    of_marks = main.name if ord(MARK) in fonts.codes(main.regular) else fonts.TEXT_WITH_MARKS
    current, run = main.name, ""
    for cluster in _drawable(text, main):
        # Letters of one text keep its font where it has them: others have some of the same.
        stays = cluster == " " or (current != main.name and others.search(cluster) and _has(current, cluster))
        family = current if stays else _family(cluster, main) or ""
        shown = cluster if family else _marked(cluster)
        family = family or of_marks
        if family == main.name:
            shown = "".join(letter for letter in shown if letter in DIRECTIONS or not _is_ignored(letter))
        if family != current:
            if run:
                yield current, run
            current, run = family, ""
        run += shown
    if run:
        yield current, run


def _drawable(text: str, main: Family) -> Iterator[str]:
    """The clusters of ``text``; the letters of one that no family has as a whole are drawn one after the other."""
    for cluster in clusters.of(text):
        if _family(cluster, main) is None and all(_family(letter, main) for letter in cluster):
            yield from cluster
        else:
            yield cluster


def _marked(cluster: str) -> str:
    return "".join(letter if _family(letter) else MARK for letter in cluster if not _is_invisible(letter))


@lru_cache(maxsize=50_000)
def _family(cluster: str, main: Family = MAIN) -> str | None:
    """The first family that has all letters of ``cluster``."""
    visible = frozenset(ord(letter) for letter in cluster if not _is_invisible(letter))
    if not visible:
        return main.name
    families = (main, *fonts.FAMILIES[1:])
    if IDEOGRAPH.search(cluster):
        families = (*(family for family in families if family.name == fonts.HAN), *families)
    if EMOJI_STYLE in cluster or max(visible) >= FIRST_EMOJI:
        families = (*(family for family in families if family.name == fonts.EMOJI), *families)
    for family in families:
        if family is main and len(visible) > 1:
            continue  # marks want a font that can place them
        if visible <= fonts.codes(family.regular):
            return family.name
    return None


@lru_cache(maxsize=50_000)
def _has(name: str, cluster: str) -> bool:
    """True for a family of letters, other than those of plain text, that has all of ``cluster``."""
    visible = frozenset(ord(letter) for letter in cluster if not _is_invisible(letter))
    return name not in (fonts.TEXT, fonts.EMOJI) and any(
        family.name == name and visible <= fonts.codes(family.regular) for family in fonts.FAMILIES
    )


def _composed(text: str) -> str:
    """Letters and their marks as one character where Unicode has it; Arabic letters without their old drawn forms."""
    composed = unicodedata.normalize("NFC", text)
    return re.sub(
        "[\ufb1d-\ufdff\ufe70-\ufefc]+", lambda found: unicodedata.normalize("NFKC", found[0]), composed
    )


def _is_invisible(letter: str) -> bool:
    return unicodedata.category(letter) in INVISIBLE or ord(letter) in clusters.JOINERS


def _is_ignored(letter: str) -> bool:
    return unicodedata.category(letter) == "Cf" or ord(letter) in clusters.JOINERS


def _name(letter: str) -> str:
    return unicodedata.name(letter, f"U+{ord(letter):04X}").lower()
