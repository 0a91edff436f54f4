"""What we know before Autotask is asked: links, people's answers, and creates whose response was lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.models import Link
from webapp.services.autotask.known.links import LinkKey, key_of, records_of
from webapp.services.autotask.known.observation import RemoteRecord
from webapp.services.autotask.wanted.desired import Desired, DesiredRecord, Ref
from webapp.services.autotask.wanted.keys import RecordKey

Answer = Callable[[LinkKey], int | None]


@dataclass(frozen=True)
class Doubt:
    """A create whose response was lost: the fields sent, and when the call has surely ended in Autotask."""

    sent: dict[str, Any]
    until: datetime | None = None


@dataclass(frozen=True)
class Evidence:
    """The evidence for the records of one quote, by the desired record's key.

    ``linked``: records that a link names. ``unconfirmed``: linked records that new records would depend on, so Autotask
    is asked first whether they still exist and are active. ``answers``: what a person picked for a local record (0:
    none of them). ``in_doubt``: every create whose response was lost, oldest first; any of them may have worked.
    """

    desired: Desired
    links: Mapping[LinkKey, Link]
    linked: Mapping[RecordKey, RemoteRecord]
    unconfirmed: Mapping[RecordKey, RemoteRecord]
    answers: Answer
    in_doubt: Mapping[RecordKey, Sequence[Doubt]]

    def is_linked(self, record: DesiredRecord) -> bool:
        """True when a link names the record and needs no confirmation."""
        return record.key in self.linked

    def picked(self, record: DesiredRecord) -> int | None:
        """The id that an unconfirmed link or a person's answer names; 0: a person picked none of them."""
        unconfirmed = self.unconfirmed.get(record.key)
        return unconfirmed.remote_id if unconfirmed is not None else self.answers(key_of(record))


def gather(
    desired: Desired,
    links: Mapping[LinkKey, Link],
    answers: Answer,
    in_doubt: Mapping[RecordKey, Sequence[Doubt]],
) -> Evidence:
    """Sort the links into confirmed and unconfirmed ones."""
    by_key = {record.key: links.get(key_of(record)) for record in records_of(desired)}
    depended_on = _depended_on(desired, by_key)
    linked: dict[RecordKey, RemoteRecord] = {}
    unconfirmed: dict[RecordKey, RemoteRecord] = {}
    for key, link in by_key.items():
        if link is not None:
            (unconfirmed if key in depended_on else linked)[key] = RemoteRecord.of(link)
    return Evidence(desired, links, linked, unconfirmed, answers, in_doubt)


def _depended_on(desired: Desired, by_key: Mapping[RecordKey, Link | None]) -> set[RecordKey]:
    """Keys of the company, contact and catalog items that a new quote or a new item would depend on."""
    keys: set[RecordKey] = set()
    if by_key[desired.quote.key] is None:
        keys |= {record.key for record in (desired.company, desired.contact) if record is not None}
    for record in (desired.quote, desired.opportunity):
        own = by_key[record.key]
        for name, value in record.fields.items():
            link = by_key.get(value.key) if isinstance(value, Ref) and own is not None else None
            if link is not None and own is not None and own.pushed.get(name) != link.remote_id:
                # The quote's contact is another one than before.
                keys |= {value.key} & {
                    one.key for one in (desired.company, desired.contact) if one is not None
                }
    for item in desired.items:
        item_link = by_key[item.key]
        pushed = item_link.pushed if item_link is not None else {}
        for name, value in item.fields.items():
            if isinstance(value, Ref):
                link = by_key[value.key]
                # A line may also be another item than before: of another kind, or of another product.
                if link is not None and pushed.get(name) != link.remote_id:
                    keys.add(value.key)
    return keys
