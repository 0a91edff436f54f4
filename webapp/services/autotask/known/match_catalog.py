"""Match the products and services that lines need, in batches: by id when pulled, by MPN, by SKU, by exact name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from webapp.models import names
from webapp.services.autotask.api.client import Client, Record, any_of, condition
from webapp.services.autotask.known.evidence import Evidence
from webapp.services.autotask.known.links import local_of
from webapp.services.autotask.known.observation import Candidate, Choice, Match, Question
from webapp.services.autotask.wanted.desired import CatalogItem, Problem

# Autotask takes at most 500 OR conditions in a call; each value of an ``in`` counts.
BATCH = 480
FIELD_WORDS = {"manufacturerProductName": "part number", "sku": "SKU", "name": "name"}


@dataclass(frozen=True)
class Candidates:
    """The records that match, or a sentence that says why none can be used. Both empty: a new record is created.

    ``refusal`` has ``{line}`` in place of the line.
    """

    rows: tuple[Record, ...] = ()
    refusal: str = ""


# A remote field, and our value to compare it with.
MatchKey = tuple[str, Callable[[CatalogItem], str]]
MATCH_ORDER: dict[str, tuple[MatchKey, ...]] = {
    "Products": (
        ("manufacturerProductName", lambda item: item.mpn),
        ("sku", lambda item: item.sku),
        ("name", lambda item: item.name),
    ),
    "Services": (("name", lambda item: item.name),),
    "ServiceBundles": (("name", lambda item: item.name),),
}


def query(client: Client, evidence: Evidence, entity: str) -> dict[str, Candidates]:
    """The candidates for the catalog items of one entity that have no link, by key. Raises AutotaskError."""
    items = [
        item
        for item in evidence.desired.catalog_items
        if item.record.entity == entity and not evidence.is_linked(item.record)
    ]
    picked = {item.record.key: evidence.picked(item.record) for item in items}
    # With this setting an inactive record matches too, because the push activates it.
    activate = evidence.desired.inactive_match == "activate"
    results = {item.record.key: Candidates() for item in items if picked[item.record.key] == 0}
    rest = [item for item in items if item.record.key not in results]
    ids = {item.record.key: picked[item.record.key] or item.record.chosen_id for item in rest}
    asked = _first_values(entity, rest, ids)
    rows = _ask(client, entity, asked)
    for item in rest:
        number = ids[item.record.key]
        if number:
            row = next((row for row in rows if row["id"] == number), None)
            # A linked or picked record that was deleted since is no answer: the line is matched again.
            if row is not None or number == item.record.chosen_id:
                results[item.record.key] = _by_id(row, activate)
    already_asked = set(asked)
    for field, value_of in MATCH_ORDER[entity]:
        rest = [item for item in rest if item.record.key not in results]
        keys = dict.fromkeys((field, value_of(item)) for item in rest if value_of(item))
        rows += _ask(client, entity, [key for key in keys if key not in already_asked])
        for item in rest:
            candidates = _by_key(rows, field, value_of(item), activate)
            if candidates is not None:
                results[item.record.key] = candidates
    for item in rest:
        # Nothing matches, or the settings leave no key to match by.
        results.setdefault(item.record.key, Candidates())
    return results


def choose(evidence: Evidence, item: CatalogItem, candidates: Candidates) -> Choice:
    """The one record, a question about several, or a problem."""
    line = item.line_titles[0]
    if len(candidates.rows) == 1:
        return Match(candidates.rows[0])
    if candidates.rows:
        label = "services" if item.record.entity == "Services" else "products"
        return Question(
            local_of(item.record),
            f"{len(candidates.rows)} {label} in Autotask match {line}. Nothing was written. Pick the right one.",
            tuple(
                Candidate(int(row["id"]), str(row["name"]), str(row.get("sku") or ""))
                for row in candidates.rows
            ),
        )
    if candidates.refusal:
        sentence = candidates.refusal.replace("{line}", line)
        return Problem(sentence[:1].upper() + sentence[1:])
    in_doubt = item.record.key in evidence.in_doubt
    return _why_not_created(item, evidence.desired.when_unmatched, in_doubt=in_doubt)


def is_active(row: Record) -> bool:
    """False for a record that Autotask's users made inactive."""
    return row.get("isActive") not in (False, 0)


def _first_values(
    entity: str, items: list[CatalogItem], ids: Mapping[str, int | None]
) -> list[tuple[str, object]]:
    """The values to ask for first: every id or strongest key, and as many weaker keys as fit into the same calls.

    So nearly every quote needs one call for each entity, whichever key its lines match by.
    """
    ranks: list[list[tuple[str, object]]] = [[] for _ in range(len(MATCH_ORDER[entity]) + 1)]
    for item in items:
        number = ids[item.record.key]
        keys = [(field, value_of(item)) for field, value_of in MATCH_ORDER[entity] if value_of(item)]
        for rank, key in enumerate([("id", number), *keys] if number else keys):
            ranks[rank].append(key)
    first = list(dict.fromkeys(ranks[0]))
    room = -(-len(first) // BATCH) * BATCH
    return list(dict.fromkeys([*first, *(key for rank in ranks[1:] for key in rank)]))[:room]


def _ask(client: Client, entity: str, values: list[tuple[str, object]]) -> list[Record]:
    rows: list[Record] = []
    for start in range(0, len(values), BATCH):
        by_field: dict[str, list[object]] = {}
        for field, value in values[start : start + BATCH]:
            by_field.setdefault(field, []).append(value)
        nodes = [condition("in", field, wanted) for field, wanted in by_field.items()]
        rows += client.query(entity, [any_of(*nodes)] if len(nodes) > 1 else nodes)
    return rows


def _by_id(row: Record | None, activate: bool) -> Candidates:
    if row is None:
        return Candidates(
            refusal="{line} was pulled from Autotask, but no longer exists there. Pull it again."
        )
    if not is_active(row) and not activate:
        return Candidates(
            refusal=f"“{row.get('name')}”, which {{line}} uses, is inactive in Autotask. Activate it there, or replace "
            "the line."
        )
    return Candidates((row,))


def _by_key(rows: list[Record], field: str, value: str, activate: bool) -> Candidates | None:
    """The records with one key; None when there is none."""
    if not value:
        return None
    wanted = names.folded(value)
    unique = {row["id"]: row for row in rows if names.folded(str(row.get(field) or "")) == wanted}
    if not unique:
        return None
    active = tuple(row for row in unique.values() if is_active(row))
    if active:
        return Candidates(active)
    if activate:
        return Candidates(tuple(unique.values()))
    return Candidates(
        refusal=f"The record that matches {{line}} by its {FIELD_WORDS[field]} “{value}” is inactive in Autotask. "
        "Activate it there, or change the line."
    )


def _why_not_created(item: CatalogItem, when_unmatched: str, *, in_doubt: bool) -> Problem | None:
    """Why an unmatched product or service can't be created; None when it can.

    ``in_doubt``: an earlier push was about to create it, so the settings no longer matter.
    """
    line = item.line_titles[0]
    if when_unmatched == "stop" and not in_doubt:
        return Problem(
            f"Nothing in Autotask matches {line}, and the settings say not to create it.",
            ("settings", "products_services"),
        )
    if not item.has_billing_code:
        return Problem(
            f"{line[:1].upper()}{line[1:]} is new to Autotask, but neither its category nor the settings have a "
            "billing code for it.",
            ("settings", "item_category"),
        )
    return None
