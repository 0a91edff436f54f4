"""The events of a quote in words, for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from webapp.models import QuoteEvent
from webapp.services.core import browsers
from webapp.services.quoting.evidence import chain
from webapp.services.quoting.evidence.chain import COLLEAGUE, CUSTOMER, DESK, PROGRAM

WORDS = {
    "published": "Published as revision {revision}",
    "link_replaced": "Customer's link replaced",
    "sent": "Email sent",
    "reminded": "Reminder sent",
    "delivered": "Email delivered",
    "bounced": "Email bounced",
    "shared": "Shared with a colleague",
    "share_ended": "Colleague's link turned off",
    "commented": "Commented",
    "answered": "Comment answered",
    "viewed": "Viewed revision {revision}",
    "fetched": "Page fetched by a program",
    "downloaded": "Downloaded",
    "options_changed": "Choices changed",
    "signed": "Signed revision {revision}",
    "countersigned": "Countersigned revision {revision}",
    "signers_changed": "Signers named",
    "sign_asked": "Asked to sign",
    "signing_restarted": "Signing started over",
    "code_sent": "Code to confirm the email sent",
    "code_confirmed": "Email confirmed by the code",
    "recorded": "Acceptance recorded for revision {revision}",
    "sealed": "Signed PDF stored",
    "declined": "Declined",
    "lost": "Marked as lost",
    "reopened": "Reopened",
    "ordered": "Marked as ordered",
    "fulfilled": "Marked as fulfilled",
    "expired": "Expired",
}
WHO = {
    CUSTOMER: "Customer",
    COLLEAGUE: "Customer's colleague",
    DESK: "Our own people",
    PROGRAM: "A program that checks links",
    chain.PRODUCT: "Quotewright",
}


@dataclass(frozen=True)
class Told:
    """An event in words. ``who``: whose it is; ``name``: as far as known; ``agent``: the browser, in short."""

    number: int
    at: datetime
    what: str
    detail: str
    who: str
    name: str
    address: str
    agent: str
    session: str
    sha256: str
    is_program: bool


def of_quote(quote_id: int) -> list[Told]:
    """All events of a quote, oldest first."""
    return [told(event) for event in chain.of_quote(quote_id)]


def told(event: QuoteEvent) -> Told:
    """One event in words."""
    what = WORDS.get(event.kind, event.kind).format(revision=event.revision or "–")
    return Told(
        number=event.number,
        at=event.at,
        what=what,
        detail=_detail(event),
        who=WHO.get(event.who, event.who),
        name=event.name,
        address=event.address,
        agent=browsers.browser(event.agent) if event.agent else "",
        session=event.session,
        sha256=event.sha256,
        is_program=event.who == PROGRAM,
    )


def _detail(event: QuoteEvent) -> str:
    facts = event.facts
    if event.kind == "options_changed":
        return "; ".join(facts.get("changes", []))
    if event.kind in (chain.SIGNED, chain.COUNTERSIGNED):
        way = "drawn signature" if facts.get("drawing_sha256") else "typed signature"
        return f"{way}, in our own browser as {facts['signed_in_as']}" if facts.get("signed_in_as") else way
    if event.kind == "downloaded":
        return str(facts.get("what", ""))
    if event.kind == "sealed":
        return _seal(facts.get("seal", {}))
    return str(facts.get("reason", ""))


def _seal(facts: Mapping[str, str]) -> str:
    """What the PDF was sealed with."""
    said = [
        f"sealed by {facts['signed_by']}" if facts.get("signed_by") else "",
        f"time stamp by {facts['stamped_by']}" if facts.get("stamped_by") else "",
        facts.get("lacking", ""),
    ]
    return ", ".join(part for part in said if part)
