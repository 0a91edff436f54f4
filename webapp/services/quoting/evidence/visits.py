"""Who looked at a quote and downloaded it: the customer, a colleague, people of the seller's own, or a program."""

from __future__ import annotations

import re
from dataclasses import dataclass

from webapp.models import Quote, QuoteEvent, QuoteShare, User, db
from webapp.services.core import work
from webapp.services.quoting.draft import editing
from webapp.services.quoting.evidence import chain
from webapp.services.quoting.evidence.chain import COLLEAGUE, CUSTOMER, DESK, PROGRAM, Happened

VIEWED, FETCHED, DOWNLOADED = "viewed", "fetched", "downloaded"
# Of each visit the first of a kind is noted; and no more than this of a quote, whoever calls again and again. Programs
# have their own, lower one, so that they take nothing from people.
MOST, MOST_OF_PROGRAMS = 1_000, 200
# Programs that open links to check or preview them, and say so.
SCANNER = re.compile(
    r"bot\b|crawl|spider|scanner|preview|prefetch|facebookexternalhit|whatsapp|safelinks|proofpoint|mimecast|barracuda|"
    r"curl/|wget/|python-|go-http-client|okhttp|libwww",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Visitor:
    """Who calls. ``user``: the user of ours who is signed in in that browser. ``share``: the colleague's link.

    ``name``: of the signer with this link. ``is_program``: it says so itself, or only fetches ahead.
    """

    address: str
    agent: str
    session: str = ""
    user: User | None = None
    share: QuoteShare | None = None
    name: str = ""
    is_program: bool = False


def is_scanner(user_agent: str) -> bool:
    """True for a program that says that it only checks or previews links."""
    return not user_agent.strip() or SCANNER.search(user_agent) is not None


@work.command
def note(quote: Quote, kind: str, visitor: Visitor, what: str = "") -> None:
    """Note that someone viewed the quote, fetched its page or downloaded ``what``; once in each visit and revision."""
    revision = quote.current_revision
    if revision is None:
        return
    who, name = _who(visitor)
    detail = {"what": what} if what else {}
    new = kind, who, visitor, revision.number, chain.canonical(detail)
    if _is_noted(quote, *new):
        return
    quote = editing.lock(quote.id)
    # Asked again: another request may have noted it while this one waited.
    if _is_noted(quote, *new):
        return
    happened = Happened(
        kind,
        who,
        name,
        revision=revision.number,
        address=visitor.address,
        agent=visitor.agent,
        session="" if who == PROGRAM else visitor.session,
        detail=detail,
    )
    chain.append(quote.id, [happened])


def _who(visitor: Visitor) -> tuple[str, str]:
    if visitor.user is not None:
        return DESK, visitor.user.email
    if visitor.is_program or is_scanner(visitor.agent):
        return PROGRAM, ""
    if visitor.share is not None:
        return COLLEAGUE, visitor.share.name
    return CUSTOMER, visitor.name


def _is_noted(quote: Quote, kind: str, who: str, visitor: Visitor, revision: int, detail: str) -> bool:
    same = db.select(QuoteEvent.id).filter_by(
        quote_id=quote.id, kind=kind, who=who, revision=revision, detail=detail
    )
    if visitor.user is not None:
        # The event doesn't say from where.
        same = same.filter_by(name=visitor.user.email)
    elif who == PROGRAM or not visitor.session:
        same = same.filter_by(address=visitor.address[:45], agent=visitor.agent[:300])
    else:
        same = same.filter_by(session=visitor.session[:80])
    if db.session.scalar(same.limit(1)) is not None:
        return True
    visits = db.select(db.func.count(QuoteEvent.id)).where(
        QuoteEvent.quote_id == quote.id,
        QuoteEvent.kind.in_((VIEWED, FETCHED, DOWNLOADED)),
        QuoteEvent.who == PROGRAM if who == PROGRAM else QuoteEvent.who != PROGRAM,
    )
    return (db.session.scalar(visits) or 0) >= (MOST_OF_PROGRAMS if who == PROGRAM else MOST)
