"""A rep names who must sign a quote, in any order or one after the other; each gets a link of their own by mail."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webapp.models import Quote, QuoteSigner, QuoteSigning, User, db, utc_now
from webapp.models.quote import PENDING
from webapp.models.signing import COUNTERSIGN_CHOICES
from webapp.services.company import mail_server
from webapp.services.core import merge, records, work
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.core.fields import Reader, parse_id
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary
from webapp.services.people import directory
from webapp.services.quoting.answer import opened, turns
from webapp.services.quoting.draft import editing, stages
from webapp.services.quoting.lifecycle import rounds
from webapp.services.quoting.revisions import freezing, papers

MOST = 8
NOTHING = "Nothing was changed. Fix the highlighted fields."
SIGNED_ALREADY = (
    "{people} already signed, so the signers can't be changed. Nothing was changed. Start over to ask everyone "
    "again."
)
CHANGED = (
    "Someone else changed the signers while you were editing, so nothing was changed. Reload the page to see their "
    "changes, or save again to replace them with yours."
)


@dataclass(frozen=True)
class Row:
    """One signer as entered."""

    order: int
    name: str
    email: str
    title: str


@work.command
def save(runtime: Runtime, actor: User, quote_id: int, values: Mapping[str, object]) -> Quote:
    """Store who must sign, from form input.

    ``values``: ``name-<n>``, ``email-<n>``, ``title-<n>`` and ``order-<n>`` for each row n from 0 (a row without name
    and email is left out), ``in_order``, ``countersign`` (``yes``, ``no`` or empty), and ``seen`` (``core.merge``).

    Whoever is named with the same email keeps the link. Raises Invalid with a sentence for each wrong field, or
    Conflict when someone signed already, or when someone else changed the signers since the form was opened.
    """
    quote = _lock_open(quote_id)
    given = turns.round_of(quote).given
    if given:
        raise Conflict(SIGNED_ALREADY.format(people=turns.listed([one.name for one in given])))
    reader = Reader(values)
    rows = sorted(_read(reader), key=lambda row: row.order)
    countersign = reader.choice("countersign", COUNTERSIGN_CHOICES, "")
    is_ordered = reader.flag("in_order")
    reader.check(NOTHING)
    stored = _stored(quote)
    if _form(rows, countersign, is_ordered=is_ordered) == stored:
        # Sent twice: it says what is stored.
        return quote
    if merge.changed(values, stored):
        raise Conflict(CHANGED, seen=merge.seen(stored))
    # Of another person the link that was sent opens nothing any more.
    before = turns.signers_of(quote)
    known = {one.email.casefold(): one for one in before}
    kept = {row.email.casefold() for row in rows}
    for gone in before:
        if gone.email.casefold() not in kept:
            db.session.delete(gone)
    for position, row in enumerate(rows, start=1):
        signer = known.get(row.email.casefold()) or _new(runtime, quote)
        signer.position, signer.name, signer.email, signer.title = position, row.name, row.email, row.title
        db.session.add(signer)
    ways = _ways(quote)
    ways.is_ordered, ways.countersign = is_ordered, countersign
    db.session.flush()
    papers.forget(quote.id)
    live = quote.current_revision
    named = [one.name for one in turns.signers_of(quote)]
    order = " in this order" if is_ordered and len(named) > 1 else ""
    diary.write(
        actor,
        "quote.signers_changed",
        "quote",
        quote.id,
        revision=live.number if live else None,
        reason=f"{turns.listed(named)}{order}" if named else "no one is named",
    )
    return quote


def seen(quote: Quote) -> str:
    """The ``seen`` (``core.merge``) of the form."""
    return merge.seen(_stored(quote))


@work.command
def start_over(actor: User, quote_id: int) -> Quote:
    """Signatures so far don't count any more, and everyone can sign again. They stay in the evidence.

    Raises Invalid where no one signed.
    """
    quote = _lock_open(quote_id)
    given = turns.round_of(quote).given
    if not given:
        raise Invalid("No one has signed yet, so there's nothing to start over. Nothing was changed.")
    rounds.begin(quote)
    live = quote.current_revision
    diary.write(
        actor,
        "quote.signing_restarted",
        "quote",
        quote.id,
        revision=live.number if live else None,
        reason=f"the signature of {turns.listed([one.name for one in given])} no longer counts",
    )
    return quote


@work.command
def ask(runtime: Runtime, actor: User, quote_id: int, signer_id: object) -> QuoteSigner:
    """Mail a signer the link to sign. Raises NotFound, or Invalid with a sentence where it can't be used now."""
    quote = _lock_open(quote_id)
    live = freezing.live(quote)
    if live is None:
        raise Invalid("This quote hasn't been published, so there's nothing to sign yet. Nothing was sent.")
    if stages.has_ended(live.ends_at, utc_now()):
        raise Invalid(
            "This quote has expired, so it can't be signed. Nothing was sent. Publish a new date first."
        )
    wanted = parse_id(signer_id)
    signer = records.find(QuoteSigner, wanted) if wanted else None
    if signer is None or signer.quote_id != quote.id:
        raise NotFound("There's no such signer of this quote. Nothing was sent.")
    if "@" not in signer.email:
        raise Invalid(f"{signer.name} was made anonymous, so nothing was sent. Name someone else who signs.")
    if not mail_server.is_configured(runtime):
        raise Invalid("No mail server is set up, so nothing was sent. Copy the link and send it yourself.")
    turn = turns.round_of(quote).turn(signer)
    if turn is turns.Turn.SIGNED:
        raise Invalid(f"{signer.name} already signed. Nothing was sent.")
    if turn is turns.Turn.LATER:
        raise Invalid(f"It isn't {signer.name}'s turn yet. Nothing was sent; they are asked when it is.")
    note_asked(quote, signer, actor)
    return signer


