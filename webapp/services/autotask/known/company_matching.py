"""When two names, phone numbers or web addresses are the same although they are written differently. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

_LEGAL_FORMS = re.compile(
    r"\b(inc|incorporated|llc|llp|ltd|limited|corp|corporation|co|company|gmbh|ag|plc|pty)\b"
)


def normalized(name: str) -> str:
    """A company name without case, punctuation and legal form."""
    words = re.sub(r"[^\w\s]", " ", name.casefold().replace("&", " and "))
    return " ".join(_LEGAL_FORMS.sub(" ", words).split())


def digits(phone: str) -> str:
    """The digits of a phone number, without an extension behind it."""
    return re.sub(r"\D", "", re.split(r"(?i)\b(?:ext|x)", phone)[0])


def same_phone(one: str, other: str) -> bool:
    """True for the same number however it is written; a country code may stand before one of them alone."""
    short, long = sorted((digits(one), digits(other)), key=len)
    return long == short or (len(short) >= 7 and len(long) - len(short) <= 3 and long.endswith(short))


def host(address: str) -> str:
    """The host of a web address, without “www.”, whatever stands around it."""
    bare = re.sub(r"^\w+://", "", address.strip().lower())
    return re.split(r"[/?#:]", bare)[0].removeprefix("www.")


def first_word(name: str) -> str:
    """What a name begins with, up to a blank, a comma, a dot or an ampersand."""
    return re.split(r"[\s,.&]", name.strip(), maxsplit=1)[0] or name


def whereabouts(row: Mapping[str, object]) -> str:
    """Where a company of Autotask is, for a person who is to tell it from another."""
    return ", ".join(str(row[name]) for name in ("city", "state", "phone") if row.get(name))
