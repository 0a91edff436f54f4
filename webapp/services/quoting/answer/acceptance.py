"""The customer's answer: view the live revision, choose options, accept or decline."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from webapp.models import (
    Acceptance,
    AcceptanceDrawing,
    Quote,
    Revision,
    Signature,
    User,
    db,
    utc_now,
)
from webapp.models.quote import ACCEPTED, LOST, PENDING
from webapp.services.company import loss_reasons
from webapp.services.core import work
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.core.fields import Reader
from webapp.services.core.formatting import day
from webapp.services.diary import diary
from webapp.services.quoting.answer import (
    choice,
    consent,
    countersigning,
    opened,
    proven,
    signature,
    signers,
    turns,
)
from webapp.services.quoting.answer.opened import Opened
from webapp.services.quoting.answer.signature import Entered, Evidence
from webapp.services.quoting.answer.turns import Round, Turn
from webapp.services.quoting.draft import editing, stages
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.money.totals import Totals
from webapp.services.quoting.revisions import former_ids, freezing, pricing, quantities, snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot

Values = Mapping[str, object]
OTHER_WORDS = (
    "The sentence that you agree to changed while you were reading, so nothing was accepted. Read it below, then "
    "accept again."
)
OTHER_TOTALS = (
    "These totals weren't on your screen yet, so nothing was accepted. Please check them, then accept again."
)
OTHER_REVISION = (
    "Revision {} was published while you were looking at an older one, so nothing was recorded. Check which one the "
    "customer accepted, then choose again."
)


def by_token(token: str) -> Quote:
    """The published quote of a customer's link. Raises NotFound with a sentence."""
    return opened.by_token(token).quote


def on_screen(offer: Snapshot, computed: Totals | None = None) -> str:
    """A digest of the choices and totals that a page with this offer shows. ``computed``: its totals, if known."""
    amounts = {f"{uid}={quantity}" for uid, quantity in quantities.chosen(offer).items()}
    return pricing.digest(computed or pricing.of_snapshot(offer), pricing.choices(offer) | amounts)


def is_withdrawn(quote: Quote) -> bool:
    """Whether the customer isn't shown the offer any more: it's lost, and was never accepted."""
    return quote.status == LOST and quote.acceptance is None


def closed_reason(quote: Quote, live: Snapshot | None = None) -> str:
    """Why the quote can't be accepted or declined now; empty when it can. ``live``: the revision, if it was read."""
    if quote.status != PENDING:
        return f"This quote was already {'declined' if quote.status == LOST else 'accepted'}."
    live = live or freezing.live(quote)
    if live is not None and stages.has_ended(live.ends_at, utc_now()):
        return (
            f"This quote expired on {day(live.expires_on, live.place)} (end of day, {live.place.zone_name()}). "
            f"Contact {quote.owner.name} ({quote.owner.email}) for a new one."
        )
    return ""


