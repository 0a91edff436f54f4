"""Finding the products and services that lines name, in batches: by id when pulled, by MPN, by SKU, by exact name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from webapp.services.autotask.api.client import Client, Record, any_of, condition
from webapp.services.autotask.wanted.desired import CatalogItem, Problem

# Autotask takes at most 500 OR conditions in a call; each value of an ``in`` counts.
BATCH = 480


@dataclass(frozen=True)
class Match:
    """One record, several, or a sentence why none may be used; all empty: there is none, so one is made."""

    row: Record | None = None
    several: tuple[Record, ...] = ()
    sentence: str = ""


# A rung of the ladder: the remote field and what of a wish is compared with it.
MatchKey = tuple[str, Callable[[CatalogItem], str]]
MATCH_ORDER: dict[str, tuple[MatchKey, ...]] = {
    "Products": (
        ("manufacturerProductName", lambda goods: goods.mpn),
        ("sku", lambda goods: goods.sku),
        ("name", lambda goods: goods.name),
    ),
    "Services": (("name", lambda goods: goods.name),),
    "ServiceBundles": (("name", lambda goods: goods.name),),
}


def find(
    client: Client,
    entity: str,
    goods: list[CatalogItem],
    picked: Mapping[str, int | None],
    *,
    revive: bool = False,
) -> dict[str, Match]:
    """Matches of the goods of one entity by the wish's key. ``picked``: what a person chose (0: make one).

    ``revive``: an inactive record matches too, since it is made active again. Raises AutotaskError.
    """
    mine = [one for one in goods if one.record.entity == entity]
    matches: dict[str, Match] = {one.record.key: Match() for one in mine if picked.get(one.record.key) == 0}
    ids = {one.record.key: picked.get(one.record.key) or one.record.chosen_id for one in mine}
    rest = [one for one in mine if one.record.key not in matches]
    asked = _first_values(entity, rest, ids)
    rows = _ask(client, entity, asked)
    for one in rest:
        if ids[one.record.key]:
            row = next((row for row in rows if row["id"] == ids[one.record.key]), None)
            # A record that was linked or picked and is gone since is no answer any more: the line is matched anew.
            if row is not None or ids[one.record.key] == one.record.chosen_id:
                matches[one.record.key] = _by_id(row, revive)
    known = set(asked)
    for field, value_of in MATCH_ORDER[entity]:
        rest = [one for one in rest if one.record.key not in matches]
        missing = dict.fromkeys((field, value_of(one)) for one in rest if value_of(one))
        rows += _ask(client, entity, [key for key in missing if key not in known])
        for one in rest:
            match = _pick(rows, field, value_of(one), revive)
            if match is not None:
                matches[one.record.key] = match
    for one in rest:
        # Without a key to look for, as the settings may have it, the record is made.
        matches.setdefault(one.record.key, Match())
    return matches


def is_active(row: Record) -> bool:
    """False for a record that Autotask's users made inactive."""
    return row.get("isActive") not in (False, 0)


def _first_values(
    entity: str, goods: list[CatalogItem], ids: Mapping[str, int | None]
) -> list[tuple[str, object]]:
    """What is asked for at first: every id or strongest key, and of the weaker ones what the same calls have room for.

    So nearly every quote needs one call for each entity, whichever rung its lines are found on.
    """
    ranks: list[list[tuple[str, object]]] = [[] for _ in range(len(MATCH_ORDER[entity]) + 1)]
    for one in goods:
        number = ids[one.record.key]
        keys = [(field, value_of(one)) for field, value_of in MATCH_ORDER[entity] if value_of(one)]
        for rank, key in enumerate([("id", number), *keys] if number else keys):
            ranks[rank].append(key)
    first = list(dict.fromkeys(ranks[0]))
    room = -(-len(first) // BATCH) * BATCH
    return list(dict.fromkeys([*first, *(key for rank in ranks[1:] for key in rank)]))[:room]


def _ask(client: Client, entity: str, values: list[tuple[str, object]]) -> list[Record]:
    rows: list[Record] = []
    for place in range(0, len(values), BATCH):
        by_field: dict[str, list[object]] = {}
        for field, value in values[place : place + BATCH]:
            by_field.setdefault(field, []).append(value)
        nodes = [condition("in", field, wanted) for field, wanted in by_field.items()]
        rows += client.query(entity, [any_of(*nodes)] if len(nodes) > 1 else nodes)
    return rows


def _by_id(row: Record | None, revive: bool) -> Match:
    if row is None:
        return Match(
            sentence="{line} was pulled from Autotask, where it is not there any more. Pull it again."
        )
    if not is_active(row) and not revive:
        return Match(
            sentence=f"“{row.get('name')}” in Autotask, which {{line}} stands for, is inactive. Activate it there, or "
            "replace the line."
        )
    return Match(row)


def _pick(rows: list[Record], field: str, value: str, revive: bool) -> Match | None:
    """What the records say for one key; None when no record has it."""
    if not value:
        return None
    wanted = value.strip().casefold()
    unique = {row["id"]: row for row in rows if str(row.get(field) or "").strip().casefold() == wanted}
    if not unique:
        return None
    active = [row for row in unique.values() if is_active(row)]
    if len(active) == 1:
        return Match(active[0])
    if active or (revive and len(unique) > 1):
        return Match(several=tuple(active or unique.values()))
    if revive:
        return Match(next(iter(unique.values())))
    return Match(
        sentence=f"What fits {{line}} by its {field} “{value}” is inactive in Autotask. "
        "Activate it there, or change the line."
    )


def why_not_made(goods: CatalogItem, when_unmatched: str, *, in_doubt: bool) -> Problem | None:
    """What keeps a product or service from being made that nothing in Autotask fits; None when it can be.

    ``in_doubt``: it was about to be made already, so that the settings do not matter any more.
    """
    if when_unmatched == "stop" and not in_doubt:
        return Problem(
            f"Nothing in Autotask fits {goods.line_titles[0]}, and the settings say not to create it.",
            ("settings", "products_services"),
        )
    if not goods.has_billing_code:
        line = goods.line_titles[0]
        return Problem(
            f"{line[:1].upper()}{line[1:]} is new to Autotask, but neither its category nor the settings name a "
            "billing code for it.",
            ("settings", "item_category"),
        )
    return None
