"""Long lists to choose from, which several forms share."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel import Locale
from babel.numbers import get_currency_name
from wtforms.fields import SelectChoice

from webapp.services.catalog import tax_codes
from webapp.services.company import currencies
from webapp.services.core import place as places
from webapp.services.core.formatting import day, quantity
from webapp.services.core.place import Place

EXAMPLE_NUMBER, EXAMPLE_DAY = Decimal("1234.5"), date(2026, 11, 30)


def time_zone_choices(none: str = "") -> list[SelectChoice]:
    """All time zones; ``none``: the label of an empty first choice."""
    first = [SelectChoice("", none)] if none else []
    return first + [SelectChoice(name, name.replace("_", " ")) for name in places.time_zones()]


def locale_choices() -> list[SelectChoice]:
    """The number and date formats: “1,234.5 · Nov 30, 2026 (United States, English)”."""
    choices = []
    for name in places.LOCALES:
        locale, place = Locale.parse(name), Place(locale=name)
        example = f"{quantity(EXAMPLE_NUMBER, place)} · {day(EXAMPLE_DAY, place)}"
        where = f"{locale.get_territory_name('en')}, {locale.get_language_name('en')}"
        choices.append(SelectChoice(name, f"{example} ({where})"))
    return choices


def currency_choices() -> list[SelectChoice]:
    """The currencies in use today: “USD – US Dollar”."""
    return [
        SelectChoice(code, f"{code} – {get_currency_name(code, locale='en_US')}")
        for code in currencies.in_use()
    ]


def default_tax_choices() -> list[SelectChoice]:
    """No tax, or an active tax code."""
    codes = [SelectChoice(str(code.id), code.name) for code in tax_codes.usable()]
    return [SelectChoice("", "None"), *codes]


def paper_choices() -> list[SelectChoice]:
    """The sizes of paper."""
    return [SelectChoice(name, label) for name, label in places.PAPERS.items()]