@work.command
def accept(
    token: str, values: Values, chosen: Collection[str], evidence: Evidence, shown: str | None = None
) -> Quote:
    """The customer accepts the live revision with the optional lines ``chosen`` (uids).

    ``values``: ``name``, ``title``, ``email``, ``purchase_order_number``, ``signature`` (the name typed again) or with
    ``how`` = ``drawn`` a ``drawing``, ``terms`` (a check box), ``consent`` (the SHA-256 of the sentence beside it),
    ``sha256`` of the revision shown, and the quantities (``answer.quantities``). ``shown``: the digest of the choices
    and totals on the customer's screen (``on_screen``).

    Raises Invalid with a sentence for each wrong field, or Conflict when the screen showed an older revision, another
    sentence or other totals; stores nothing then.
    """
    link, reader = opened.by_token(token), Reader(values)
    # A drawing takes a while to decode: before the lock, for which others wait.
    entered = signature.read(reader, name=link.signer.name if link.signer else "")
    quote, link = _lock(token)
    live = _answerable(quote, values)
    turn = turns.round_of(quote)
    check_turn(quote, link, turn)
    proof = proven.required(link, evidence.session)
    accepted = live if turn.given else choice.read(live, values, chosen)
    if shown is not None and shown != on_screen(accepted):
        raise Conflict(OTHER_TOTALS)
    agreed = consent.sentence(live)
    if values.get("consent") != consent.sha256(agreed):
        raise Conflict(OTHER_WORDS)
    reader.check("Please complete the fields below to accept.")
    fields = entered.fields | signature.agreed(live, agreed) | signature.origin(evidence)
    if link.signer is not None:
        fields |= {"signer_id": link.signer.id, "email": link.signer.email}
    if proof:
        fields |= {"email": proof, "confirmed_email": proof}
    number = fields["purchase_order_number"]
    if turn.given:
        # It is part of what the first one signed.
        turns.check_number(turn, quote, live.purchase_order_number, number)
        fields["purchase_order_number"] = ""
    elif number:
        accepted = accepted.model_copy(update={"purchase_order_number": number})
    if not turn.is_last(link.signer):
        _sign(quote, live, accepted, Signature(**fields), entered)
        return quote
    record = Acceptance(**fields, share_id=link.share.id if link.share else None)
    if entered.png:
        record.drawing = AcceptanceDrawing(png=entered.png, sha256=entered.png_sha256)
    record.wants_countersignature = countersigning.is_wanted(quote)
    _accept(quote, live, accepted, None, record, turn)
    return quote


def check_turn(quote: Quote, link: Opened, turn: Round) -> None:
    """Raise Conflict, with a sentence of what is true and what to do, unless the link can sign now."""
    owner = f"{quote.owner.name} ({quote.owner.email})"
    waits = turns.listed([one.name for one in turn.due]) if turn.due else ""
    sign = "signs" if len(turn.due) == 1 else "sign"
    match turn.turn(link.signer):
        case Turn.SIGNED:
            raise Conflict(f"You already signed, and it was counted once. {waits} {sign} next.")
        case Turn.LATER:
            raise Conflict(f"{waits} {sign} first, so nothing was signed. It's your turn after that.")
        case Turn.OTHER:
            named = turns.listed([one.name for one in turn.signers])
            raise Conflict(
                f"This quote is signed by {named}, each with a link of their own, so nothing was changed. To sign it "
                f"too, ask {owner} to add you as a signer."
            )


@work.command
def decline(token: str, values: Values) -> Quote:
    """The customer declines. ``values``: ``loss_reason`` (an id of the list) or ``reason``, and ``sha256``.

    Raises Invalid or Conflict.
    """
    quote, link = _lock(token)
    live = _answerable(quote, values)
    turn = turns.round_of(quote)
    if turn.turn(link.signer) in (Turn.OTHER, Turn.SIGNED):
        check_turn(quote, link, turn)
    reader = Reader(values)
    chosen = loss_reasons.find(values.get("loss_reason"))
    reason = reader.text(
        "reason",
        transitions.MAX_REASON,
        missing="" if chosen else "Choose a reason, or tell us what we should change.",
        one_line=False,
    )
    reader.check("Please give a reason to decline.")
    label = link.person.name if link.person else opened.customer_of(live)
    transitions.apply(
        quote,
        LOST,
        actor=None,
        reason=reason,
        chosen=chosen,
        label=label,
        through=link.share.id if link.share else None,
    )
    return quote


