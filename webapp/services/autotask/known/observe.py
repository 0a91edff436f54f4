"""Find what Autotask already has of a quote: by links, by what a person picked, by matching. Never by guessing.

Each entity has a matcher: one function asks Autotask, another chooses a match, a question or a problem. This module
asks in parallel, then chooses in the order in which the records depend on each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from webapp.models import Link
from webapp.services.autotask.api.client import Client, Record
from webapp.services.autotask.api.values import is_equal
from webapp.services.autotask.known import (
    match_catalog,
    match_company,
    match_contact,
    match_quote,
    quote_items,
)
from webapp.services.autotask.known.evidence import Answer, Doubt, Evidence, gather
from webapp.services.autotask.known.links import LinkKey
from webapp.services.autotask.known.match_catalog import Candidates
from webapp.services.autotask.known.observation import (
    Choice,
    Match,
    Observation,
    Question,
    RemoteRecord,
)
from webapp.services.autotask.wanted import keys
from webapp.services.autotask.wanted.desired import Desired, DesiredRecord, Problem
from webapp.services.autotask.wanted.keys import RecordKey

AT_ONCE = 7


@dataclass(frozen=True)
class _Responses:
    """What Autotask returned for each entity. ``opportunity``: None when it wasn't asked for one."""

    companies: list[Record]
    contacts: list[Record]
    opportunity: Record | None
    quotes: list[Record]
    catalog: Mapping[RecordKey, Candidates]


def observe(
    client: Client,
    desired: Desired,
    links: Mapping[LinkKey, Link],
    answers: Answer,
    in_doubt: Mapping[RecordKey, Sequence[Doubt]],
) -> Observation:
    """Find every record of ``desired`` that exists. Raises AutotaskError.

    ``answers``: what a person picked for a local record (0: none of them, create one). ``in_doubt``: the
    creates whose response was lost, by step key.
    """
    evidence = gather(desired, links, answers, in_doubt)
    responses = _ask(client, evidence)
    observation = Observation(known=dict(evidence.linked))
    _choose_opportunity(observation, evidence, responses, client)
    _choose_company(observation, evidence, responses, client)
    _check_customer(observation, evidence, client)
    _choose_contact(observation, evidence, responses)
    _choose_quote(observation, evidence, responses, client)
    _see_primary(observation, evidence, client)
    _choose_catalog_items(observation, evidence, responses)
    observation.removed_lines |= quote_items.removed_lines(desired, links, observation.known.get(keys.QUOTE))
    _find_unlinked_items(observation, evidence, client)
    return observation


