"""Items of ours whose line was removed, and items that exist in Autotask without a link."""

from __future__ import annotations

from collections.abc import Mapping
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


def pair(rows: list[Record], sent_by_key: Mapping[str, dict[str, Any]]) -> dict[str, Record]:
    """For each key, the first row that agrees with the fields sent for it; each row serves one key."""
    rest = list(rows)
    pairs: dict[str, Record] = {}
    for key, sent in sent_by_key.items():
        row = next((row for row in rest if agrees(ENTITY, sent, row)), None)
        if row is not None:
            rest.remove(row)
            pairs[key] = row
    return pairs
