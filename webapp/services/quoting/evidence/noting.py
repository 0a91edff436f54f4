"""What the diary says of a published quote becomes an event of its chain, in the same transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webapp.models import Acceptance, DiaryEntry, QuoteComment, QuoteEvent, Revision, db
from webapp.services.core.formatting import plain
from webapp.services.diary import diary
from webapp.services.quoting.evidence import chain
from webapp.services.quoting.evidence.chain import COLLEAGUE, CUSTOMER, DESK, PRODUCT, SIGNED, Happened
from webapp.services.quoting.revisions import offered, quantities, snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot

PUBLISHED, RECORDED, DECLINED, LOST = "published", "recorded", "declined", "lost"
# The kinds of events by the diary's actions.
KINDS = {
    "quote.published": PUBLISHED,
    "quote.customer_link_replaced": "link_replaced",
    "quote.mail_sent": "sent",
    "quote.reminder_sent": "reminded",
    "quote.mail_delivered": "delivered",
    "quote.mail_bounced": "bounced",
    "quote.shared": "shared",
    "quote.share_ended": "share_ended",
    "quote.commented": "commented",
    "quote.answered": "answered",
    "quote.accepted": SIGNED,
    "quote.ordered": "ordered",
    "quote.fulfilled": "fulfilled",
    "quote.lost": LOST,
    "quote.pending": "reopened",
    "quote.expired": "expired",
}


def note(entries: list[DiaryEntry]) -> Callable[[], None]:
    """A subscriber of the diary."""
    by_quote: dict[int, list[Happened]] = {}
    for entry in entries:
        if entry.object_type == "quote" and entry.action in KINDS:
            by_quote.setdefault(int(entry.object_id), []).extend(_events(entry))
    for quote_id, happened in by_quote.items():
        # A draft has no chain: it starts with publishing.
        if happened[0].kind == PUBLISHED or _is_started(quote_id):
            chain.append(quote_id, happened)
    return lambda: None


def _is_started(quote_id: int) -> bool:
    published = db.select(Revision.id).filter_by(quote_id=quote_id).limit(1)
    begun = db.select(QuoteEvent.id).filter_by(quote_id=quote_id).limit(1)
    return db.session.scalar(begun) is not None or db.session.scalar(published) is not None


def _events(entry: DiaryEntry) -> list[Happened]:
    kind, detail = KINDS[entry.action], dict(entry.detail)
    acceptance = _acceptance(int(entry.object_id)) if kind == SIGNED else None
    facts: dict[str, Any] = {}
    who, name = _who(entry, detail, acceptance)
    where: dict[str, Any] = {
        "revision": entry.revision,
        "address": entry.address,
        "agent": diary.here().agent,
        "session": entry.session,
        "at": entry.at,
    }
    if kind == PUBLISHED:
        facts = {"content_sha256": detail.get("sha256", "")}
    elif acceptance is not None:
        kind = SIGNED if acceptance.is_signed else RECORDED
        where["at"] = acceptance.accepted_at
        if acceptance.is_signed:
            where |= {
                "address": acceptance.ip_address,
                "agent": acceptance.user_agent,
                "session": acceptance.session,
            }
        changed = _differences(*chosen_from(acceptance))
        events = (
            [Happened("options_changed", who, name, detail={"changes": changed}, **where)] if changed else []
        )
        return [*events, Happened(kind, who, name, detail=_signed_facts(acceptance), **where)]
    else:
        kind = DECLINED if kind == LOST and entry.actor_id is None else kind
        # What our own people wrote about a lost quote is theirs; the chain goes to the customer too.
        told = ("reason", "comment") if entry.actor_id is None else ("comment",)
        facts = {key: detail[key] for key in told if detail.get(key)}
    return [Happened(kind, who, name, detail=facts, **where)]


def of_acceptance(quote_id: int) -> QuoteEvent | None:
    """The event of the quote's acceptance; None where there is none, as before there were events."""
    query = db.select(QuoteEvent).where(
        QuoteEvent.quote_id == quote_id, QuoteEvent.kind.in_((SIGNED, RECORDED))
    )
    found: QuoteEvent | None = db.session.scalar(query.order_by(QuoteEvent.number.desc()).limit(1))
    return found


