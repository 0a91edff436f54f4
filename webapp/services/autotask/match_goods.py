"""Finding the products and services that lines name, in batches: by id when pulled, by MPN, by SKU, by exact name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from webapp.services.autotask.client import Client, Record, any_of, condition
from webapp.services.autotask.desired import Goods

# Autotask takes at most 500 OR conditions in a call; each value of an ``in`` counts.
BATCH = 480


@dataclass(frozen=True)
class Match:
    """One record, several, or a sentence why none may be used; all empty: there is none, so one is made."""

    row: Record | None = None
    several: tuple[Record, ...] = ()
    sentence: str = ""


# A rung of the ladder: the remote field and what of a wish is compared with it.
Rung = tuple[str, Callable[[Goods], str]]
LADDER: dict[str, tuple[Rung, ...]] = {
    "Products": (
        ("manufacturerProductName", lambda goods: goods.mpn),
        ("sku", lambda goods: goods.sku),
        ("name", lambda goods: goods.name),
    ),
    "Services": (("name", lambda goods: goods.name),),
    "ServiceBundles": (("name", lambda goods: goods.name),),
}


def products(
    client: Client, goods: list[Goods], picked: Mapping[str, int | None], *, revive: bool = False
) -> dict[str, Match]:
    """Matches of the products by the wish's key. ``picked``: what a person chose (0: make one).

    ``revive``: an inactive record matches too, since it is made active again. Raises AutotaskError.
    """
    return _entity(client, "Products", goods, picked, revive)


def services(
    client: Client, goods: list[Goods], picked: Mapping[str, int | None], *, revive: bool = False
) -> dict[str, Match]:
    """Like ``products``, for services and service bundles."""
    found = _entity(client, "Services", goods, picked, revive)
    return found | _entity(client, "ServiceBundles", goods, picked, revive)


def _entity(
    client: Client, entity: str, goods: list[Goods], picked: Mapping[str, int | None], revive: bool
) -> dict[str, Match]:
    mine = [one for one in goods if one.wish.entity == entity]
    matches: dict[str, Match] = {one.wish.key: Match() for one in mine if picked.get(one.wish.key) == 0}
    ids = {one.wish.key: picked.get(one.wish.key) or one.wish.chosen_id for one in mine}
    open_wishes = [one for one in mine if one.wish.key not in matches]
    rows = _first_look(client, entity, open_wishes, ids)
    for one in open_wishes:
        if ids[one.wish.key]:
            matches[one.wish.key] = _by_id(ids[one.wish.key], rows, revive)
    rest = [one for one in open_wishes if not ids[one.wish.key]]
    asked = {one.wish.key: _strongest(one) for one in rest}
    for field, value_of in LADDER[entity]:
        rest = [one for one in rest if one.wish.key not in matches]
        later = [one for one in rest if value_of(one) and asked[one.wish.key] != field]
        rows += _by_values(client, entity, field, later, value_of)
        for one in rest:
            match = _pick(rows, field, value_of(one), revive)
            if match is not None:
                matches[one.wish.key] = match
    for one in rest:
        matches.setdefault(one.wish.key, Match())
    return matches


def _strongest(goods: Goods) -> str:
    return next((field for field, value_of in LADDER[goods.wish.entity] if value_of(goods)), "")


def _first_look(
    client: Client, entity: str, goods: list[Goods], ids: Mapping[str, int | None]
) -> list[Record]:
    """One query for all ids and every wish's strongest key, a further one for each 480 values."""
    values: list[tuple[str, object]] = []
    for one in goods:
        number = ids[one.wish.key]
        if number:
            values.append(("id", number))
        else:
            # Without a key to look for, as the settings may have it, the record is made.
            values += [
                (field, value_of(one)) for field, value_of in LADDER[entity] if field == _strongest(one)
            ]
    return _ask(client, entity, list(dict.fromkeys(values)))


def _by_values(
    client: Client, entity: str, field: str, goods: list[Goods], value_of: Callable[[Goods], str]
) -> list[Record]:
    return _ask(client, entity, list(dict.fromkeys((field, value_of(one)) for one in goods)))


def _ask(client: Client, entity: str, values: list[tuple[str, object]]) -> list[Record]:
    rows: list[Record] = []
    for place in range(0, len(values), BATCH):
        by_field: dict[str, list[object]] = {}
        for field, value in values[place : place + BATCH]:
            by_field.setdefault(field, []).append(value)
        nodes = [condition("in", field, wanted) for field, wanted in by_field.items()]
        rows += client.query(entity, [any_of(*nodes)] if len(nodes) > 1 else nodes)
    return rows


def _by_id(number: int | None, rows: list[Record], revive: bool) -> Match:
    row = next((row for row in rows if row["id"] == number), None)
    if row is None:
        return Match(
            sentence="{line} was pulled from Autotask, where it is not there any more. Pull it again."
        )
    if row.get("isActive") is False and not revive:
        return Match(
            sentence="What {line} was pulled from is inactive in Autotask. Activate it there, or replace the line."
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
    active = [row for row in unique.values() if row.get("isActive") is not False]
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
