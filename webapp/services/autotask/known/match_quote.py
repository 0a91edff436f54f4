"""Find the quote in Autotask by its external number, and read the opportunity that a person selected."""

from __future__ import annotations

from webapp.services.autotask.api.client import Client, Record, condition
from webapp.services.autotask.known.evidence import Evidence
from webapp.services.autotask.known.links import local_of
from webapp.services.autotask.known.observation import Candidate, Choice, Match, Question, RemoteRecord
from webapp.services.autotask.wanted.desired import DesiredRecord, Problem

CHOOSE_OPPORTUNITY = ("quote", "opportunity")


def read_opportunity(client: Client, evidence: Evidence) -> Record | None:
    """The selected opportunity, empty when it no longer exists; None when none was selected. Raises AutotaskError."""
    opportunity = evidence.desired.opportunity
    if opportunity.chosen_id is None or evidence.is_linked(opportunity):
        return None
    return client.get("Opportunities", opportunity.chosen_id) or {}


def choose_opportunity(opportunity: DesiredRecord, row: Record) -> Choice:
    """The selected opportunity, or a problem when it no longer exists."""
    if row:
        return Match(row)
    return Problem(
        f"The selected opportunity {opportunity.chosen_id} no longer exists in Autotask. Choose another, or none.",
        CHOOSE_OPPORTUNITY,
    )


def choose_company_of(row: Record, company: DesiredRecord, known: RemoteRecord | None) -> Choice:
    """The company of the selected opportunity: ours, or a problem when ours is known to be another company."""
    if known is None:
        return Match({"id": row["companyID"]})
    if known.remote_id != row["companyID"]:
        return Problem(
            f"The opportunity “{row.get('title')}” belongs to a company other than “{company.title}”.",
            CHOOSE_OPPORTUNITY,
        )
    return None


def query(client: Client, evidence: Evidence) -> list[Record]:
    """Quotes with our number as their external number. Raises AutotaskError."""
    quote = evidence.desired.quote
    if evidence.is_linked(quote):
        return []
    number = quote.initial["externalQuoteNumber"]
    return client.query("Quotes", [condition("eq", "externalQuoteNumber", number)])


def customer_is_new(evidence: Evidence, companies: list[Record], contacts: list[Record]) -> bool:
    """True when Autotask has neither the company nor the contact, and therefore no quote for them."""
    company = evidence.desired.company
    if company is None or evidence.is_linked(company):
        return False
    if evidence.desired.opportunity.chosen_id or evidence.in_doubt:
        return False
    return evidence.answers(local_of(company)) is None and not companies and not contacts


def choose(evidence: Evidence, rows: list[Record], company: RemoteRecord | None) -> Choice:
    """Our quote, or a question whether one of the quotes with our number is ours."""
    quote = evidence.desired.quote
    answer = evidence.answers(local_of(quote))
    if not rows or answer == 0:
        return None
    ours = [row for row in rows if row["id"] == answer] or [
        row for row in rows if _is_ours(evidence, row, company)
    ]
    if len(ours) == 1:
        return Match(ours[0])
    number = quote.initial["externalQuoteNumber"]
    return Question(
        local_of(quote),
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
