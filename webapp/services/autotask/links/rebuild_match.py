"""Matching the Autotask records of one quote with ours. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from webapp.services.autotask.api.client import Record
from webapp.services.autotask.api.values import is_equal, plain
from webapp.services.autotask.known.company_matching import normalized
from webapp.services.autotask.known.links import LinkKey, key_of
from webapp.services.autotask.known.match_quote import has_our_name
from webapp.services.autotask.known.quote_items import pair_by_name
from webapp.services.autotask.links.rows import written
from webapp.services.autotask.push.wording import ENTITIES
from webapp.services.autotask.wanted.desired import Desired, DesiredRecord, Ref
from webapp.services.autotask.wanted.keys import RecordKey
from webapp.services.autotask.wanted.opportunity import ENDING


@dataclass(frozen=True)
class Remote:
    """Autotask's records for a batch. ``taken``: Autotask records that are already linked, and to which of ours."""

    quotes: list[Record]
    items: list[Record]
    opportunities: dict[int, Record]
    companies: dict[int, Record]
    contacts: dict[int, Record]
    locations: dict[int, Record]
    attachments: list[Record]
    taken: dict[tuple[str, int], LinkKey]


@dataclass(frozen=True)
class Found:
    """A link that can be stored. ``ours``, ``remote_name``: both records in words; ``pushed``: Autotask's values."""

    key: LinkKey
    remote_id: int
    parent_id: int | None
    ours: str
    remote_name: str
    pushed: dict[str, Any] = field(default_factory=dict)


@dataclass
class Hints:
    """The links found for one quote. ``is_absent``: Autotask has no quote with its number."""

    found: list[Found] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    is_absent: bool = False


def match(desired: Desired, linked: Mapping[LinkKey, int], remote: Remote) -> Hints:
    """Match one quote and its related records."""
    return _Matcher(desired, linked, remote).run()


def _surely_pushed(opportunity: DesiredRecord, row: Record) -> Record:
    """The opportunity without an end that our open quote would take back: a person may have ended it."""
    ends = {
        name
        for name, (earlier, _) in opportunity.replaces.items()
        if any(is_equal(one, row.get(name)) for one in earlier)
    }
    ends |= {name for name in ENDING if name in opportunity.fields and opportunity.fields[name] is None}
    return {name: value for name, value in row.items() if name not in ends}


