"""What the diary says of a published quote becomes an event of its chain, in the same transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webapp.models import Acceptance, DiaryEntry, QuoteComment, QuoteEvent, Revision, Signature, db
from webapp.services.core.formatting import plain
from webapp.services.diary import diary
from webapp.services.quoting.evidence import chain
from webapp.services.quoting.evidence.chain import (
    COLLEAGUE,
    COUNTERSIGNED,
    CUSTOMER,
    DESK,
    PRODUCT,
    SIGNED,
    Happened,
)
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
    "quote.signers_changed": "signers_changed",
    "quote.sign_asked": "sign_asked",
    "quote.signing_restarted": "signing_restarted",
    "quote.code_sent": "code_sent",
    "quote.code_confirmed": "code_confirmed",
    "quote.signed": SIGNED,
    "quote.accepted": SIGNED,
    "quote.countersigned": COUNTERSIGNED,
    "quote.ordered": "ordered",
    "quote.fulfilled": "fulfilled",
    "quote.lost": LOST,
    "quote.pending": "reopened",
    "quote.expired": "expired",
}
# What our own people say of these is for the customer too.
TOLD = ("signers_changed", "sign_asked", "signing_restarted")


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
    record = _record(entry, detail) if kind in (SIGNED, COUNTERSIGNED) else None
    facts: dict[str, Any] = {}
    who, name = _who(entry, detail, record)
    where: dict[str, Any] = {
        "revision": entry.revision,
        "address": entry.address,
        "agent": diary.here().agent,
        "session": entry.session,
        "at": entry.at,
    }
    if kind == PUBLISHED:
        facts = {"content_sha256": detail.get("sha256", "")}
    elif record is not None:
        is_signed = isinstance(record, Signature) or record.is_signed
        kind = kind if is_signed else RECORDED
        where["at"] = record.accepted_at
        if is_signed:
            where |= {
                "address": record.ip_address,
                "agent": record.user_agent,
                "session": record.session,
            }
        changed = _differences(*chosen_from(record)) if _froze(record, detail) else []
        events = (
            [Happened("options_changed", who, name, detail={"changes": changed}, **where)] if changed else []
        )
        return [*events, Happened(kind, who, name, detail=_signed_facts(record), **where)]
    else:
        kind = DECLINED if kind == LOST and entry.actor_id is None else kind
        # What our own people wrote about a lost quote is theirs; the chain goes to the customer too.
        told = ("reason", "comment") if entry.actor_id is None or kind in TOLD else ("comment",)
        facts = {key: detail[key] for key in told if detail.get(key)}
    return [Happened(kind, who, name, detail=facts, **where)]


def _record(entry: DiaryEntry, detail: dict[str, Any]) -> Acceptance | Signature | None:
    """What was signed with the entry."""
    if "signature" in detail:
        return db.session.get(Signature, detail["signature"])
    found: Acceptance | None = db.session.scalar(
        db.select(Acceptance).filter_by(quote_id=int(entry.object_id))
    )
    return found


def _froze(record: Acceptance | Signature, detail: dict[str, Any]) -> bool:
    """Whether it is the first signature, with which the customer's choices were frozen."""
    return not record.earlier if isinstance(record, Acceptance) else bool(detail.get("first"))


def of_acceptance(quote_id: int) -> QuoteEvent | None:
    """The event of the quote's acceptance; None where there is none, as before there were events."""
    query = db.select(QuoteEvent).where(
        QuoteEvent.quote_id == quote_id, QuoteEvent.kind.in_((SIGNED, RECORDED))
    )
    found: QuoteEvent | None = db.session.scalar(query.order_by(QuoteEvent.number.desc()).limit(1))
    return found


def _signed_facts(acceptance: Acceptance | Signature) -> dict[str, Any]:
    """What the event of a signature says: the hashes of all that was signed, and by whom.

    ``with``: the hashes of the events of the signatures that it completes.
    """
    recorder = acceptance.recorded_by if isinstance(acceptance, Acceptance) else None
    facts: dict[str, Any] = {
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
        "confirmed_email": acceptance.confirmed_email,
        "recorded_by": recorder.email if recorder else "",
        "with": [one.sha256 for one in of_earlier(acceptance)] if isinstance(acceptance, Acceptance) else [],
    }
    return {key: value for key, value in facts.items() if value}


def of_earlier(acceptance: Acceptance) -> list[QuoteEvent]:
    """The events of the signatures before the last one, in their order."""
    moments = {one.accepted_at for one in acceptance.earlier}
    signed = [one for one in chain.of_quote(acceptance.quote_id) if one.kind == SIGNED]
    return [one for one in signed if one.at in moments]


def _who(entry: DiaryEntry, detail: dict[str, Any], record: Acceptance | Signature | None) -> tuple[str, str]:
    if entry.actor_id is not None:
        return DESK, entry.actor
    if not entry.actor.startswith(diary.CUSTOMER):
        return PRODUCT, ""
    name = entry.actor.removeprefix(diary.CUSTOMER)
    if record is not None and record.signed_in_as:
        return DESK, record.signed_in_as
    if record is None and diary.here().signed_in_as:
        return DESK, diary.here().signed_in_as
    return COLLEAGUE if _came_through(detail, record) else CUSTOMER, name


def _came_through(detail: dict[str, Any], record: Acceptance | Signature | None) -> bool:
    """Whether it came through a colleague's link."""
    if record is not None:
        return isinstance(record, Acceptance) and record.share_id is not None
    comment = db.session.get(QuoteComment, detail["comment"]) if detail.get("comment") else None
    return bool(detail.get("through")) or (comment is not None and comment.share_id is not None)


def chosen_from(acceptance: Acceptance | Signature) -> tuple[Snapshot, Snapshot]:
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
