"""Items of ours whose line was removed, and items that exist in Autotask without a link."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from webapp.models import Link
from webapp.services.autotask.api.client import Client, Record, condition
from webapp.services.autotask.api.values import canonical
from webapp.services.autotask.known.links import Local
from webapp.services.autotask.known.natural_keys import agrees, was_sent
from webapp.services.autotask.known.observation import FORCE_FIELDS, KEEP_DELETED, RemoteRecord
from webapp.services.autotask.wanted import positions
from webapp.services.autotask.wanted.desired import Desired, DesiredRecord

ENTITY = "QuoteItems"


def removed_lines(
    desired: Desired, links: Mapping[Local, Link], quote: RemoteRecord | None
) -> dict[tuple[str, str], RemoteRecord]:
    """Linked items whose line the quote no longer has, by local key."""
    prefix = f"{desired.quote_id}:"
    wanted = {item.local for item in desired.items}
    return {
        (kind, number): RemoteRecord(
            link.remote_id,
            dict(link.pushed),
            link.remote_parent_id or (quote.remote_id if quote else None),
        )
        for (kind, number, entity), link in links.items()
        if kind == "line" and entity == ENTITY and number.startswith(prefix) and (kind, number) not in wanted
    }


def unlinked_rows(client: Client, links: Mapping[Local, Link], quote: RemoteRecord) -> list[Record]:
    """The quote's items in Autotask that no link names. Raises AutotaskError."""
    linked = {link.remote_id for (_, _, entity), link in links.items() if entity == ENTITY}
    rows = client.query(ENTITY, [condition("eq", "quoteID", quote.remote_id)])
    return [row for row in rows if int(row["id"]) not in linked]


def retired(quote_id: int, remote_id: int) -> tuple[str, str]:
    """The local key of an item that no line stands for any more, so that every push knows it until it is gone."""
    return ("line", f"{quote_id}:~{remote_id}")


def pair(
    rows: list[Record], sent_by_key: Mapping[str, Sequence[dict[str, Any]]]
) -> Iterator[tuple[str, Record, bool]]:
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


def pair_by_name(items: Iterable[DesiredRecord], rows: Iterable[Record]) -> dict[str, Record]:
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
    found: dict[str, Record] = {}
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


def numbers(desired: Desired, pushed: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """The number that puts each item at its place, by key; as few items as possible change theirs.

    ``pushed``: what was last pushed to the items that exist, by key.
    """
    present: dict[str, int | None] = {}
    for item in desired.items:
        fields = pushed.get(item.key, {})
        if fields.get(KEEP_DELETED):
            continue
        known = positions.FIELD not in fields.get(FORCE_FIELDS, ()) and fields.get(positions.FIELD)
        present[item.key] = int(known) if known else None
    return dict(zip(present, positions.assign(list(present.values())), strict=True))


def _number(row: Record) -> int:
    return int(row.get(positions.FIELD) or 0)
