"""Which passwords are accepted: not short, not common, and not built from words that anyone would try here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from webapp.services.company import profile
from webapp.services.core.errors import Invalid

SHORTEST, LONGEST = 10, 200
PRODUCT = ("Quotewright", "Autotask")
# What has to be left of a password besides the words of its surroundings.
OWN_LETTERS = 8
OWN_CHARACTERS = 4

LENGTH = f"Use {SHORTEST} to {LONGEST} characters. A few words in a row are easy to remember."
COMMON = "This password is too common: it's among the first that are tried. Use a few words that you choose."
CONTEXT = (
    "This password is built from your name or email, the company or the product. Use a few words that have "
    "nothing to do with them."
)

_LIST = Path(__file__).parent / "vendor" / "common-passwords" / "passwords.txt"
# As people write letters with digits and signs. A 1 can be an i or an l, so these are one letter here.
_LEET = str.maketrans("04356789@$!|1l+", "oaesgtbgasiiiit")


def check(password: str, about: Iterable[str] = ()) -> str:
    """Return ``password`` if it's accepted. ``about``: its person's name and address. Raises Invalid."""
    sentence = _problem(password, (*about, *PRODUCT, str(profile.current()[0].get("name") or "")))
    if sentence:
        raise Invalid("The password wasn't accepted.", {"password": sentence})
    return password


def _problem(password: str, context: Iterable[str]) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        return LENGTH
    if _letters_left(password.casefold(), context) < OWN_LETTERS:
        return CONTEXT
    return COMMON if _is_common(password.casefold()) else ""


@cache
def common() -> frozenset[str]:
    """The list, with simple variants as one."""
    return frozenset(_plain(_LIST.read_text(encoding="utf-8").casefold()).splitlines())


def _is_common(password: str) -> bool:
    """True for one of the list and its simple variants: in leet, and with digits or signs around it."""
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", password)
    return (
        len(set(password)) < OWN_CHARACTERS
        or not core
        or any(_plain(text) in common() for text in (password, core))
    )


def _letters_left(password: str, context: Iterable[str]) -> int:
    """How many letters ``password`` has besides words of ``context``; a large number if it has no such word."""
    chars = [char for char in password if char.isalnum() or ord(char) in _LEET]
    text, found = _plain("".join(chars)), False
    for word in _words(context):
        while (place := text.find(word)) >= 0:
            found = True
            # A blank keeps what is around the word from making another.
            text = text[:place] + " " + text[place + len(word) :]
            chars[place : place + len(word)] = [" "]
    return sum(char.isalpha() for char in chars) if found else LONGEST


def _plain(text: str) -> str:
    return text.translate(_LEET)


def _words(context: Iterable[str]) -> list[str]:
    """The words of at least four letters in ``context``, and each text as one word; the longest first."""
    found: set[str] = set()
    for text in context:
        parts = re.findall(r"[^\W_]+", text.casefold())
        found |= {_plain(part) for part in ("".join(parts), *parts) if len(part) >= 4}
    return sorted(found, key=len, reverse=True)
