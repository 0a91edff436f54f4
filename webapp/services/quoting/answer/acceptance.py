"""The customer's answer: view the live revision, choose options, accept or decline."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from webapp.models import Acceptance, Quote, QuoteShare, User, db, names, utc_now
from webapp.models.quote import ACCEPTED, LOST, PENDING
from webapp.services.company import loss_reasons
from webapp.services.core import work
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.core.fields import Reader
from webapp.services.core.formatting import day, plain
from webapp.services.diary import diary
from webapp.services.quoting.answer import opened
from webapp.services.quoting.answer import quantities as typed_quantities
from webapp.services.quoting.draft import editing, stages
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.money.totals import Totals
from webapp.services.quoting.revisions import freezing, pricing, quantities, snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot

OTHER_TOTALS = (
    "These totals weren't on your screen yet, so nothing was accepted. Please check them, then accept again."
)
# Programs that open links to check or preview them, and say so.
SCANNER = re.compile(
    r"bot\b|crawl|spider|scanner|preview|prefetch|facebookexternalhit|whatsapp|safelinks|proofpoint|mimecast|barracuda|"
    r"curl/|wget/|python-|go-http-client|okhttp|libwww",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Evidence:
    """The IP address and browser of an answer."""

    ip_address: str = ""
    user_agent: str = ""


def by_token(token: str) -> Quote:
    """The published quote of a customer's link. Raises NotFound with a sentence."""
    return opened.by_token(token).quote


def on_screen(offer: Snapshot, computed: Totals | None = None) -> str:
    """A digest of the choices and totals that a page with this offer shows. ``computed``: its totals, if known."""
    amounts = {f"{uid}={quantity}" for uid, quantity in quantities.chosen(offer).items()}
    return pricing.digest(computed or pricing.of_snapshot(offer), pricing.choices(offer) | amounts)


def is_scanner(user_agent: str) -> bool:
    """True for a program that says that it only checks or previews links."""
    return not user_agent.strip() or SCANNER.search(user_agent) is not None


@work.command
def note_viewed(quote: Quote, share: QuoteShare | None = None) -> None:
    """Record when the customer first viewed the live revision, and when a colleague first viewed the quote.

    Merely fetching the page is no view: mail and chat programs fetch links too. The page's script tells it after a few
    seconds on the screen or at the first touch, and so does a choice of options.
    """
    is_first = share is not None and share.viewed_at is None
    if (quote.viewed_at is not None or quote.status != PENDING) and not is_first:
        return
    quote = editing.lock(quote.id)
    revision = quote.current_revision
    if revision is None:
        return
    # Two requests can arrive at once; only the first one counts.
    is_colleagues = share is not None and _views_first(share)
    customer = share.name if share else _customer(snapshot.parse(revision.content))
    if quote.viewed_at is None and quote.status == PENDING:
        quote.viewed_at = utc_now()
        diary.write(None, "quote.viewed", "quote", quote.id, label=customer, revision=revision.number)
    elif is_colleagues:
        diary.write(
            None, "quote.colleague_viewed", "quote", quote.id, label=customer, revision=revision.number
        )


def _views_first(share: QuoteShare) -> bool:
    db.session.refresh(share)
    if share.viewed_at is not None:
        return False
    share.viewed_at = utc_now()
    return True


def is_withdrawn(quote: Quote) -> bool:
    """Whether the customer isn't shown the offer any more: it's lost, and was never accepted."""
    return quote.status == LOST and quote.acceptance is None


def closed_reason(quote: Quote) -> str:
    """Why the quote can't be accepted or declined now; empty when it can."""
    live = freezing.live(quote)
    if quote.status != PENDING:
        return f"This quote was already {'declined' if quote.status == LOST else 'accepted'}."
    if live is not None and stages.has_ended(live.ends_at, utc_now()):
        return (
            f"This quote expired on {day(live.expires_on, live.place)} (end of day, {live.place.zone_name()}). "
            f"Contact {quote.owner.name} ({quote.owner.email}) for a new one."
        )
    return ""


@work.command
def accept(
    token: str,
    values: Mapping[str, object],
    chosen: Collection[str],
    evidence: Evidence,
    shown: str | None = None,
) -> Quote:
    """The customer accepts the live revision with the optional lines ``chosen`` (uids).

    ``values``: ``name``, ``signature`` (the name typed again), ``email``, ``terms`` (a check box), ``sha256`` of the
    revision shown, and the quantities (``answer.quantities``). ``shown``: the digest of the choices and totals on
    the customer's screen (``on_screen``). Raises Invalid with a sentence for each wrong field, or Conflict when the
    screen showed an older revision or other totals; stores nothing then.
    """
    quote, share = _lock(token)
    live = _answerable(quote, values)
    wanted, wrong = typed_quantities.read(live, values)
    if wrong:
        raise Invalid("Nothing was accepted. Fix the quantity, then accept again.", wrong)
    if shown is not None and shown != on_screen(pricing.with_choices(live, chosen, wanted)):
        raise Conflict(OTHER_TOTALS)
    reader = Reader(values)
    name = reader.text("name", 120, missing="Enter your name.")
    signature = reader.text("signature", 120, missing="Type your full name to sign.")
    if name and signature and names.folded(name) != names.folded(signature):
        reader.fail("signature", "The signature must match the name above.")
    if not reader.flag("terms"):
        reader.fail("terms", "Check this box to accept the quote.")
    email = opened.read_email(reader, "email")
    reader.check("Please complete the fields below to accept.")
    _accept(
        quote,
        live,
        pricing.with_choices(live, chosen, wanted),
        None,
        Acceptance(
            name=name,
            signature=signature,
            email=email,
            share_id=share.id if share else None,
            ip_address=evidence.ip_address[:45],
            user_agent=evidence.user_agent[:300],
        ),
    )
    return quote