def next_to_ask(quote: Quote) -> list[QuoteSigner]:
    """In the open transaction, after a signature: who can sign now and wasn't mailed in this round yet, but is now.

    That they were asked is noted when the mail was sent (``note_asked``): without a mail server none is.
    """
    this_round = turns.ways_of(quote).round_number
    found = [one for one in turns.round_of(quote).due if one.asked_round != this_round]
    for signer in found:
        signer.asked_round = this_round
    return found


def note_asked(quote: Quote, signer: QuoteSigner, actor: User | None) -> None:
    """In the open transaction: ``actor`` wants the signer to be mailed, or (None) the product has mailed them."""
    signer.asked_at, signer.asked_round = utc_now(), turns.ways_of(quote).round_number
    live = quote.current_revision
    diary.write(
        actor,
        "quote.sign_asked",
        "quote",
        quote.id,
        revision=live.number if live else None,
        reason=f"{signer.name}, {signer.email}",
        signer=signer.id,
    )


def token_of(runtime: Runtime, signer: QuoteSigner) -> str:
    """The token of the signer's link. Raises ServiceError where no key decrypts it."""
    return runtime.vault.decrypt(signer.token_encrypted)


def _lock_open(quote_id: int) -> Quote:
    quote = editing.lock(quote_id)
    if quote.status != PENDING:
        raise Invalid(f"This quote is {quote.status}, so who signs it can't be changed. Nothing was changed.")
    return quote


def _stored(quote: Quote) -> dict[str, object]:
    """What the form says, as it is stored."""
    ways = turns.ways_of(quote)
    rows = [Row(one.position, one.name, one.email, one.title) for one in turns.signers_of(quote)]
    return _form(rows, ways.countersign, is_ordered=ways.is_ordered)


def _form(rows: Sequence[Row], countersign: str, *, is_ordered: bool) -> dict[str, object]:
    people = "\n".join(f"{one.name}\t{one.email}\t{one.title}" for one in rows)
    return {"signers": people, "in_order": is_ordered, "countersign": countersign}


def _ways(quote: Quote) -> QuoteSigning:
    ways = turns.ways_of(quote)
    db.session.add(ways)
    return ways


def _new(runtime: Runtime, quote: Quote) -> QuoteSigner:
    token = secrets.token_urlsafe(24)
    return QuoteSigner(
        quote_id=quote.id,
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
        token_encrypted=runtime.vault.encrypt(token),
    )


def _read(reader: Reader) -> list[Row]:
    rows: list[Row] = []
    emails: set[str] = set()
    for n in range(MOST + 1):
        name, email = reader.raw(f"name-{n}"), reader.raw(f"email-{n}")
        if not name and not email:
            continue
        if len(rows) == MOST:
            reader.fail(f"name-{n}", f"Up to {MOST} people can sign a quote.")
        name = reader.text(f"name-{n}", opened.MAX_NAME, missing="Enter the signer's name.")
        opened.check_name(reader, f"name-{n}", name)
        email = reader.text(f"email-{n}", 254, missing="Enter the signer's email.")
        if email:
            try:
                email = directory.normalize_email(email)
            except ValueError as error:
                reader.fail(f"email-{n}", str(error))
        if email and email.casefold() in emails:
            reader.fail(f"email-{n}", "Each signer needs an email of their own.")
        emails.add(email.casefold())
        order = parse_id(reader.raw(f"order-{n}"))
        rows.append(Row(order or n + 1, name, email, reader.text(f"title-{n}", 120)))
    return rows