def _signed_facts(acceptance: Acceptance) -> dict[str, Any]:
    """What the event of an acceptance says: the hashes of all that was signed, and by whom."""
    facts = {
        "name": acceptance.name,
        "title": acceptance.title,
        "email": acceptance.email,
        "purchase_order_number": acceptance.purchase_order_number,
        "signature": acceptance.signature,
        "drawing_sha256": acceptance.drawing.sha256 if acceptance.drawing else "",
        "content_sha256": acceptance.content_sha256,
        "offer_sha256": offered.sha256(db.session.get_one(Revision, acceptance.revision_id).content),
        "consent": acceptance.consent,
        "consent_version": acceptance.consent_version,
        "consent_sha256": acceptance.consent_sha256,
        "terms_sha256": acceptance.terms_sha256,
        "time_zone": acceptance.time_zone,
        "signed_in_as": acceptance.signed_in_as,
        "recorded_by": acceptance.recorded_by.email if acceptance.recorded_by else "",
    }
    return {key: value for key, value in facts.items() if value}


def _acceptance(quote_id: int) -> Acceptance | None:
    found: Acceptance | None = db.session.scalar(db.select(Acceptance).filter_by(quote_id=quote_id))
    return found


def _who(entry: DiaryEntry, detail: dict[str, Any], acceptance: Acceptance | None) -> tuple[str, str]:
    if entry.actor_id is not None:
        return DESK, entry.actor
    if not entry.actor.startswith(diary.CUSTOMER):
        return PRODUCT, ""
    name = entry.actor.removeprefix(diary.CUSTOMER)
    if acceptance is not None and acceptance.signed_in_as:
        return DESK, acceptance.signed_in_as
    if acceptance is None and diary.here().signed_in_as:
        return DESK, diary.here().signed_in_as
    return COLLEAGUE if _came_through(detail, acceptance) else CUSTOMER, name


def _came_through(detail: dict[str, Any], acceptance: Acceptance | None) -> bool:
    """Whether it came through a colleague's link."""
    if acceptance is not None:
        return acceptance.share_id is not None
    comment = db.session.get(QuoteComment, detail["comment"]) if detail.get("comment") else None
    return bool(detail.get("through")) or (comment is not None and comment.share_id is not None)


def chosen_from(acceptance: Acceptance) -> tuple[Snapshot, Snapshot]:
    """The offer as it was published, and as it was accepted; the same where the customer chose nothing else."""
    accepted = db.session.get_one(Revision, acceptance.revision_id)
    offered = db.session.scalar(
        db.select(Revision).filter_by(quote_id=accepted.quote_id, number=accepted.number - 1)
    )
    now = snapshot.parse(accepted.content)
    live = snapshot.parse(offered.content) if offered else now
    # A choice makes a revision of the moment of its offer; publishing makes one of a moment of its own.
    return (live, now) if now.published_at == live.published_at else (now, now)


def changed_quantities(live: Snapshot, now: Snapshot) -> list[str]:
    """What was accepted in another quantity than it was offered: “Seats: 15 instead of 10”."""
    names = {line.uid: line.name for line in now.lines if line.counts}
    return [
        f"{names[uid]}: {plain(after, now.place)} instead of {plain(before, now.place)}"
        for uid, (before, after) in quantities.differences(live, now).items()
        if uid in names
    ]


def _differences(live: Snapshot, now: Snapshot) -> list[str]:
    were = {line.uid: line.counts for line in live.lines}
    said = [
        f"{'Added' if line.counts else 'Left out'}: {line.name}"
        for line in now.lines
        if line.counts != were.get(line.uid, line.counts)
    ]
    said += changed_quantities(live, now)
    if now.purchase_order_number != live.purchase_order_number:
        said.append(f"PO number: {now.purchase_order_number}")
    return said
