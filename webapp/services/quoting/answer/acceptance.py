"""The customer's answer: looking at the live revision, choosing options, accepting, declining."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from webapp.models import Acceptance, Quote, User, db, utc_now
from webapp.models.quote import ACCEPTED, LOST, PENDING
from webapp.services.company import loss_reasons
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.core.fields import Reader, clean_text
from webapp.services.integrations import base, events
from webapp.services.people import directory
from webapp.services.quoting.draft import editing, stages
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.revisions import freezing, pricing, snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot

NO_SUCH_LINK = "This link leads to no quote. Check that it was copied whole, or ask whoever sent it."


@dataclass(frozen=True)
class Evidence:
    """Where an answer came from."""

    ip_address: str = ""
    user_agent: str = ""


def by_token(token: str) -> Quote:
    """The published quote of a customer's link. Raises NotFound with a sentence."""
    quote: Quote | None = db.session.scalar(db.select(Quote).filter_by(public_token=clean_text(token)[:64]))
    if quote is None or quote.number is None:
        raise NotFound(NO_SUCH_LINK)
    return quote


def note_viewed(quote: Quote) -> None:
    """Remember the first time that the customer opened the live revision."""
    if quote.viewed_at is not None or quote.status != PENDING:
        return
    quote = editing.lock(quote.id)
    revision = quote.current_revision
    # Of two who open it at once, one is the first.
    if revision is not None and quote.viewed_at is None and quote.status == PENDING:
        quote.viewed_at = utc_now()
        events.tell(base.VIEWED, quote, revision, by=_customer(snapshot.parse(revision.content)))
    db.session.commit()


def why_not(quote: Quote) -> str:
    """Why the quote cannot be answered now; empty when it can."""
    live = freezing.live(quote)
    if quote.status != PENDING:
        return f"This quote was {'declined' if quote.status == LOST else 'accepted'} already."
    if live is not None and stages.is_expired(live.expires_on, stages.today()):
        return (
            f"This quote expired on {live.expires_on:%B %d, %Y}, so it cannot be accepted any more. "
            f"Write to {live.owner_name} ({live.owner_email}) for a new one."
        )
    return ""


def accept(token: str, values: Mapping[str, object], chosen: Collection[str], evidence: Evidence) -> Quote:
    """The customer accepts the live revision with the optional lines ``chosen`` (uids).

    ``values``: ``name``, ``signature`` (the name typed again), ``email``, ``terms`` (a check box) and ``sha256`` of the
    revision that was on the screen. Raises Invalid with sentences beside the fields, or Conflict when a newer revision
    has been published meanwhile; nothing is stored then.
    """
    quote = editing.lock(by_token(token).id)
    live = _answerable(quote, values)
    reader = Reader(values)
    name = reader.text("name", 120, missing="Enter your name.")
    signature = reader.text("signature", 120, missing="Type your name once more as your signature.")
    if name and signature and name.casefold() != signature.casefold():
        reader.fail("signature", "The signature is not the same as the name above.")
    if not reader.flag("terms"):
        reader.fail("terms", "Confirm that you accept the quote and its terms.")
    email = _email(reader)
    reader.check("The quote was not accepted yet.")
    _accept(
        quote,
        live,
        chosen,
        None,
        Acceptance(
            name=name,
            signature=signature,
            email=email,
            ip_address=evidence.ip_address[:45],
            user_agent=evidence.user_agent[:300],
        ),
    )
    return quote


def decline(token: str, values: Mapping[str, object]) -> Quote:
    """The customer declines. ``values``: ``loss_reason`` (an id of the list) or ``reason``, and ``sha256``.

    Raises Invalid or Conflict.
    """
    quote = editing.lock(by_token(token).id)
    live = _answerable(quote, values)
    reader = Reader(values)
    chosen = loss_reasons.find(values.get("loss_reason"))
    reason = reader.text(
        "reason",
        transitions.MAX_REASON,
        missing="" if chosen else "Say in a few words why, so that a better offer can be made.",
        one_line=False,
    )
    reader.check("The quote was not declined yet.")
    transitions.apply(quote, LOST, actor=None, reason=reason, chosen=chosen, label=_customer(live))
    db.session.commit()
    return quote


def record_for_customer(actor: User, quote_id: int, values: Mapping[str, object]) -> Quote:
    """The rep notes an acceptance that came by phone or on paper: the live revision as it was published.

    ``values``: ``name`` of who accepted. Raises Invalid with a sentence.
    """
    quote = editing.lock(quote_id)
    revision = quote.current_revision
    if revision is None:
        raise transitions.NotPublished("This quote was never published, so nobody can have accepted it.")
    if quote.status == PENDING and freezing.has_changes(quote, revision):
        raise Invalid(
            "The quote has changes that the customer never saw. Publish them or discard them, then mark it as accepted."
        )
    reader = Reader(values)
    name = reader.text("name", 120, missing="Enter the name of the person who accepted.")
    reader.check("Nothing was changed yet.")
    live = snapshot.parse(revision.content)
    chosen = {line.uid for line in live.lines if line.is_selected}
    _accept(quote, live, chosen, actor, Acceptance(name=name, recorded_by_id=actor.id))
    return quote


def _accept(
    quote: Quote, live: Snapshot, chosen: Collection[str], actor: User | None, record: Acceptance
) -> None:
    """Freeze the choices (as a revision of their own if they differ), tie the record to them, and commit."""
    if ACCEPTED not in transitions.possible(quote):
        raise transitions.TransitionRefused(
            f"A quote that is {quote.status} cannot be accepted. Nothing was changed."
        )
    agreed = pricing.with_choices(live, chosen)
    if agreed != live:
        agreed = agreed.model_copy(update={"revision": live.revision + 1, "published_at": utc_now()})
        publishing.add_revision(quote, agreed, actor)
    freezing.restore(quote, agreed)
    revision = transitions.apply(quote, ACCEPTED, actor=actor, label=record.name)
    record.revision_id, record.content_sha256 = revision.id, revision.content_sha256
    quote.acceptance = record
    db.session.commit()


def _answerable(quote: Quote, values: Mapping[str, object]) -> Snapshot:
    refusal = why_not(quote)
    if refusal:
        raise Invalid(refusal)
    revision = quote.current_revision
    if revision is None:
        raise NotFound(NO_SUCH_LINK)
    if str(values.get("sha256", "")) != revision.content_sha256:
        raise Conflict(
            "A newer version of this quote was published while you were reading, so your answer was not recorded. "
            "The page now shows the newest version; please look at it and answer again."
        )
    return snapshot.parse(revision.content)


def _email(reader: Reader) -> str:
    text = reader.text("email", 254)
    if text:
        try:
            return directory.normalize_email(text)
        except ValueError as error:
            reader.fail("email", str(error))
    return text


def _customer(live: Snapshot) -> str:
    if live.person:
        return f"{live.person.first_name} {live.person.last_name}".strip()
    return live.organization.name if live.organization else "Customer"
