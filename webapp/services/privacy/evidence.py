"""Take a person out of the events of quotes that no one accepted. Evidence of an acceptance stays as it is."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import ColumnElement

from webapp.models import (
    Acceptance,
    Quote,
    QuoteEvent,
    QuoteSigner,
    Signature,
    SignatureDrawing,
    SigningCode,
    db,
    utc_now,
)
from webapp.models.quote import PENDING
from webapp.services.privacy import frozen
from webapp.services.privacy.values import REMOVED, Known
from webapp.services.quoting.draft import stages
from webapp.services.quoting.evidence import chain
from webapp.services.quoting.evidence.chain import COLLEAGUE, CUSTOMER
from webapp.services.quoting.revisions import papers


def by_user(known: Known) -> ColumnElement[bool]:
    """The events that name the user, in whosever quote."""
    emails = [email.lower() for email in known.account_emails]
    named: ColumnElement[bool] = db.func.lower(QuoteEvent.name).in_(emails)
    return named


def signed_in_as(known: Known) -> ColumnElement[bool]:
    """The signatures that were made in a browser in which the user was signed in."""
    emails = [email.lower() for email in known.account_emails]
    made: ColumnElement[bool] = db.func.lower(Signature.signed_in_as).in_(emails)
    return made


def lock_named(known: Known) -> list[int]:
    """Lock the quotes that weren't accepted and have events of the user, or what was signed in their browser.

    Returns their ids.
    """
    accepted = db.select(Acceptance.quote_id)
    named = db.select(QuoteEvent.quote_id).where(by_user(known))
    signed = db.select(Signature.quote_id).where(signed_in_as(known))
    theirs = Quote.id.in_(named) | Quote.id.in_(signed)
    query = (
        db.select(Quote.id)
        .where(theirs, Quote.id.not_in(accepted))
        .order_by(Quote.id)
        .with_for_update(of=Quote)
    )
    return list(db.session.scalars(query))


def clean(known: Known, quote_ids: Collection[int]) -> None:
    """In the open transaction: names, and where they came from. The chain gets new hashes.

    Signatures of some of several signers go: without the last one there is no contract.
    """
    db.session.execute(db.delete(SigningCode).where(SigningCode.quote_id.in_(list(quote_ids))))
    for quote_id in sorted(set(quote_ids) - set(frozen.signed(quote_ids))):
        for event in chain.of_quote(quote_id):
            _clean(known, event)
        chain.chain_again(quote_id)
        if known.user_id is None:
            _clean_signers(known, quote_id)
        else:
            theirs = db.update(Signature).where(Signature.quote_id == quote_id, signed_in_as(known))
            db.session.execute(
                theirs.values(signed_in_as=known.alias).execution_options(synchronize_session=False)
            )


def clean_beside(known: Known, quote_ids: Collection[int]) -> None:
    """In the open transaction, in quotes of others that name the contact: what is theirs alone.

    A quote that was accepted keeps it, as do their own.
    """
    codes = db.session.scalars(db.select(SigningCode).where(SigningCode.quote_id.in_(list(quote_ids))))
    mine = [one.id for one in codes if known.is_them(one.email, "")]
    db.session.execute(db.delete(SigningCode).where(SigningCode.id.in_(mine)))
    others = known.in_others_quotes()
    for quote_id in sorted(set(quote_ids) - set(frozen.signed(quote_ids))):
        for event in chain.of_quote(quote_id):
            if event.who in (CUSTOMER, COLLEAGUE) and event.name in known.names:
                event.address = event.agent = event.session = ""
            event.name = others.without(event.name)[:254]
            event.detail = chain.canonical(others.without(json.loads(event.detail)))
        chain.chain_again(quote_id)
        rows = db.session.scalars(db.select(Signature).filter_by(quote_id=quote_id))
        _delete([one.id for one in rows if known.is_them(one.email, one.name)])
        renamed = signers(known, [quote_id])
        for signer in renamed:
            signer.name, signer.email, signer.title = known.alias, REMOVED, ""
        if renamed:
            papers.forget(quote_id)


def signers(known: Known, quote_ids: Collection[int]) -> list[QuoteSigner]:
    """Where the contact is a named signer."""
    rows = db.session.scalars(db.select(QuoteSigner).where(QuoteSigner.quote_id.in_(list(quote_ids))))
    return [one for one in rows if known.is_them(one.email, one.name)]


def _clean_signers(known: Known, quote_id: int) -> None:
    quote = db.session.get_one(Quote, quote_id)
    # While others can still sign, the contact is of an earlier revision, and theirs stay.
    goes_on = quote.status == PENDING and not stages.has_ended(quote.ends_at, utc_now())
    rows = db.session.scalars(db.select(Signature).filter_by(quote_id=quote_id))
    _delete([one.id for one in rows if not goes_on or known.has_email(one.email)])
    for signer in db.session.scalars(db.select(QuoteSigner).filter_by(quote_id=quote_id)):
        signer.name = known.without(signer.name)[:120]
        signer.email, signer.title = known.without(signer.email)[:254], known.without(signer.title)[:120]
        if db.session.is_modified(signer):
            papers.forget(quote_id)


def _delete(signature_ids: list[int]) -> None:
    db.session.execute(db.delete(SignatureDrawing).where(SignatureDrawing.signature_id.in_(signature_ids)))
    db.session.execute(db.delete(Signature).where(Signature.id.in_(signature_ids)))


def _clean(known: Known, event: QuoteEvent) -> None:
    is_theirs = event.who in (CUSTOMER, COLLEAGUE) if known.user_id is None else known.is_account(event.name)
    if is_theirs:
        event.address = event.agent = event.session = ""
    if is_theirs and known.user_id is not None:
        event.name = known.alias
    event.name = known.without(event.name)[:254]
    event.detail = chain.canonical(known.without(json.loads(event.detail)))