def _ask(client: Client, evidence: Evidence) -> _Responses:
    """Ask different endpoints at once. Only the quote waits for others: a new customer has none."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        companies = pool.submit(match_company.query, client, evidence)
        contacts = pool.submit(match_contact.query, client, evidence)
        opportunity = pool.submit(match_quote.read_opportunity, client, evidence)

        def query_quotes() -> list[Record]:
            if match_quote.customer_is_new(evidence, companies.result(), contacts.result()):
                return []
            return match_quote.query(client, evidence)

        quotes = pool.submit(query_quotes)
        catalog = [
            pool.submit(match_catalog.query, client, evidence, entity) for entity in match_catalog.MATCH_ORDER
        ]
    return _Responses(
        opportunity=opportunity.result(),
        companies=companies.result(),
        contacts=contacts.result(),
        quotes=quotes.result(),
        catalog={key: candidates for future in catalog for key, candidates in future.result().items()},
    )


def _choose_opportunity(
    observation: Observation, evidence: Evidence, responses: _Responses, client: Client
) -> None:
    row, desired = responses.opportunity, evidence.desired
    if row is None:
        _store(observation, evidence, desired.opportunity, match_quote.on_another(client, evidence))
        return
    _store(observation, evidence, desired.opportunity, match_quote.choose_opportunity(evidence, row))
    if row and desired.company is not None:
        known = observation.known.get(keys.COMPANY) or evidence.unconfirmed.get(keys.COMPANY)
        _store(
            observation,
            evidence,
            desired.company,
            match_quote.choose_company_of(
                client,
                row,
                desired.company,
                known,
                responses.companies,
                lambda match: match_company.matches(desired, match),
            ),
        )


def _choose_company(
    observation: Observation, evidence: Evidence, responses: _Responses, client: Client
) -> None:
    company = evidence.desired.company
    if company is None or company.key in observation.known:
        return
    choice = match_company.choose(evidence, company, responses.companies)
    if choice is None:
        choice = match_company.question_about_contacts(client, evidence, company, responses.contacts)
    _store(observation, evidence, company, choice)


def _check_customer(observation: Observation, evidence: Evidence, client: Client) -> None:
    """A quote that was pushed for one company is no deal with another."""
    company, opportunity = evidence.desired.company, evidence.linked.get(evidence.desired.opportunity.key)
    if company is None or opportunity is None or observation.questions:
        return
    known = observation.known.get(company.key)
    found = match_quote.of_our_customer(client, company, known, opportunity)
    if isinstance(found, Problem):
        observation.problems.append(found)
    else:
        observation.known[evidence.desired.opportunity.key] = found


def _choose_contact(observation: Observation, evidence: Evidence, responses: _Responses) -> None:
    contact = evidence.desired.contact
    if contact is None or contact.key in observation.known:
        return
    company = observation.known.get(keys.COMPANY)
    _store(
        observation, evidence, contact, match_contact.choose(evidence, contact, responses.contacts, company)
    )


def _choose_quote(
    observation: Observation, evidence: Evidence, responses: _Responses, client: Client
) -> None:
    """The quote, and with it its opportunity."""
    desired = evidence.desired
    rows = match_quote.with_opportunity(client, evidence, responses.quotes)
    choice = match_quote.choose(evidence, rows, observation.known.get(keys.COMPANY))
    _store(observation, evidence, desired.quote, choice)
    if isinstance(choice, Match) and desired.opportunity.key not in observation.known:
        _store(observation, evidence, desired.opportunity, Match({"id": choice.row["opportunityID"]}))


def _see_primary(observation: Observation, evidence: Evidence, client: Client) -> None:
    """Before an opportunity is won, see whether another quote became its primary one, here or in Autotask."""
    desired = evidence.desired
    quote, opportunity = (observation.known.get(one.key) for one in (desired.quote, desired.opportunity))
    if quote is None or opportunity is None or "primaryQuote" not in desired.quote.fields:
        return
    if is_equal(desired.opportunity.fields.get("status"), opportunity.pushed.get("status")):
        return
    row = match_quote.read(client, quote.remote_id)
    if row is not None:
        pushed = {**quote.pushed, "primaryQuote": row.get("primaryQuote")}
        observation.known[desired.quote.key] = replace(quote, pushed=pushed)


def _choose_catalog_items(observation: Observation, evidence: Evidence, responses: _Responses) -> None:
    for item in evidence.desired.catalog_items:
        candidates = responses.catalog.get(item.record.key)
        if candidates is not None:
            _store(observation, evidence, item.record, match_catalog.choose(evidence, item, candidates))
    observation.names |= match_catalog.names_of_new(evidence, observation.known, responses.catalog)


def _find_unlinked_items(observation: Observation, evidence: Evidence, client: Client) -> None:
    """Find items without a link, after an interrupted push or after links were lost."""
    desired, quote = evidence.desired, observation.known.get(keys.QUOTE)
    links_lost = quote is not None and quote.is_just_matched
    in_doubt = {
        key: [doubt.sent for doubt in doubts] for key, doubts in evidence.in_doubt.items() if key.is_item
    }
    if quote is None or not (in_doubt or links_lost):
        return
    items = {item.key: item for item in desired.items}
    rows = quote_items.unlinked_rows(client, evidence.links, quote)
    for key, row, is_ours in list(quote_items.pair(rows, in_doubt)):
        if key in items and key not in observation.known:
            _store(observation, evidence, items[key], Match(row, quote.remote_id))
        elif is_ours:
            # The line was removed since, or another of its creates worked as well.
            local = quote_items.retired(desired.quote_id, int(row["id"]))
            observation.removed_lines[local] = RemoteRecord(int(row["id"]), {}, quote.remote_id)
        else:
            # It only looks like ours: someone added it.
            continue
        rows.remove(row)
    if links_lost:
        missing = [item for key, item in items.items() if key not in observation.known]
        for key, row in quote_items.pair_by_name(missing, rows).items():
            _store(observation, evidence, items[key], Match(row, quote.remote_id))


def _store(observation: Observation, evidence: Evidence, record: DesiredRecord, choice: Choice) -> None:
    match choice:
        case Match():
            _adopt(observation, evidence, record, choice)
        case Question():
            observation.questions.append(choice)
        case Problem():
            observation.problems.append(choice)


def _adopt(observation: Observation, evidence: Evidence, record: DesiredRecord, match: Match) -> None:
    unconfirmed = evidence.unconfirmed.get(record.key)
    confirmed = unconfirmed is not None and unconfirmed.remote_id == match.row["id"]
    if unconfirmed is not None and confirmed and match_catalog.is_active(match.row):
        observation.known[record.key] = unconfirmed
        return
    observation.known[record.key] = RemoteRecord(
        int(match.row["id"]), dict(match.row), match.parent_id, is_just_matched=True, ours=match.ours
    )
