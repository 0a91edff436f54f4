"""Since when the price and the cost of an item are right, and how old that is."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import ColumnElement

from webapp.models import Item, QuoteLine, db
from webapp.services.company import place, profile
from webapp.services.core.fields import Reader
from webapp.services.core.formatting import plural

# Each amount, and the field with its date.
DATED = {"unit_price": "price_date", "unit_cost": "cost_date"}
MONTHS_UNTIL = 24


def read(reader: Reader, name: str) -> date | None:
    """The date from a form; an error for one that is still to come."""
    day = reader.day(name)
    if day is not None and day > place.today():
        reader.fail(name, "Enter today's date or an earlier one.")
    return day


def amounts(item: Item | QuoteLine) -> dict[str, object]:
    """What ``follow`` compares: the amounts and their dates."""
    return {name: getattr(item, name) for pair in DATED.items() for name in pair}


def follow(item: Item | QuoteLine, before: dict[str, object]) -> None:
    """Date an amount today that changed, unless its date changed with it. ``before``: ``amounts``, empty if new."""
    for amount, day in DATED.items():
        value = getattr(item, amount)
        is_new = value != before[amount] if before else bool(value)
        if is_new and getattr(item, day) == before.get(day):
            setattr(item, day, place.today())


def age(day: date, today: date) -> str:
    """“today”, “12 days ago”, “14 months ago”, “3 years ago”."""
    days = (today - day).days
    if days < 1:
        return "today"
    if days < 60:
        return f"{plural(days, 'day')} ago"
    months = (today.year - day.year) * 12 + today.month - day.month - (today.day < day.day)
    if months < MONTHS_UNTIL:
        return f"{plural(months, 'month')} ago"
    return f"{plural(months // 12, 'year')} ago"


def is_stale(item: Item, today: date) -> bool:
    """True where the item's cost is old, or has no date."""
    return bool(item.unit_cost) and (item.cost_date is None or item.cost_date < today - _kept())


def _kept() -> timedelta:
    """How long a cost is good; an older one should be asked for again."""
    return timedelta(days=profile.old_cost_days())


def stale(today: date) -> ColumnElement[bool]:
    """``is_stale`` as a condition."""
    old: ColumnElement[bool] = db.and_(
        Item.unit_cost != 0, db.or_(Item.cost_date.is_(None), Item.cost_date < today - _kept())
    )
    return old
