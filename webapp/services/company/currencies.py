"""The currency that the company sells in, and those it quotes in beside it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from babel.core import get_global

from webapp.services.company import app_settings
from webapp.services.core.fields import Reader


@cache
def in_use() -> tuple[str, ...]:
    """The codes of all currencies that are legal tender somewhere today (Unicode CLDR)."""
    every = (entry for entries in get_global("territory_currencies").values() for entry in entries)
    return tuple(sorted({code for code, _start, end, is_tender in every if end is None and is_tender}))


def of_company() -> str:
    """The code of the company's currency: for items and new quotes."""
    profile, _ = app_settings.get(app_settings.COMPANY_PROFILE)
    return str(profile["currency"])


def allowed() -> list[str]:
    """The codes that a quote can be in, the company's own first."""
    profile, _ = app_settings.get(app_settings.COMPANY_PROFILE)
    return [str(profile["currency"]), *map(str, profile["other_currencies"])]


def read(reader: Reader, before: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The company's currency and the others (“CAD, EUR”) from a form; errors stay with ``reader``.

    ``before``: the stored profile, for a form without these fields.
    """
    own = reader.choice("currency", in_use(), str(before["currency"]))
    if not reader.has("other_currencies"):
        return own, list(before["other_currencies"])
    typed = reader.text("other_currencies", 200).upper().replace(",", " ").replace(";", " ").split()
    others = [code for code in dict.fromkeys(typed) if code != own]
    unknown = [code for code in others if code not in in_use()]
    if unknown:
        reader.fail(
            "other_currencies",
            f"“{unknown[0]}” isn't a currency code. Enter codes such as CAD, EUR, separated by commas.",
        )
    return own, others
