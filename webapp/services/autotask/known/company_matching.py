"""Compare company names, phone numbers and web addresses that may be written differently. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from webapp.models import names
from webapp.services.core.phones import digits

_LEGAL_FORMS = re.compile(
    r"\b(inc|incorporated|llc|llp|lp|pllc|ltd|limited|corp|corporation|co|company|gmbh|mbh|ag|kg|ohg|ug|plc|pty|pte|"
    r"pvt|sa|sas|sarl|srl|spa|bv|nv|ab|oy|aps|oü|sro)\b"
)


def normalized(name: str) -> str:
    """A company name in lower case, without punctuation and legal form."""
    dotless = re.sub(r"[.']", "", names.folded(name).replace("&", " and "))
    words = re.sub(r"[^\w\s]", " ", dotless)
    return " ".join(_LEGAL_FORMS.sub(" ", words).split())


def same_phone(first: str, second: str) -> bool:
    """True for the same number, however it is written; one of the two may lack the country code."""
    short, long = sorted((digits(first), digits(second)), key=len)
    return long == short or (len(short) >= 7 and len(long) - len(short) <= 3 and long.endswith(short))


def host(address: str) -> str:
    """The host of a web address, without “www.”, scheme and path."""
    bare = re.sub(r"^\w+://", "", address.strip().lower())
    return re.split(r"[/?#:]", bare)[0].removeprefix("www.")


def first_word(name: str) -> str:
    """The beginning of a name, up to a space, a comma, a period or an ampersand."""
    return re.split(r"[\s,.&]", name.strip(), maxsplit=1)[0] or name


def describe_location(row: Mapping[str, object]) -> str:
    """City, state and phone of an Autotask company, for a person who must pick one of several."""
    return ", ".join(str(row[name]) for name in ("city", "state", "phone") if row.get(name))
