"""Match the products and services that lines need, in batches: by id when pulled, by MPN, by SKU, by exact name.

A service is what it is by its name and its billing period: one of another period is never linked without a question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from webapp.models import names
from webapp.services.autotask.api.client import Client, Record, any_of, condition
from webapp.services.autotask.known.evidence import Evidence
from webapp.services.autotask.known.links import key_of
from webapp.services.autotask.known.observation import Candidate, Choice, Match, Question
from webapp.services.autotask.wanted.desired import CatalogItem, Desired, Problem
from webapp.services.autotask.wanted.keys import RecordKey

# Autotask takes at most 500 OR conditions in a call; each value of an ``in`` counts.
BATCH = 480
FIELD_WORDS = {"manufacturerProductName": "part number", "sku": "SKU", "name": "name"}


@dataclass(frozen=True)
class Candidates:
    """The records that match, or a sentence that says why none can be used. Both empty: a new record is created.

    ``refusal`` has ``{line}`` in place of the line. ``other_period``: the record has another billing period, so it is
    used only if a person says so. ``is_taken``: the name of a new service belongs to one of another period.
    """

    rows: tuple[Record, ...] = ()
    refusal: str = ""
    other_period: bool = False
    is_taken: bool = False


# A remote field, and our value to compare it with.
MatchKey = tuple[str, Callable[[CatalogItem], str]]
MATCH_ORDER: dict[str, tuple[MatchKey, ...]] = {
    "Products": (
        ("manufacturerProductName", lambda item: item.mpn),
        ("sku", lambda item: item.sku),
        ("name", lambda item: item.name),
    ),
    "Services": (("name", lambda item: item.name), ("name", lambda item: item.other_name)),
    "ServiceBundles": (("name", lambda item: item.name),),
}


def query(client: Client, evidence: Evidence, entity: str) -> dict[RecordKey, Candidates]:
    """The candidates for the catalog items of one entity that have no link, by key. Raises AutotaskError."""
    of_entity = [item for item in evidence.desired.catalog_items if item.record.entity == entity]
    items = [item for item in of_entity if not evidence.is_linked(item.record)]
    picked = {item.record.key: evidence.picked(item.record) for item in items}
    # With this setting an inactive record matches too, because the push activates it.
    activate = evidence.desired.inactive_match == "activate"
    # A new service still needs a name that isn't taken.
    results = {
        item.record.key: Candidates()
        for item in items
        if picked[item.record.key] == 0 and not item.other_name
    }
    rest = [item for item in items if item.record.key not in results]
    ids = {
        item.record.key: None
        if picked[item.record.key] == 0
        else picked[item.record.key] or item.record.chosen_id
        for item in rest
    }
    asked = _first_values(entity, rest, ids)
    rows = _ask(client, entity, asked)
    for item in rest:
        number = ids[item.record.key]
        if number:
            row = next((row for row in rows if row["id"] == number), None)
            # A linked or picked record that was deleted since is no answer: the line is matched again.
            if row is not None or number == item.record.chosen_id:
                agreed = evidence.answers(key_of(item.record)) == number
                results[item.record.key] = _by_id(row, activate, None if agreed else item)
    already_asked = set(asked)
    for field, value_of in MATCH_ORDER[entity]:
        rest = [item for item in rest if item.record.key not in results]
        keys = dict.fromkeys(key for item in rest for key in _spelled(field, value_of(item)))
        rows += _ask(client, entity, [key for key in keys if key not in already_asked])
        for item in rest:
            same = [row for row in rows if _has_period(item, row)]
            candidates = _by_key(same, field, value_of(item), activate)
            if candidates is not None:
                results[item.record.key] = candidates
    for item in rest:
        # Nothing matches, or the settings leave no key to match by.
        if item.record.key not in results:
            # Someone who has the same name twice on a quote, with two periods, means two services.
            twins = [other for other in of_entity if names.folded(other.name) == names.folded(item.name)]
            asks = picked[item.record.key] != 0 and len(twins) == 1
            results[item.record.key] = _of_another_period(rows, item, asks=asks)
    return results


def names_of_new(
    evidence: Evidence, known: Iterable[RecordKey], candidates: Mapping[RecordKey, Candidates]
) -> dict[RecordKey, str]:
    """The other names of services that are new and whose own name is taken, in Autotask or by an earlier line.

    ``known``: the keys of the records that exist.
    """
    found: dict[RecordKey, str] = {}
    used: set[str] = set()
    there = set(known)
    for item in evidence.desired.catalog_items:
        if item.record.entity != "Services":
            continue
        name, key = names.folded(item.name), item.record.key
        is_taken = name in used or candidates.get(key, Candidates()).is_taken
        if key not in there and is_taken:
            found[key] = item.other_name
        used.add(name)
    return found


def with_names(desired: Desired, found: Mapping[RecordKey, str]) -> Desired:
    """``desired`` with the names that ``names_of_new`` found."""
    if not found:
        return desired
    items = []
    for item in desired.catalog_items:
        name = found.get(item.record.key)
        if name is not None:
            item = replace(item, record=replace(item.record, initial={**item.record.initial, "name": name}))
        items.append(item)
    return replace(desired, catalog_items=tuple(items))


def choose(evidence: Evidence, item: CatalogItem, candidates: Candidates) -> Choice:
    """The one record, a question about several, or a problem."""
    line = item.line_titles[0]
    if candidates.other_period:
        return _question_about_period(evidence.desired, item, candidates.rows)
    if len(candidates.rows) == 1:
        return Match(candidates.rows[0])
    if candidates.rows:
        label = "services" if item.record.entity == "Services" else "products"
        return Question(
            key_of(item.record),
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
    entity: str, items: list[CatalogItem], ids: Mapping[RecordKey, int | None]
) -> list[tuple[str, object]]:
    """The values to ask for first: every id or strongest key, and as many weaker keys as fit into the same calls.

    So nearly every quote needs one call for each entity, whichever key its lines match by.
    """
    ranks: list[list[tuple[str, object]]] = [[] for _ in range(len(MATCH_ORDER[entity]) + 1)]
    for item in items:
        number = ids[item.record.key]
        keys = [_spelled(field, value_of(item)) for field, value_of in MATCH_ORDER[entity] if value_of(item)]
        if number:
            keys.insert(0, [("id", number)])
        for rank, spelled in enumerate(keys):
            ranks[rank] += spelled
    first = list(dict.fromkeys(ranks[0]))
    room = -(-len(first) // BATCH) * BATCH
    return list(dict.fromkeys([*first, *(key for rank in ranks[1:] for key in rank)]))[:room]


def _spelled(field: str, value: str) -> list[tuple[str, object]]:
    """What to ask for, to find ``value``: a name in each usual spelling. Empty without a value."""
    if not value:
        return []
    return [(field, spelling) for spelling in (names.spellings(value) if field == "name" else [value])]


def _ask(client: Client, entity: str, values: list[tuple[str, object]]) -> list[Record]:
    rows: list[Record] = []
    for start in range(0, len(values), BATCH):
        by_field: dict[str, list[object]] = {}
        for field, value in values[start : start + BATCH]:
            by_field.setdefault(field, []).append(value)
        nodes = [condition("in", field, wanted) for field, wanted in by_field.items()]
        rows += client.query(entity, [any_of(*nodes)] if len(nodes) > 1 else nodes)
    return rows


def _has_period(item: CatalogItem, row: Record) -> bool:
    """False for a service of another billing period."""
    period = row.get("periodType")
    return not item.periods or period is None or int(period) in item.periods


def _of_another_period(rows: list[Record], item: CatalogItem, *, asks: bool) -> Candidates:
    """The active service of our name and another period, if there is one; ``asks``: nobody was asked about it yet."""
    if not item.other_name or not item.name:
        return Candidates()
    wanted = names.folded(item.name)
    other = {row["id"]: row for row in rows if names.folded(str(row.get("name") or "")) == wanted}
    active = tuple(row for row in other.values() if is_active(row))
    return Candidates(active if asks else (), other_period=asks and bool(active), is_taken=bool(other))


def _question_about_period(desired: Desired, item: CatalogItem, rows: tuple[Record, ...]) -> Question:
    """A service of our name, or the one that was pulled, is billed otherwise than the line."""
    periods = desired.service_periods
    theirs = periods.get(int(rows[0]["periodType"]), "otherwise")
    ours = " or ".join(dict.fromkeys(periods.get(period, "otherwise") for period in item.periods[:1]))
    kind = "service bundle" if item.record.entity == "ServiceBundles" else "service"
    return Question(
        key_of(item.record),
        f"The {kind} “{rows[0].get('name')}” is billed {theirs} in Autotask, but {item.line_titles[0]} is billed "
        f"{ours}. Nothing was written. Use it anyway, or create the {kind} “{item.other_name}”.",
        tuple(Candidate(int(row["id"]), str(row["name"]), f"billed {theirs}") for row in rows),
    )


def _by_id(row: Record | None, activate: bool, item: CatalogItem | None) -> Candidates:
    """``item``: what its billing period must agree with; None when a person said that it needn't."""
    if row is None:
        return Candidates(
            refusal="{line} was pulled from Autotask, but no longer exists there. Pull it again."
        )
    if not is_active(row) and not activate:
        return Candidates(
            refusal=f"“{row.get('name')}”, which {{line}} uses, is inactive in Autotask. Activate it there, or replace "
            "the line."
        )
    return Candidates((row,), other_period=item is not None and not _has_period(item, row))


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
