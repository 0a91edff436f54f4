"""Items of ours whose line was removed, and items that exist in Autotask without a link."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from webapp.models import Link, local_key
from webapp.models.local_key import LocalKey
from webapp.services.autotask.api.client import Client, Record, condition
from webapp.services.autotask.api.values import canonical
from webapp.services.autotask.known.links import LinkKey
from webapp.services.autotask.known.natural_keys import agrees, was_sent
from webapp.services.autotask.known.observation import RemoteRecord
from webapp.services.autotask.wanted import positions
from webapp.services.autotask.wanted.desired import Desired, DesiredRecord
from webapp.services.autotask.wanted.keys import RecordKey

ENTITY = "QuoteItems"
_NEW = RemoteRecord(0)


def removed_lines(
    desired: Desired, links: Mapping[LinkKey, Link], quote: RemoteRecord | None
) -> dict[LocalKey, RemoteRecord]:
    """Linked items whose line the quote no longer has, by local key."""
    wanted = {item.local for item in desired.items}
    return {
        key.local: replace(
            RemoteRecord.of(link),
            parent_id=link.remote_parent_id or (quote.remote_id if quote else None),
        )
        for key, link in links.items()
        if key.entity == ENTITY and key.local.quote_id == desired.quote_id and key.local not in wanted
    }


def unlinked_rows(client: Client, links: Mapping[LinkKey, Link], quote: RemoteRecord) -> list[Record]:
    """The quote's items in Autotask that no link names. Raises AutotaskError."""
    linked = {link.remote_id for key, link in links.items() if key.entity == ENTITY}
    rows = client.query(ENTITY, [condition("eq", "quoteID", quote.remote_id)])
    return [row for row in rows if int(row["id"]) not in linked]


def retired(quote_id: int, remote_id: int) -> LocalKey:
    """The local key of an item that no line stands for any more, so that every push knows it until it is gone."""
    return local_key.retired(quote_id, remote_id)


def pair(
    rows: list[Record], sent_by_key: Mapping[RecordKey, Sequence[dict[str, Any]]]
) -> Iterator[tuple[RecordKey, Record, bool]]:
    """Each key with a row that agrees with fields sent for it, the newest fields first; each row serves once.

    The flag is True when the row has everything that was sent, so that it can only be ours.
    """
    rest = list(rows)
    for key, sents in sent_by_key.items():
        for sent in reversed(sents):
            agreeing = [row for row in rest if agrees(ENTITY, sent, row)]
            whole = [row for row in agreeing if was_sent(sent, row)]
            for row in (whole or agreeing)[:1]:
                rest.remove(row)
                yield key, row, bool(whole)


def pair_by_name(items: Iterable[DesiredRecord], rows: Iterable[Record]) -> dict[RecordKey, Record]:
    """The row of each item, by key, where only names and the order can tell.

    Items of the same name are told apart by their order if Autotask has as many of them, else by the number that a new
    quote gives them. An item that fits several rows is left out.
    """
    wanted: dict[Any, list[DesiredRecord]] = {}
    present: dict[Any, list[Record]] = {}
    for item in items:
        wanted.setdefault(canonical(item.fields["name"]), []).append(item)
    for row in rows:
        present.setdefault(canonical(row.get("name")), []).append(row)
    found: dict[RecordKey, Record] = {}
    for name, same in wanted.items():
        fitting = sorted(present.get(name, []), key=_number)
        if len(same) == len(fitting) == len({_number(row) for row in fitting}):
            found |= {item.key: row for item, row in zip(same, fitting, strict=True)}
            continue
        for item in same:
            exact = [row for row in fitting if agrees(ENTITY, item.fields, row)]
            if len(exact) == 1:
                found[item.key] = exact[0]
    return found


def numbers(desired: Desired, known: Mapping[RecordKey, RemoteRecord]) -> dict[RecordKey, int]:
    """The number that puts each item at its place, by key; as few items as possible change theirs.

    ``known``: the items that exist, by key.
    """
    present: dict[RecordKey, int | None] = {}
    for item in desired.items:
        remote = known.get(item.key, _NEW)
        if remote.is_kept_deleted:
            continue
        number = positions.FIELD not in remote.force_fields and remote.pushed.get(positions.FIELD)
        present[item.key] = int(number) if number else None
    return dict(zip(present, positions.assign(list(present.values())), strict=True))


def _number(row: Record) -> int:
    return int(row.get(positions.FIELD) or 0)
