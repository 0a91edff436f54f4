"""Afterwards: whether everything that a page confirmed is stored and in Autotask, once and as confirmed last."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from chaos.place import Place
from chaos.reps import Told
from smoke.autotask import Reader

UNDER_WAY = ("waiting", "running")


def unfinished(place: Place) -> int:
    """How many deliveries to Autotask are still on their way."""
    query = "SELECT count(*) FROM delivery WHERE reader = 'autotask' AND state IN ('waiting', 'running')"
    return int(place.ask(query)[0][0])


def parked(place: Place) -> list[str]:
    """What a person would have to look at."""
    query = """
        SELECT quote.number, delivery.state, delivery.outcome FROM delivery JOIN quote ON quote.id = delivery.quote_id
        WHERE reader = 'autotask' AND delivery.state IN ('parked', 'stopped')
        AND delivery.id IN (SELECT max(id) FROM delivery WHERE reader = 'autotask' GROUP BY quote_id)
    """
    return [f"quote {number} is {state}: {outcome}" for number, state, outcome in place.ask(query)]


def lost(place: Place, quotes: dict[int, Told]) -> list[str]:
    """What was confirmed to a person and isn't in the database."""
    found = {
        number: (revisions, status, accepted)
        for number, revisions, status, accepted in place.ask(
            "SELECT quote.number, (SELECT max(number) FROM revision WHERE quote_id = quote.id), status, "
            "EXISTS (SELECT 1 FROM acceptance JOIN revision ON revision.id = acceptance.revision_id "
            "WHERE revision.quote_id = quote.id) FROM quote WHERE quote.number IS NOT NULL"
        )
    }
    wrong = []
    for number, told in quotes.items():
        revisions, status, accepted = found.get(number, (0, "missing", False))
        if (revisions or 0) < len(told.revisions):
            wrong.append(
                f"quote {number}: revision {len(told.revisions)} was confirmed, {revisions} is stored"
            )
        if told.is_accepted and not (accepted and status == "accepted"):
            wrong.append(f"quote {number}: its acceptance was confirmed, and it is {status}")
    return wrong


def in_autotask(place: Place, quotes: dict[int, Told]) -> tuple[list[str], list[str]]:
    """What is missing or older in Autotask than confirmed, and what is there twice."""
    reader = Reader(place.credentials)
    theirs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for quote in reader.query("Quotes"):
        theirs[str(quote.get("externalQuoteNumber"))].append(quote)
    amounts: dict[int, Decimal] = defaultdict(Decimal)
    for item in reader.query("QuoteItems"):
        amounts[int(item["quoteID"])] += Decimal(item["quantity"]) * Decimal(item["unitPrice"])
    missing = []
    for number, told in quotes.items():
        held = theirs.get(str(number), [])
        if not held:
            missing.append(f"quote {number} isn't in Autotask")
        elif amounts[int(held[0]["id"])] not in (told.revisions[-1], *told.maybe):
            missing.append(f"quote {number} is {amounts[int(held[0]['id'])]} there, not {told.revisions[-1]}")
    twice = [f"quote {number}: {len(held)} times" for number, held in theirs.items() if len(held) > 1]
    for entity, name in (("Companies", "companyName"), ("Contacts", "emailAddress"), ("Products", "name")):
        counted = Counter(str(row.get(name)) for row in reader.query(entity))
        twice += [f"{entity} {value}: {times} times" for value, times in counted.items() if times > 1]
    of_company = Counter(int(row["companyID"]) for row in reader.query("Opportunities"))
    names = {int(row["id"]): str(row["companyName"]) for row in reader.query("Companies")}
    twice += [
        f"opportunities of {names[company]}: {times}"
        for company, times in of_company.items()
        if times > 1 and names.get(company, "").startswith("Chaos ")
    ]
    return missing, twice
