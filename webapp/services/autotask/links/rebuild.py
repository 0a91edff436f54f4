"""Recovering lost links from Autotask: by the quote's external number, then its related records. Nothing is guessed.

The quote's row has the ids of its opportunity, company, contact and locations; its items have the ids of products and
services. Each record must match ours in its identifying fields; otherwise it is reported and not linked.

Owns its transactions: no transaction is open while Autotask is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from webapp.models import Acceptance, Link, Quote, QuoteLine, Revision, User, db, local_key
from webapp.models.integration import AUTOTASK
from webapp.models.local_key import LocalKey
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.autotask.api.client import Client, Record, condition
from webapp.services.autotask.connection import connection
from webapp.services.autotask.known import links
from webapp.services.autotask.known.links import LinkKey, key_of_link
from webapp.services.autotask.links import rows as link_rows
from webapp.services.autotask.links.rebuild_match import Found, Hints, Remote, match
from webapp.services.autotask.push import prepare
from webapp.services.autotask.wanted import facts
from webapp.services.autotask.wanted.desired import Desired
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary
from webapp.services.quoting.revisions import parts

BATCH = 50


@dataclass
class Report:
    """``found``: links that can be stored. ``unclear``: sentences for a person. ``absent``: quotes not in Autotask.

    ``looked``: quotes that lacked a link. ``left``: how many of those were not searched this time.
    """

    found: list[Found] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    looked: int = 0
    left: int = 0
    stored: int = 0


def search(runtime: Runtime, limit: int | None = None) -> Report:
    """Search Autotask for the missing links of published quotes; stores nothing.

    ``limit``: quotes at most, the newest first. Raises NotConnected, ConnectionRefused or AutotaskError.
    """
    client = connection.open_client(runtime)
    known = facts.gather(runtime)
    wanted = _lacking()
    report = Report(looked=len(wanted))
    if limit is not None and len(wanted) > limit:
        report.left = len(wanted) - limit
        wanted = wanted[:limit]
    for place in range(0, len(wanted), BATCH):
        quotes = db.session.scalars(db.select(Quote).where(Quote.id.in_(wanted[place : place + BATCH])))
        cases = [
            (prepare.compile_revision(runtime, quote, quote.revisions[-1], known), _title(quote))
            for quote in quotes.all()
        ]
        linked = [{key: link.remote_id for key, link in links.of_desired(one).items()} for one, _ in cases]
        # Commit first, so that no transaction is open during the calls.
        db.session.commit()
        remote = _read(client, [desired for desired, _ in cases], linked)
        for (desired, title), ids in zip(cases, linked, strict=True):
            _add(report, title, match(desired, ids, remote))
    _contradictions(report)
    return report


def store(actor: User | None, report: Report) -> int:
    """Store the found links that are still free. Returns how many; links that exist by now are kept."""
    permissions.require_now(actor, Permission.INTEGRATE)
    present = link_rows.everything()
    known = {key_of_link(link) for link in present}
    taken = {
        (link.remote_entity, link.remote_id) for link in present if link.remote_entity in link_rows.ALONE
    }
    free = []
    for link in report.found:
        target = (link.key.entity, link.remote_id)
        if link.key in known or target in taken:
            continue
        free.append(links.NewLink(link.key, link.remote_id, link.parent_id, link.pushed))
        if target[0] in link_rows.ALONE:
            taken.add(target)
    links.save_all(free)
    report.stored = len(free)
    diary.write(actor, "links.rebuilt", "integration", AUTOTASK, stored=report.stored)
    db.session.commit()
    return report.stored


def _lacking() -> list[int]:
    """Published quotes whose quote, opportunity, PDF or any line has no link, newest first."""
    links_of_ours = db.select(Link.local_type, Link.local_id, Link.remote_entity).filter_by(
        integration=AUTOTASK
    )
    linked = {
        LinkKey(LocalKey.parse(kind, stored_id), entity)
        for kind, stored_id, entity in db.session.execute(links_of_ours.where(Link.quote_id.is_not(None)))
    }
    newest = db.select(Revision.quote_id, db.func.max(Revision.number)).group_by(Revision.quote_id)
    revisions: dict[int, int] = dict(db.session.execute(newest).all())
    signed = set(
        db.session.scalars(
            db.select(Revision.quote_id).join(Acceptance, Acceptance.revision_id == Revision.id)
        )
    )
    lines: dict[int, list[str]] = {}
    plain = db.select(QuoteLine.quote_id, QuoteLine.uid, QuoteLine.setup_fee).where(QuoteLine.bundle == "")
    for quote_id, uid, fee in db.session.execute(plain):
        lines.setdefault(quote_id, []).extend(parts.uids(uid, fee))
    for line in db.session.scalars(db.select(QuoteLine).where(QuoteLine.bundle != "")):
        of_parts = [part.uid for part in parts.of_line(line)]
        lines.setdefault(line.quote_id, []).extend(of_parts or parts.uids(line.uid, line.setup_fee))
    published = db.session.scalars(
        db.select(Quote.id).where(Quote.number.is_not(None)).order_by(Quote.id.desc())
    )
    return [
        quote_id
        for quote_id in published
        if quote_id in revisions
        and not _wanted(_paper(quote_id, revisions[quote_id], signed, linked), lines.get(quote_id, []))
        <= linked
    ]


def _paper(quote_id: int, revision: int, signed: Collection[int], linked: Collection[LinkKey]) -> LocalKey:
    """What the PDF hangs on. What was accepted is the newest revision; its offer's PDF, as pushed before, does too."""
    offered = local_key.revision(quote_id, revision)
    if quote_id not in signed or LinkKey(offered, "OpportunityAttachments") in linked:
        return offered
    return local_key.acceptance(quote_id, revision)