class _Matcher:
    def __init__(self, desired: Desired, linked: Mapping[LinkKey, int], remote: Remote) -> None:
        self._desired = desired
        self._linked = linked
        self._remote = remote
        self.hints = Hints()

    def run(self) -> Hints:
        row = self._quote()
        if row is not None:
            self._opportunity(row)
            company_id = self._company(row)
            self._contact(row, company_id)
            self._locations(row)
            self._goods(self._items(row))
            self._attachment(row)
        return self.hints

    def _lacks(self, wish: DesiredRecord | None) -> bool:
        return wish is not None and key_of(wish) not in self._linked

    def _keep(self, wish: DesiredRecord, row: Record, remote_name: str, parent_id: int | None = None) -> None:
        """Note a link, unless the Autotask record is linked to another record of ours."""
        entity, number = wish.entity, int(row["id"])
        holder = self._remote.taken.get((entity, number))
        kind = ENTITIES[entity]
        if holder is not None:
            self.hints.unclear.append(
                f"The {kind} {number} matches, but it's already linked to {written(holder.local)}."
            )
            return
        names = {**wish.initial, **wish.fields, **wish.fill}
        pushed = plain({name: row[name] for name in names if row.get(name) is not None})
        ours = wish.title if entity == "QuoteItems" else f"{kind} “{wish.title}”"
        self.hints.found.append(Found(key_of(wish), number, parent_id, ours, remote_name, pushed))

    def _quote(self) -> Record | None:
        wish = self._desired.quote
        known = self._linked.get(key_of(wish))
        if known is not None:
            row = next((row for row in self._remote.quotes if int(row["id"]) == known), None)
            if row is None:
                self.hints.unclear.append(
                    f"It's linked to the quote {known}, which is no longer in Autotask."
                )
            return row
        number = str(wish.initial["externalQuoteNumber"])
        rows = [row for row in self._remote.quotes if str(row.get("externalQuoteNumber")) == number]
        named = [row for row in rows if has_our_name(row, wish)]
        if len(named) == 1:
            before = len(self.hints.found)
            self._keep(wish, named[0], str(named[0].get("name") or ""))
            return named[0] if len(self.hints.found) > before else None
        self.hints.is_absent = not rows
        if named:
            ids = ", ".join(str(row["id"]) for row in named)
            self.hints.unclear.append(f"Several quotes in Autotask have its number and name: {ids}.")
        for row in [] if named else rows:
            self.hints.unclear.append(
                f"The quote {row['id']} in Autotask has its number {number}, but a different name: “{row.get('name')}”."
            )
        return None

    def _opportunity(self, quote: Record) -> None:
        wish = self._desired.opportunity
        row = self._remote.opportunities.get(int(quote.get("opportunityID") or -1))
        if row is None:
            return
        if self._lacks(wish):
            self._keep(wish, _surely_pushed(wish, row), str(row.get("title") or ""))
        elif self._linked[key_of(wish)] != int(row["id"]):
            self.hints.unclear.append(
                f"It's linked to the opportunity {self._linked[key_of(wish)]}, but its quote belongs to {row['id']}."
            )

    def _company(self, quote: Record) -> int | None:
        """The quote's company, if it matches ours."""
        wish = self._desired.company
        row = self._remote.companies.get(
            int(quote["companyID"]) if quote.get("companyID") is not None else -1
        )
        if wish is None or row is None:
            return None
        if not self._lacks(wish):
            return self._linked[key_of(wish)]
        name = str(row.get("companyName") or "")
        if normalized(name) != normalized(wish.title):
            self.hints.unclear.append(
                f"Its company is “{name}” ({row['id']}) in Autotask, but “{wish.title}” here. They aren't linked."
            )
            return None
        self._keep(wish, row, name)
        return int(row["id"])

    def _contact(self, quote: Record, company_id: int | None) -> None:
        wish = self._desired.contact
        row = self._remote.contacts.get(int(quote.get("contactID") or -1))
        if wish is None or row is None or company_id is None or not self._lacks(wish):
            return
        name = f"{row.get('firstName') or ''} {row.get('lastName') or ''}".strip()
        email = str(wish.initial.get("emailAddress") or "").casefold()
        same_email = bool(email) and str(row.get("emailAddress") or "").casefold() == email
        if same_email or (not email and name.casefold() == wish.title.casefold()):
            self._keep(wish, row, name, int(row["companyID"]))
        else:
            self.hints.unclear.append(
                f"Its contact is {name} ({row['id']}) in Autotask, but {wish.title} here. They aren't linked."
            )

    def _locations(self, quote: Record) -> None:
        keys = {
            value.key: quote.get(name)
            for name, value in self._desired.quote.fields.items()
            if isinstance(value, Ref) and value.key.is_location
        }
        for wish in self._desired.locations:
            row = self._remote.locations.get(int(keys.get(wish.key) or -1))
            if row is None or not self._lacks(wish):
                continue
            # A location with a different address doesn't match; the next push creates a new location.
            if all(is_equal(value, row.get(name)) for name, value in wish.fields.items()):
                self._keep(wish, row, str(row.get("address1") or ""))

    def _items(self, quote: Record) -> dict[RecordKey, Record]:
        """Autotask's rows of the quote's lines by our record's key, including linked rows."""
        rows = {int(row["id"]): row for row in self._remote.items if int(row["quoteID"]) == int(quote["id"])}
        matched: dict[RecordKey, Record] = {}
        open_wishes = []
        for wish in self._desired.items:
            if self._lacks(wish):
                open_wishes.append(wish)
            elif self._linked[key_of(wish)] in rows:
                matched[wish.key] = rows.pop(self._linked[key_of(wish)])
        found = pair_by_name(open_wishes, rows.values())
        for wish in open_wishes:
            if wish.key in found:
                matched[wish.key] = self._take_item(wish, found[wish.key], quote, rows)
        for wish in open_wishes:
            fitting = [row for row in rows.values() if is_equal(wish.fields.get("name"), row.get("name"))]
            if wish.key in found:
                continue
            if fitting:
                ids = ", ".join(str(row["id"]) for row in fitting)
                self.hints.unclear.append(
                    f"{_start(wish.title)} matches several items: {ids}. It isn't linked."
                )
            else:
                self.hints.unclear.append(
                    f"{_start(wish.title)} isn't in Autotask's quote. The next sync creates it."
                )
        return matched

    def _take_item(self, wish: DesiredRecord, row: Record, quote: Record, rows: dict[int, Record]) -> Record:
        self._keep(wish, row, str(row.get("name") or ""), int(quote["id"]))
        return rows.pop(int(row["id"]))

    def _goods(self, items: Mapping[RecordKey, Record]) -> None:
        """Products and services, by the ids on the matched items."""
        wishes = {item.record.key: item.record for item in self._desired.catalog_items}
        for item in self._desired.items:
            row = items.get(item.key)
            for name, value in item.fields.items():
                wish = wishes.get(value.key) if isinstance(value, Ref) else None
                if row is None or wish is None or not self._lacks(wish) or row.get(name) is None:
                    continue
                found = Found(
                    key_of(wish),
                    int(row[name]),
                    None,
                    f"{ENTITIES[wish.entity]} “{wish.title}”",
                    str(row["name"]),
                )
                self.hints.found.append(found)

    def _attachment(self, quote: Record) -> None:
        wish = self._desired.attachment
        if not self._lacks(wish):
            return
        title, opportunity_id = wish.initial["title"], quote.get("opportunityID")
        rows = [
            row
            for row in self._remote.attachments
            if row.get("title") == title and opportunity_id in (row.get("opportunityID"), row.get("parentID"))
        ]
        if rows:
            # The same PDF under the same name, so it makes no difference which is linked.
            newest = max(rows, key=lambda row: int(row["id"]))
            self._keep(wish, newest, str(title), int(opportunity_id or 0))


def _start(text: str) -> str:
    return text[:1].upper() + text[1:]