@work.command
def record_for_customer(actor: User, quote_id: int, values: Values, shown: str | None = None) -> Quote:
    """Record an acceptance that the rep got by phone or on paper, for the live revision as published.

    ``values``: ``name`` of the person who accepted; ``shown``: the SHA-256 of the revision that was on the rep's
    screen. Raises Invalid with a sentence, or Conflict where another revision is live by now.
    """
    quote = editing.lock(quote_id)
    revision = quote.current_revision
    if revision is None:
        raise transitions.NotPublished("This quote hasn't been published, so it can't be accepted.")
    if quote.status == PENDING and freezing.has_edits(quote, revision):
        raise Invalid("The quote has changes that the customer hasn't seen. Publish or discard them first.")
    if quote.status == PENDING and shown is not None and shown != revision.content_sha256:
        raise Conflict(OTHER_REVISION.format(revision.number))
    reader = Reader(values)
    name = reader.text("name", 120, missing="Enter the name of the person who accepted.")
    reader.check("Nothing was changed. Fix the highlighted fields.")
    live = former_ids.read(revision)
    _accept(quote, live, live, actor, Acceptance(name=name, recorded_by_id=actor.id), turns.round_of(quote))
    return quote


def _lock(token: str) -> tuple[Quote, Opened]:
    quote = editing.lock(by_token(token).id)
    # Asked again, as the link may have been replaced while this waited.
    return quote, opened.by_token(token)


def _sign(quote: Quote, live: Snapshot, accepted: Snapshot, record: Signature, entered: Entered) -> None:
    """One of several signatures, of which others are missing. The first one freezes the choices for all."""
    is_first = not turns.round_of(quote).given
    # A rep's changes that aren't published stay as they are: the quote isn't won yet.
    published = quote.current_revision
    is_clean = published is not None and not freezing.has_edits(quote, published)
    revision = _freeze(quote, live, accepted, None)
    if accepted != live and is_clean:
        freezing.restore(quote, snapshot.parse(revision.content))
    record.quote_id, record.round_number = quote.id, turns.ways_of(quote).round_number
    record.revision_id, record.content_sha256 = revision.id, revision.content_sha256
    entered.keep_drawing(record)
    db.session.add(record)
    db.session.flush()
    diary.write(
        None,
        "quote.signed",
        "quote",
        quote.id,
        label=record.name,
        revision=revision.number,
        signature=record.id,
        first=is_first,
        asks=[one.id for one in signers.next_to_ask(quote)],
    )


def _freeze(quote: Quote, live: Snapshot, accepted: Snapshot, actor: User | None) -> Revision:
    """The revision with what was chosen: a new one if it differs from the live one."""
    if accepted != live:
        # It keeps the day of the offer, from which the values of the contract count that were on the screen.
        accepted = accepted.model_copy(update={"revision": live.revision + 1})
        publishing.add_revision(quote, accepted, actor)
    revision = quote.current_revision
    if revision is None:
        raise NotFound(opened.NO_SUCH_LINK)
    return revision


def _accept(
    quote: Quote,
    live: Snapshot,
    accepted_content: Snapshot,
    actor: User | None,
    record: Acceptance,
    turn: Round,
) -> None:
    """Freeze the choices and quantities (as a new revision if they differ), link the acceptance to it, and commit."""
    if ACCEPTED not in transitions.possible(quote):
        raise transitions.TransitionRefused(
            f"A quote that is {quote.status} can't be accepted. Nothing was changed."
        )
    frozen = _freeze(quote, live, accepted_content, actor)
    freezing.restore(quote, snapshot.parse(frozen.content))
    revision = transitions.apply(quote, ACCEPTED, actor=actor, label=record.name)
    record.revision_id, record.content_sha256 = revision.id, revision.content_sha256
    quote.acceptance = record
    db.session.flush()
    for one in turn.given:
        if isinstance(one, Signature):
            record.beside.append(one)


def _answerable(quote: Quote, values: Values) -> Snapshot:
    revision = quote.current_revision
    if revision is None:
        raise NotFound(opened.NO_SUCH_LINK)
    live = former_ids.read(revision)
    if reason := closed_reason(quote, live):
        raise Invalid(reason)
    if str(values.get("sha256", "")) != revision.content_sha256:
        raise Conflict(
            "This quote was updated while you were reading it, so your answer wasn't recorded. The page now shows the "
            "new version. Please review it, then answer again."
        )
    return live