@work.command
def decline(token: str, values: Mapping[str, object]) -> Quote:
    """The customer declines. ``values``: ``loss_reason`` (an id of the list) or ``reason``, and ``sha256``.

    Raises Invalid or Conflict.
    """
    quote, share = _lock(token)
    live = _answerable(quote, values)
    reader = Reader(values)
    chosen = loss_reasons.find(values.get("loss_reason"))
    reason = reader.text(
        "reason",
        transitions.MAX_REASON,
        missing="" if chosen else "Choose a reason, or tell us what we should change.",
        one_line=False,
    )
    reader.check("Please give a reason to decline.")
    label = share.name if share else _customer(live)
    transitions.apply(quote, LOST, actor=None, reason=reason, chosen=chosen, label=label)
    return quote


@work.command
def record_for_customer(actor: User, quote_id: int, values: Mapping[str, object]) -> Quote:
    """Record an acceptance that the rep got by phone or on paper, for the live revision as published.

    ``values``: ``name`` of the person who accepted. Raises Invalid with a sentence.
    """
    quote = editing.lock(quote_id)
    revision = quote.current_revision
    if revision is None:
        raise transitions.NotPublished("This quote hasn't been published, so it can't be accepted.")
    if quote.status == PENDING and freezing.has_changes(quote, revision):
        raise Invalid("The quote has changes that the customer hasn't seen. Publish or discard them first.")
    reader = Reader(values)
    name = reader.text("name", 120, missing="Enter the name of the person who accepted.")
    reader.check("Nothing was changed. Fix the highlighted fields.")
    live = snapshot.parse(revision.content)
    _accept(quote, live, live, actor, Acceptance(name=name, recorded_by_id=actor.id))
    return quote


def chosen_quantities(quote: Quote) -> list[str]:
    """What the customer accepted in another quantity than it was offered: “Seats: 15 instead of 10”."""
    if quote.acceptance is None:
        return []
    accepted = next((one for one in quote.revisions if one.id == quote.acceptance.revision_id), None)
    offered = next((one for one in quote.revisions if accepted and one.number == accepted.number - 1), None)
    if accepted is None or offered is None:
        return []
    live, now = snapshot.parse(offered.content), snapshot.parse(accepted.content)
    # A choice makes a revision of the moment of its offer; publishing makes one of a moment of its own.
    if now.published_at != live.published_at:
        return []
    names = {line.uid: line.name for line in now.lines if line.counts}
    return [
        f"{names[uid]}: {plain(after, now.place)} instead of {plain(before, now.place)}"
        for uid, (before, after) in quantities.differences(live, now).items()
        if uid in names
    ]


def _lock(token: str) -> tuple[Quote, QuoteShare | None]:
    quote = editing.lock(by_token(token).id)
    # Asked again, as the link may have been replaced while this waited.
    return quote, opened.by_token(token).share


def _accept(
    quote: Quote, live: Snapshot, accepted_content: Snapshot, actor: User | None, record: Acceptance
) -> None:
    """Freeze the choices and quantities (as a new revision if they differ), link the acceptance to it, and commit."""
    if ACCEPTED not in transitions.possible(quote):
        raise transitions.TransitionRefused(
            f"A quote that is {quote.status} can't be accepted. Nothing was changed."
        )
    if accepted_content != live:
        # It keeps the day of the offer, from which the values of the contract count that were on the screen.
        accepted_content = accepted_content.model_copy(update={"revision": live.revision + 1})
        publishing.add_revision(quote, accepted_content, actor)
    freezing.restore(quote, accepted_content)
    revision = transitions.apply(quote, ACCEPTED, actor=actor, label=record.name)
    record.revision_id, record.content_sha256 = revision.id, revision.content_sha256
    quote.acceptance = record


def _answerable(quote: Quote, values: Mapping[str, object]) -> Snapshot:
    reason = closed_reason(quote)
    if reason:
        raise Invalid(reason)
    revision = quote.current_revision
    if revision is None:
        raise NotFound(opened.NO_SUCH_LINK)
    if str(values.get("sha256", "")) != revision.content_sha256:
        raise Conflict(
            "This quote was updated while you were reading it, so your answer wasn't recorded. The page now shows the "
            "new version. Please review it, then answer again."
        )
    return snapshot.parse(revision.content)


def _customer(live: Snapshot) -> str:
    if live.person:
        return f"{live.person.first_name} {live.person.last_name}".strip()
    return live.organization.name if live.organization else "Customer"
