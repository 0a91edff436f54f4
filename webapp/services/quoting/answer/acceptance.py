"""The customer's answer: view the live revision, choose options, accept or decline."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from webapp.models import Acceptance, AcceptanceDrawing, Quote, QuoteShare, User, db, names, utc_now
from webapp.models.quote import ACCEPTED, LOST, PENDING
from webapp.services.company import loss_reasons
from webapp.services.core import work
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.core.fields import Reader, clean_text
from webapp.services.core.formatting import day
from webapp.services.diary import diary
from webapp.services.quoting.answer import consent, drawing, opened
from webapp.services.quoting.answer import quantities as typed_quantities
from webapp.services.quoting.draft import editing, stages
from webapp.services.quoting.evidence import noting
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.money.totals import Totals
from webapp.services.quoting.revisions import freezing, pricing, quantities, snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot

OTHER_WORDS = (
    "The sentence that you agree to changed while you were reading, so nothing was accepted. Read it below, then "
    "accept again."
)
OTHER_TOTALS = (
    "These totals weren't on your screen yet, so nothing was accepted. Please check them, then accept again."
)


@dataclass(frozen=True)
class Evidence:
    """Where an answer came from. ``time_zone``: the browser's; ``signed_in_as``: the user of ours who is signed in."""

    ip_address: str = ""
    user_agent: str = ""
    session: str = ""
    time_zone: str = ""
    signed_in_as: str = ""


def by_token(token: str) -> Quote:
    """The published quote of a customer's link. Raises NotFound with a sentence."""
    return opened.by_token(token).quote


def on_screen(offer: Snapshot, computed: Totals | None = None) -> str:
    """A digest of the choices and totals that a page with this offer shows. ``computed``: its totals, if known."""
    amounts = {f"{uid}={quantity}" for uid, quantity in quantities.chosen(offer).items()}
    return pricing.digest(computed or pricing.of_snapshot(offer), pricing.choices(offer) | amounts)


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

    ``values``: ``name``, ``title``, ``email``, ``purchase_order_number``, ``signature`` (the name typed again) or with
    ``how`` = ``drawn`` a ``drawing``, ``terms`` (a check box), ``consent`` (the SHA-256 of the sentence beside it),
    ``sha256`` of the revision shown, and the quantities (``answer.quantities``). ``shown``: the digest of the choices
    and totals on the customer's screen (``on_screen``).

    Raises Invalid with a sentence for each wrong field, or Conflict when the screen showed an older revision, another
    sentence or other totals; stores nothing then.
    """
    by_token(token)
    # A drawing takes a while to decode: before the lock, for which others wait.
    reader = Reader(values)
    record, drawn = _read(reader)
    quote, share = _lock(token)
    live = _answerable(quote, values)
    wanted, wrong = typed_quantities.read(live, values)
    if wrong:
        raise Invalid("Nothing was accepted. Fix the quantity, then accept again.", wrong)
    if shown is not None and shown != on_screen(pricing.with_choices(live, chosen, wanted)):
        raise Conflict(OTHER_TOTALS)
    agreed = consent.sentence(live)
    if values.get("consent") != consent.sha256(agreed):
        raise Conflict(OTHER_WORDS)
    reader.check("Please complete the fields below to accept.")
    record.consent, record.consent_version = agreed, consent.VERSION
    record.consent_sha256, record.terms_sha256 = consent.sha256(agreed), consent.sha256(live.terms)
    record.share_id = share.id if share else None
    record.ip_address, record.user_agent = evidence.ip_address[:45], evidence.user_agent[:300]
    record.session, record.signed_in_as = evidence.session[:80], evidence.signed_in_as
    record.time_zone = clean_text(evidence.time_zone)[:64]
    if drawn:
        record.drawing = AcceptanceDrawing(png=drawn, sha256=hashlib.sha256(drawn).hexdigest())
    accepted = pricing.with_choices(live, chosen, wanted)
    if record.purchase_order_number:
        accepted = accepted.model_copy(update={"purchase_order_number": record.purchase_order_number})
    _accept(quote, live, accepted, None, record)
    return quote


def _read(reader: Reader) -> tuple[Acceptance, bytes]:
    """Who signs, and the picture of a drawn signature; empty for a typed one."""
    name = reader.text("name", 120, missing="Enter your name.")
    is_drawn, signature, drawn = reader.raw("how") == "drawn", "", b""
    if is_drawn:
        try:
            drawn = drawing.read(reader.raw("drawing"))
        except ValueError as error:
            reader.fail("drawing", str(error))
    else:
        signature = reader.text("signature", 120, missing="Type your full name to sign.")
        if name and signature and names.folded(name) != names.folded(signature):
            reader.fail("signature", "The signature must match the name above.")
    if not reader.flag("terms"):
        reader.fail("terms", "Check this box to accept the quote.")
    record = Acceptance(
        name=name,
        signature=signature,
        email=opened.read_email(reader, "email"),
        title=reader.text("title", 120),
        purchase_order_number=reader.text("purchase_order_number", 50),
    )
    return record, drawn


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
    transitions.apply(
        quote,
        LOST,
        actor=None,
        reason=reason,
        chosen=chosen,
        label=label,
        through=share.id if share else None,
    )
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
    return noting.changed_quantities(*noting.chosen_from(quote.acceptance))


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
