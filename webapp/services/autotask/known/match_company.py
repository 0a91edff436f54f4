"""Match the quote's organization with a company in Autotask.

A company whose name only looks like ours is a question: it is neither ours nor a reason to create a second one.
"""

from __future__ import annotations

from webapp.models import names
from webapp.services.autotask.api.client import Client, Filter, Record, any_of, condition
from webapp.services.autotask.known.company_matching import (
    describe_location,
    first_word,
    host,
    normalized,
    same_phone,
)
from webapp.services.autotask.known.evidence import Evidence
from webapp.services.autotask.known.links import key_of
from webapp.services.autotask.known.match_catalog import is_active
from webapp.services.autotask.known.observation import Candidate, Choice, Match, Question
from webapp.services.autotask.wanted.desired import Desired, DesiredRecord, Problem
from webapp.services.core.phones import digits

ENTITY = "Companies"


def query(client: Client, evidence: Evidence) -> list[Record]:
    """The companies that match or look alike, or the picked one. Raises AutotaskError."""
    company = evidence.desired.company
    if company is None or evidence.is_linked(company):
        return []
    picked = evidence.picked(company)
    if picked:
        rows = client.query(ENTITY, [condition("eq", "id", picked)])
        if rows:
            return rows
        # The picked company was deleted since, so we match again.
    nodes = _conditions(company, evidence.desired.match_company)
    rows = client.query(ENTITY, [any_of(*nodes)] if len(nodes) > 1 else nodes)
    return [row for row in rows if matches(evidence.desired, row) or _looks_like(evidence.desired, row)]


def choose(evidence: Evidence, company: DesiredRecord, rows: list[Record]) -> Choice:
    """The one active company, a question about several, or a problem."""
    picked = evidence.picked(company)
    if picked == 0:
        return None
    alike = [row for row in rows if row["id"] != picked and not matches(evidence.desired, row)]
    rows = [row for row in rows if row not in alike]
    active = [row for row in rows if is_active(row)]
    if len(active) == 1:
        return Match(active[0])
    if active:
        return _question(
            company,
            f"{len(active)} companies in Autotask match “{company.title}”. Nothing was written. Pick the right one.",
            active,
        )
    if rows:
        return Problem(
            f"The company “{company.title}” is inactive in Autotask. Activate it there, or rename it here."
        )
    if alike and company.key not in evidence.in_doubt:
        names_there = " and ".join(f"“{row['companyName']}”" for row in alike[:3])
        return _question(
            company,
            f"No company in Autotask is named “{company.title}”, but {names_there} may be the same. Nothing was "
            "written. Pick the company, or create a new one.",
            alike,
        )
    return None


def question_about_contacts(
    client: Client, evidence: Evidence, company: DesiredRecord, contacts: list[Record]
) -> Question | None:
    """No company matches by name, but the contact's email exists elsewhere: is that the same company?

    Raises AutotaskError.
    """
    ids = sorted({int(row["companyID"]) for row in contacts})
    if not ids or evidence.picked(company) == 0 or company.key in evidence.in_doubt:
        return None
    rows = client.query(ENTITY, [condition("in", "id", ids)])
    if not rows:
        return None
    email = contacts[0].get("emailAddress")
    return _question(
        company,
        f"No company in Autotask is named “{company.title}”, but {email} is a contact of another company. Nothing was "
        "written. Is one of these the same company?",
        rows,
    )


def _question(company: DesiredRecord, sentence: str, rows: list[Record]) -> Question:
    candidates = [Candidate(int(row["id"]), str(row["companyName"]), describe_location(row)) for row in rows]
    return Question(key_of(company), sentence, tuple(candidates))


def _conditions(company: DesiredRecord, wanted: dict[str, str]) -> list[Filter]:
    """Conditions that find at least every company that matches or looks alike; ``matches`` is exact."""
    spelled = names.spellings(company.initial["companyName"])
    nodes: list[Filter] = [condition("eq", "companyName", name) for name in spelled]
    # Also those that only look alike, in the same call.
    begins = names.spellings(first_word(wanted["name"]))
    nodes += [condition("beginsWith", "companyName", word) for word in begins]
    if wanted["phone"]:
        # Numbers are written in many ways, but nearly all end with the same four digits.
        nodes.append(condition("contains", "phone", digits(wanted["phone"])[-4:] or wanted["phone"]))
    if wanted["website"]:
        nodes.append(condition("contains", "webAddress", host(wanted["website"])))
    return nodes


def _looks_like(desired: Desired, row: Record) -> bool:
    """True for an active company whose name differs in punctuation, spaces and legal form only."""
    ours = normalized(desired.match_company["name"])
    return bool(ours) and is_active(row) and normalized(str(row.get("companyName") or "")) == ours


def matches(desired: Desired, row: Record) -> bool:
    """True for a company that is ours by the name, or by what the settings say besides."""
    wanted, company = desired.match_company, desired.company
    name = str(row.get("companyName") or "")
    ours = (wanted["name"], str(company and company.initial["companyName"]))
    if names.folded(name) in map(names.folded, ours):
        return True
    if wanted["normalized"] and normalized(name) == normalized(wanted["name"]):
        return True
    phone, website = str(row.get("phone") or ""), str(row.get("webAddress") or "")
    return bool(
        (wanted["phone"] and phone and same_phone(phone, wanted["phone"]))
        or (wanted["website"] and website and host(website) == host(wanted["website"]))
    )
