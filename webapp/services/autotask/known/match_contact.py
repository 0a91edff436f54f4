"""Match the quote's person with a contact of the company in Autotask."""

from __future__ import annotations

from webapp.models import names
from webapp.services.autotask.api.client import Client, Record, condition
from webapp.services.autotask.known.evidence import Evidence
from webapp.services.autotask.known.links import key_of
from webapp.services.autotask.known.match_catalog import is_active
from webapp.services.autotask.known.observation import Candidate, Choice, Match, Question, RemoteRecord
from webapp.services.autotask.wanted import keys
from webapp.services.autotask.wanted.desired import DesiredRecord, Problem

ENTITY = "Contacts"


def query(client: Client, evidence: Evidence) -> list[Record]:
    """The picked contact, or the contacts of any company with the email, else by name. Raises AutotaskError."""
    contact = evidence.desired.contact
    if contact is None or evidence.is_linked(contact):
        return []
    picked = evidence.picked(contact) or contact.chosen_id
    if picked:
        rows = client.query(ENTITY, [condition("eq", "id", picked)])
        if rows:
            return rows
    email = contact.initial.get("emailAddress")
    if email:
        return client.query(ENTITY, [condition("in", "emailAddress", spellings_of(email))])
    company = evidence.linked.get(keys.COMPANY) or evidence.unconfirmed.get(keys.COMPANY)
    if company is None:
        return []
    named = [
        condition("in", name, names.spellings(contact.initial[name])) for name in ("firstName", "lastName")
    ]
    return client.query(ENTITY, [*named, condition("eq", "companyID", company.remote_id)])


def spellings_of(email: str) -> list[str]:
    """The address with its domain in both forms: as people read it, and as “xn--…”."""
    local, at, domain = str(email).rpartition("@")
    try:
        ascii_form = domain.encode("idna").decode("ascii")
        forms = [domain, ascii_form, ascii_form.encode("ascii").decode("idna")]
    except UnicodeError:
        return [email]
    return list(dict.fromkeys(f"{local}{at}{form}" for form in forms))


def _moved(
    evidence: Evidence, contact: DesiredRecord, rows: list[Record], company: RemoteRecord
) -> Question | None:
    """The contact that our person is linked to, or was pulled from, belongs to another company now: who is it?

    Autotask takes no contact of another company on a quote, so it can't be one of the answers.
    """
    unconfirmed = evidence.unconfirmed.get(contact.key)
    ours = unconfirmed.remote_id if unconfirmed is not None else contact.chosen_id
    row = next((row for row in rows if int(row["id"]) == ours), None)
    if row is None or int(row["companyID"]) == company.remote_id or evidence.answers(key_of(contact)) == 0:
        return None
    where = evidence.desired.company
    return Question(
        key_of(contact),
        f"The contact “{contact.title}” belongs to another company in Autotask now (company {row['companyID']}), and "
        f"not to “{where.title if where else ''}”. Nothing was written. If the person changed jobs, choose another "
        "customer for the quote. Otherwise, create a new contact.",
        (),
    )


def _is_anothers(evidence: Evidence, contact: DesiredRecord, row: Record) -> bool:
    """True for the contact of someone else here with another name, unless a person said that it is ours too."""
    number = int(row["id"])
    if number in (evidence.picked(contact), contact.chosen_id) or _name(row) == _name(contact.initial):
        return False
    return any(
        key.entity == ENTITY and key != key_of(contact) and link.remote_id == number
        for key, link in evidence.links.items()
    )


def _name(row: Record) -> str:
    return names.folded(f"{row.get('firstName')} {row.get('lastName')}")


def choose(
    evidence: Evidence, contact: DesiredRecord, rows: list[Record], company: RemoteRecord | None
) -> Choice:
    """The one active contact of ``company``, a question about several, or a problem."""
    if company is None or evidence.picked(contact) == 0:
        return None
    moved = _moved(evidence, contact, rows, company)
    if moved is not None:
        return moved
    inside = [row for row in rows if int(row["companyID"]) == company.remote_id]
    active = [row for row in inside if is_active(row)]
    if len(active) == 1 and not _is_anothers(evidence, contact, active[0]):
        return Match(active[0], company.remote_id)
    if active:
        sentence = (
            f"{len(active)} contacts in Autotask match “{contact.title}”. "
            "Nothing was written. Pick the right one."
        )
        if len(active) == 1:
            sentence = (
                f"The contact in Autotask with the email of “{contact.title}” is linked to another person who has this "
                "email. Nothing was written. Pick that contact, or create a new one."
            )
        return Question(
            key_of(contact),
            sentence,
            tuple(
                Candidate(
                    int(row["id"]),
                    f"{row.get('firstName')} {row.get('lastName')}",
                    str(row.get("emailAddress") or ""),
                )
                for row in active
            ),
        )
    if inside:
        return Problem(
            f"The contact “{contact.title}” is inactive in Autotask. Activate it there, or choose another person."
        )
    return None