def _wanted(paper: LocalKey, uids: Iterable[str]) -> set[LinkKey]:
    """The links that a pushed quote has."""
    quote_id = paper.quote_id or 0
    quote = local_key.quote(quote_id)
    return {
        LinkKey(quote, "Quotes"),
        LinkKey(quote, "Opportunities"),
        LinkKey(paper, "OpportunityAttachments"),
        *(LinkKey(local_key.line(quote_id, uid), "QuoteItems") for uid in uids),
    }


def _title(quote: Quote) -> str:
    return f"Quote {quote.number} “{quote.title}”"


def _read(client: Client, cases: list[Desired], linked: list[dict[LinkKey, int]]) -> Remote:
    """Everything that matching a batch needs, with seven calls."""
    numbers = [str(case.quote.initial["externalQuoteNumber"]) for case in cases]
    quotes = client.query("Quotes", [condition("in", "externalQuoteNumber", numbers)])
    known = {number for ids in linked for key, number in ids.items() if key.entity == "Quotes"}
    missing = sorted(known - {int(row["id"]) for row in quotes})
    quotes += _rows(client, "Quotes", missing)
    titles = [str(case.attachment.initial["title"]) for case in cases]
    places = ("billToLocationID", "shipToLocationID", "soldToLocationID")
    return Remote(
        quotes=quotes,
        items=_rows(client, "QuoteItems", [row["id"] for row in quotes], "quoteID"),
        opportunities=_by_id(client, "Opportunities", [row.get("opportunityID") for row in quotes]),
        companies=_by_id(client, "Companies", [row.get("companyID") for row in quotes]),
        contacts=_by_id(client, "Contacts", [row.get("contactID") for row in quotes]),
        locations=_by_id(client, "QuoteLocations", [row.get(place) for row in quotes for place in places]),
        attachments=client.query("OpportunityAttachments", [condition("in", "title", titles)])
        if quotes
        else [],
        taken=_taken(),
    )


def _taken() -> dict[tuple[str, int], LinkKey]:
    """Our record by Autotask record, for entities that only one of ours can be linked to."""
    found = {
        (link.remote_entity, link.remote_id): key_of_link(link)
        for link in link_rows.everything()
        if link.remote_entity in link_rows.ALONE
    }
    db.session.commit()
    return found


def _rows(client: Client, entity: str, ids: list[Any], name: str = "id") -> list[Record]:
    wanted = sorted({int(number) for number in ids if number is not None})
    rows: list[Record] = []
    for place in range(0, len(wanted), 400):
        rows += client.query(entity, [condition("in", name, wanted[place : place + 400])])
    return rows


def _by_id(client: Client, entity: str, ids: list[Any]) -> dict[int, Record]:
    return {int(row["id"]): row for row in _rows(client, entity, ids)}


def _add(report: Report, title: str, hints: Hints) -> None:
    report.found += hints.found
    report.unclear += [f"{title}: {sentence}" for sentence in hints.unclear]
    if hints.is_absent:
        report.absent.append(f"{title} isn't in Autotask. The next sync creates it.")


def _contradictions(report: Report) -> None:
    """Drop links where two quotes matched the same record of ours to different Autotask records."""
    targets: dict[LinkKey, set[int]] = {}
    for link in report.found:
        targets.setdefault(link.key, set()).add(link.remote_id)
    unique: dict[LinkKey, Found] = {}
    for link in report.found:
        if len(targets[link.key]) == 1:
            unique.setdefault(link.key, link)
    for key, ids in targets.items():
        if len(ids) > 1:
            name = next(link.ours for link in report.found if link.key == key)
            numbers = ", ".join(str(number) for number in sorted(ids))
            report.unclear.append(f"{name} matches several {key.entity}: {numbers}. It isn't linked.")
    report.found = list(unique.values())
