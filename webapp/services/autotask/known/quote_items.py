"""Items of ours whose line was removed, and items that exist in Autotask without a link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from webapp.models import Link
from webapp.services.autotask.api.client import Client, Record, condition
from webapp.services.autotask.known.links import Local
from webapp.services.autotask.known.natural_keys import agrees
from webapp.services.autotask.known.observation import RemoteRecord
from webapp.services.autotask.wanted.desired import Desired

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
) -> Iterator[tuple[str, Record]]:
    """Each key with a row that agrees with fields sent for it, the newest fields first; each row serves once."""
    rest = list(rows)
    for key, sents in sent_by_key.items():
        for sent in reversed(sents):
            row = next((row for row in rest if agrees(ENTITY, sent, row)), None)
            if row is not None:
                rest.remove(row)
                yield key, row
