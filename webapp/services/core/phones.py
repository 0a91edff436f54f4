"""Phone numbers: the number and its extension (package phonenumbers)."""

from __future__ import annotations

import re

import phonenumbers

# The words before an extension, in the languages that phonenumbers reads.
_MARK = re.compile(
    r"(?:[\s,;:(/]|\b)*(?:;ext=|extension|extn?\.?|e?xt\.?|x|#|int\.?|anexo|доб\.?)?[\s.:=)]*$", re.IGNORECASE
)


def split(text: str, region: str = "US") -> tuple[str, str]:
    """The number as written, and its extension: ``("(212) 555-0100", "200345")``. Without one, ``(text, "")``.

    ``region``: the country whose national numbers are understood.
    """
    try:
        extension = phonenumbers.parse(text, region).extension
    except phonenumbers.NumberParseException:
        return text, ""
    if not extension:
        return text, ""
    before = text[: text.rindex(extension)]
    return _MARK.sub("", before).rstrip(" ,;("), extension


def digits(text: str) -> str:
    """The digits of a number, without its extension."""
    return re.sub(r"\D", "", split(text)[0])
