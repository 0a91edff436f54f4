"""Find the quote in Autotask by its external number, and read the opportunity that a person selected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from webapp.services.autotask.api.client import Client, Record, condition
from webapp.services.autotask.api.values import equals_pushed, is_equal
from webapp.services.autotask.known.evidence import Evidence
from webapp.services.autotask.known.links import key_of
from webapp.services.autotask.known.observation import Candidate, Choice, Match, Question, RemoteRecord
from webapp.services.autotask.wanted.desired import Desired, DesiredRecord, Problem

CHOOSE_OPPORTUNITY = ("quote", "opportunity")
CHOOSE_CUSTOMER = ("quote", "customer")


def read_opportunity(client: Client, evidence: Evidence) -> Record | None:
    """The selected opportunity, empty when it no longer exists; None when none was selected. Raises AutotaskError."""
    opportunity = evidence.desired.opportunity
    if opportunity.chosen_id is None or evidence.is_linked(opportunity):
        return None
    return client.get("Opportunities", opportunity.chosen_id) or {}


def on_another(client: Client, evidence: Evidence) -> Problem | None:
    """A problem when Autotask has the quote on another opportunity than the selected one: no quote moves there.

    Raises AutotaskError.
    """
    opportunity = evidence.desired.opportunity
    linked = evidence.linked.get(opportunity.key)
    if linked is None or opportunity.chosen_id in (None, linked.remote_id):
        return None
    row = client.get("Opportunities", linked.remote_id)
    if not row:
        # The push notices that it is gone, and takes the selected one.
        return None
    return Problem(
        f"Autotask has this quote on the opportunity “{row.get('title')}”, and a quote can't move to another one "
        "there. Nothing was written. Go back to that opportunity, or copy the quote for the other one.",
        CHOOSE_OPPORTUNITY,
    )


def choose_opportunity(evidence: Evidence, row: Record) -> Choice:
    """The selected opportunity; a problem when it no longer exists, or when someone ended it in Autotask."""
    opportunity = evidence.desired.opportunity
    if not row:
        return Problem(
            f"The selected opportunity {opportunity.chosen_id} no longer exists in Autotask. Choose another, or none.",
            CHOOSE_OPPORTUNITY,
        )
    ours = _written_by_others(evidence, row)
    if "status" not in ours and _was_ended(evidence.desired, row):
        return Problem(
            f"The opportunity “{row.get('title')}” is no longer Active in Autotask. Nothing was written. Set it back "
            "to Active there, or choose another opportunity, or none.",
            CHOOSE_OPPORTUNITY,
        )
    return Match(row, ours=ours)


def _was_ended(desired: Desired, row: Record) -> bool:
    """True when the opportunity has ended, and not as this quote would end it. While another rules it, it may have."""
    status = row.get("status")
    if not desired.rules or not desired.open_statuses or status is None:
        return False
    return not any(
        is_equal(one, status) for one in (*desired.open_statuses, desired.opportunity.fields.get("status"))
    )


def _written_by_others(evidence: Evidence, row: Record) -> frozenset[str]:
    """The fields of an opportunity that still have what other quotes of ours wrote."""
    own = key_of(evidence.desired.opportunity)
    return frozenset(
        name
        for key, link in evidence.links.items()
        if key.entity == own.entity and key != own and link.remote_id == row["id"]
        for name, value in link.pushed.items()
        if value is not None and equals_pushed(row.get(name), value)
    )


def choose_company_of(
    client: Client,
    row: Record,
    company: DesiredRecord,
    known: RemoteRecord | None,
    rows: list[Record],
    is_ours: Callable[[Record], bool],
) -> Choice:
    """The company of the selected opportunity, if it is ours; else a problem: what is another's is never adopted.

    ``known``: our company, if a link names it. ``rows``: the companies that match ours or look alike, ``is_ours`` tells
    which. Raises AutotaskError.
    """
    if known is not None and known.remote_id == row["companyID"]:
        return None
    for match in rows if known is None else []:
        if match["id"] == row["companyID"]:
            # One that only looks like ours becomes a question later.
            return Match(match) if is_ours(match) else None
    owner = client.get("Companies", row["companyID"]) or {}
    return Problem(
        f"The opportunity “{row.get('title')}” belongs to “{owner.get('companyName')}” in Autotask, and not to "
        f"“{company.title}”. Nothing was written. Choose another opportunity, or none.",
        CHOOSE_OPPORTUNITY,
    )


def of_our_customer(
    client: Client, company: DesiredRecord, known: RemoteRecord | None, opportunity: RemoteRecord
) -> RemoteRecord | Problem:
    """The quote's opportunity, which knows then whose it is; a problem when it is another company's than the quote's.

    Autotask is asked unless the link says that the opportunity is our company's: a person may have moved it there too,
    and an imported link doesn't say. Raises AutotaskError.
    """
    if known is not None and known.remote_id == opportunity.pushed.get("companyID"):
        return opportunity
    row = client.get("Opportunities", opportunity.remote_id)
    if not row:
        return opportunity
    if known is not None and known.remote_id == row.get("companyID"):
        return replace(opportunity, pushed={**opportunity.pushed, "companyID": known.remote_id})
    owner = client.get("Companies", row["companyID"]) or {}
    return Problem(
        f"This quote was synced for “{owner.get('companyName')}”, and its opportunity “{row.get('title')}” belongs to "
        f"that company, but its customer is “{company.title}” now. Nothing was written. Set the customer back, or copy "
        "the quote for the new customer.",
        CHOOSE_CUSTOMER,
    )


def query(client: Client, evidence: Evidence) -> list[Record]:
    """Quotes with our number as their external number. Raises AutotaskError."""
    quote = evidence.desired.quote
    if evidence.is_linked(quote):
        return []
    number = quote.initial["externalQuoteNumber"]
    return client.query("Quotes", [condition("eq", "externalQuoteNumber", number)])


def read(client: Client, remote_id: int) -> Record | None:
    """A quote as it is now; None when it is gone. Raises AutotaskError."""
    return client.get("Quotes", remote_id)


def with_opportunity(client: Client, evidence: Evidence, rows: list[Record]) -> list[Record]:
    """The quotes that still have an opportunity: one that was left behind without is no quote. Raises AutotaskError."""
    ids = sorted({int(row["opportunityID"]) for row in rows if row.get("opportunityID") is not None})
    linked = evidence.linked.get(evidence.desired.opportunity.key)
    if not ids or (linked is not None and ids == [linked.remote_id]):
        return rows
    there = {int(row["id"]) for row in client.query("Opportunities", [condition("in", "id", ids)])}
    return [row for row in rows if row.get("opportunityID") in there]


def customer_is_new(evidence: Evidence, companies: list[Record], contacts: list[Record]) -> bool:
    """True when Autotask has neither the company nor the contact, and therefore no quote for them."""
    company = evidence.desired.company
    if company is None or evidence.is_linked(company):
        return False
    if evidence.desired.opportunity.chosen_id or evidence.in_doubt:
        return False
    return evidence.answers(key_of(company)) is None and not companies and not contacts


def choose(evidence: Evidence, rows: list[Record], company: RemoteRecord | None) -> Choice:
    """Our quote, or a question whether one of the quotes with our number is ours."""
    quote = evidence.desired.quote
    answer = evidence.answers(key_of(quote))
    if not rows or answer == 0:
        return None
    ours = [row for row in rows if row["id"] == answer] or [
        row for row in rows if _is_ours(evidence, row, company)
    ]
    if len(ours) == 1:
        return Match(ours[0])
    number = quote.initial["externalQuoteNumber"]
    return Question(
        key_of(quote),
        f"Autotask already has a quote with the external number {number}. Nothing was written. Is it this quote?",
        tuple(
            Candidate(int(row["id"]), str(row.get("name") or ""), f"created {row.get('createDate')}")
            for row in rows
        ),
    )


def _is_ours(evidence: Evidence, row: Record, company: RemoteRecord | None) -> bool:
    """True for a quote of our number and company that has our name, or that we were just about to create."""
    if company is None or row.get("companyID") not in (None, company.remote_id):
        return False
    return has_our_name(row, evidence.desired.quote) or evidence.desired.quote.key in evidence.in_doubt


def has_our_name(row: Record, quote: DesiredRecord) -> bool:
    """True when a quote in Autotask has the name of ours."""
    return str(row.get("name") or "").strip() == str(quote.fields.get("name") or "").strip()
