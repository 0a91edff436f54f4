"""Three-way comparison: the last pushed values, ours now, and Autotask's now. Pure.

A difference is drift when Autotask has left the pushed value and doesn't match ours by chance. Our own changes that
aren't pushed yet are no drift; the next push writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from webapp.models.drift import ADDED, CHANGED, GONE
from webapp.models.local_key import LocalKey
from webapp.services.autotask.api.client import Record
from webapp.services.autotask.api.values import equals_pushed, is_equal, plain
from webapp.services.autotask.known import quote_items
from webapp.services.autotask.known.links import LinkKey, key_of
from webapp.services.autotask.known.observation import RemoteRecord
from webapp.services.autotask.wanted import positions
from webapp.services.autotask.wanted.desired import Desired, DesiredRecord, Ref
from webapp.services.autotask.wanted.keys import RecordKey

# Only sent when the record is created, so Autotask's users own them afterwards; a change is still worth reporting.
WATCHED: dict[str, tuple[str, ...]] = {
    "Opportunities": ("title", "status"),
    "Quotes": ("externalQuoteNumber", "primaryQuote"),
    "QuoteItems": (),
}
# What another quote decides while it rules the opportunity.
RULED = ("status", "primaryQuote")


@dataclass(frozen=True)
class Remote:
    """One quote's records in Autotask; None for a record that isn't there."""

    opportunity: Record | None
    quote: Record | None
    items: list[Record]


@dataclass(frozen=True)
class Difference:
    """One difference. ``local`` is None for a line added in Autotask; values are JSON values."""

    kind: str
    entity: str
    remote_id: int
    title: str
    local: LocalKey | None = None
    field: str = ""
    base: Any = None
    ours: Any = None
    theirs: Any = None


def compare(desired: Desired, linked: Mapping[LinkKey, RemoteRecord], remote: Remote) -> list[Difference]:
    """Every difference of the opportunity, the quote and its lines, in this order."""
    return list(_Comparison(desired, linked, remote).run())


def is_held(wish: DesiredRecord, name: str) -> bool:
    """True when pushes keep the field equal to ours; otherwise it is only watched."""
    return name in wish.fields


class _Comparison:
    def __init__(self, desired: Desired, linked: Mapping[LinkKey, RemoteRecord], remote: Remote) -> None:
        self._desired = desired
        self._linked = linked
        self._remote = remote
        wishes = (
            desired.company,
            desired.contact,
            desired.opportunity,
            *desired.locations,
            desired.quote,
            *(goods.record for goods in desired.catalog_items),
            *desired.items,
        )
        self._ids = {
            wish.key: linked[key_of(wish)].remote_id
            for wish in wishes
            if wish is not None and key_of(wish) in linked
        }

    def run(self) -> Iterator[Difference]:
        yield from self._record(self._desired.opportunity, self._remote.opportunity)
        yield from self._record(self._desired.quote, self._remote.quote)
        if self._remote.quote is not None:
            # A deleted quote's lines are deleted with it.
            yield from self._items()

    def _record(self, wish: DesiredRecord, row: Record | None) -> Iterator[Difference]:
        link = self._linked.get(key_of(wish))
        if link is None:
            return
        if row is None:
            yield Difference(GONE, wish.entity, link.remote_id, wish.title, wish.local, ours=wish.title)
            return
        yield from self._fields(wish, link, row)

    def _fields(self, wish: DesiredRecord, link: RemoteRecord, row: Record) -> Iterator[Difference]:
        watched = {
            name: wish.initial.get(name)
            for name in WATCHED[wish.entity]
            if name not in wish.fields and (self._desired.rules or name not in RULED)
        }
        for name, value in {**wish.fields, **watched}.items():
            base, theirs = link.pushed.get(name), row.get(name)
            ours = self._ids.get(value.key) if isinstance(value, Ref) else value
            if base is None or ours is None:
                # Never pushed, or empty here: the value there is Autotask's default.
                continue
            if same_value(name, theirs, base) or same_value(name, ours, theirs):
                continue
            values = plain({"base": base, "ours": ours, "theirs": theirs})
            yield Difference(CHANGED, wish.entity, link.remote_id, wish.title, wish.local, name, **values)

    def _items(self) -> Iterator[Difference]:
        rows = {int(row["id"]): row for row in self._remote.items}
        linked = {
            wish.key: self._linked[key_of(wish)]
            for wish in self._desired.items
            if key_of(wish) in self._linked
        }
        ours = quote_items.numbers(self._desired, linked)
        moved = self._moved(linked, rows)
        for wish in self._desired.items:
            if wish.key not in linked:
                continue
            fields = {name: value for name, value in wish.fields.items() if name != positions.FIELD}
            if wish.key in moved:
                fields[positions.FIELD] = ours.get(wish.key)
            yield from self._record(replace(wish, fields=fields), rows.get(linked[wish.key].remote_id))
        known = {link.remote_id for key, link in self._linked.items() if key.entity == "QuoteItems"}
        for number, row in rows.items():
            if number not in known:
                shown = {name: row.get(name) for name in ("name", "quantity", "unitPrice")}
                yield Difference(
                    ADDED, "QuoteItems", number, str(row.get("name") or f"item {number}"), theirs=plain(shown)
                )

    def _moved(self, linked: Mapping[RecordKey, RemoteRecord], rows: Mapping[int, Record]) -> set[RecordKey]:
        """Keys of the items that someone moved in Autotask; none as long as all are in our order, whatever numbers."""
        present = {
            wish.key: rows[linked[wish.key].remote_id].get(positions.FIELD)
            for wish in self._desired.items
            if wish.key in linked and linked[wish.key].remote_id in rows
        }
        ordered = positions.assign([int(number) if number else None for number in present.values()])
        moved = {
            key for (key, number), right in zip(present.items(), ordered, strict=True) if number != right
        }
        changed = {
            key for key, number in present.items() if number != linked[key].pushed.get(positions.FIELD)
        }
        return moved and (moved & changed or changed)


def same_value(name: str, one: Any, other: Any) -> bool:
    """Like ``values.is_equal`` for JSON values; a day may come back as a time on that day in Autotask's time zone."""
    if equals_pushed(one, other) or equals_pushed(other, one) or is_equal(one, other):
        return True
    if name.endswith("Date") and isinstance(one, str) and isinstance(other, str):
        try:
            apart = datetime.fromisoformat(one) - datetime.fromisoformat(other)
        except (ValueError, TypeError):
            return False
        return abs(apart) < timedelta(days=1)
    return False
