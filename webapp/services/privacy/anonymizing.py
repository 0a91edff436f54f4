"""Make a contact, or a user who left, anonymous: in the rows that are about them, which ``places`` lists.

What was accepted stays: the quote, its revisions, PDF and the evidence of the acceptance are a contract. Autotask isn't
changed, and what is synced later says nothing about the person (``autotask.push.prepare``).
"""

from __future__ import annotations

import json
from typing import Any

from webapp.models import (
    Delivery,
    DriftFinding,
    Link,
    Person,
    PushLease,
    PushQuestion,
    Quote,
    User,
    db,
    local_key,
    utc_now,
)
from webapp.models.account import NO_PASSWORD
from webapp.models.delivery import DeliveryState
from webapp.models.quote import PENDING
from webapp.services.accounts import guessing, permissions, users
from webapp.services.accounts.permissions import Permission
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.diary import diary
from webapp.services.people import directory
from webapp.services.privacy import evidence, frozen, knowing, logs, places, trail
from webapp.services.privacy.values import Known
from webapp.services.quoting.draft import stages

TWICE = "This was already anonymized. Nothing was changed."


def question(record: Person | User) -> str:
    """What is asked before, with what is kept."""
    if isinstance(record, User):
        return (
            f"Make {record.name} anonymous? This can't be undone. Quotes that were accepted keep the name, as they are "
            "contracts, and so does Autotask."
        )
    _, own, beside = knowing.contact(record)
    numbers = frozen.signed([*own, *beside]).values()
    listed = ", ".join(map(str, numbers))
    contracts = f" Accepted quotes ({listed}) keep the name, as they are contracts." if numbers else ""
    return (
        f"Make {record.full_name} anonymous? This can't be undone.{contracts} The contact in Autotask isn't changed, "
        "and no sync will write it again."
    )


@work.command
def person(actor: User, person_id: int) -> None:
    """Make a contact anonymous. Raises Invalid where a quote can still be accepted or signed, or is being synced."""
    permissions.require_now(actor, Permission.ADMINISTER)
    record = directory.get_person(person_id)
    db.session.refresh(record, with_for_update={"key_share": True})
    if record.anonymized_at is not None:
        raise Invalid(TWICE)
    known, quote_ids, beside = knowing.contact(record)
    all_ids = [*quote_ids, *beside]
    open_ones = _lock_idle(known, all_ids)
    if open_ones:
        raise Invalid(
            f"Nothing was changed, because {_quotes(open_ones)} can still be accepted. Mark each as lost first, or "
            "publish it for another customer."
        )
    if to_sign := _to_sign(known, all_ids):
        raise Invalid(
            f"Nothing was changed, because this person is named as a signer of {_quotes(to_sign)}, which can still be "
            "signed. Name someone else there first, or mark each as lost."
        )
    # In bulk, here and below: the diary would note what stood there.
    fields = {**(known.person or {})}
    filled = Person(**fields)
    filled.fold()
    keys = {"name_key": filled.name_key, "search_key": filled.search_key}
    local = local_key.person(record.id)
    for model in (Link, PushQuestion, DriftFinding):
        _delete(model, local_type=local.kind, local_id=local.stored_id)
    frozen.rewrite(known, quote_ids)
    logs.clean(known, quote_ids)
    logs.clean(known.in_others_quotes(), beside)
    evidence.clean(known, quote_ids)
    evidence.clean_beside(known, beside)
    signed = frozen.signed(all_ids)
    drafts = (Quote.person_id == record.id) & Quote.id.not_in(signed)
    _update(Quote, drafts, {"autotask_contact_id": None, "updated_at": Quote.updated_at})
    _update(Person, Person.id == record.id, {**fields, **keys, "anonymized_at": utc_now()})
    diary.write(actor, "person.anonymized", "person", person_id, signed_quotes=list(signed.values()))
    trail.clean(actor, known, quote_ids, beside)
    db.session.expire_all()


@work.command
def user(actor: User, user_id: int) -> None:
    """Make a user who left anonymous. Raises Invalid for an active account, or one whose offer is still open.

    Raises Forbidden for an owner's.
    """
    permissions.require_now(actor, Permission.ADMINISTER)
    record = db.session.get_one(User, user_id)
    db.session.refresh(record, with_for_update={"key_share": True})
    users.check_may_change(actor, record)
    if record.anonymized_at is not None:
        raise Invalid(TWICE)
    if record.is_active:
        raise Invalid("Nothing was changed, because this account is active. Turn it off first.")
    quote_ids = knowing.quotes_of_user(record)
    known = knowing.user(record, quote_ids)
    open_ones = _lock_idle(known, quote_ids)
    if open_ones:
        raise Invalid(
            f"Nothing was changed, because {_quotes(open_ones)} can still be accepted, and the customer sees "
            f"{record.name} as the owner. Publish a change as the new owner first, or mark each as lost."
        )
    for model in places.OF_ACCOUNT:
        _delete(model, user_id=record.id)
    for email in known.account_emails:
        guessing.forget_account(email)
    frozen.rewrite(known, quote_ids)
    logs.clean(known, quote_ids)
    evidence.clean(known, {*quote_ids, *evidence.lock_named(known)})
    logs.clean_mail(known)
    logs.sign_off(known)
    values = {
        "name": known.alias,
        "email": frozen.removed_email(known),
        "password_hash": NO_PASSWORD,
        "team": "",
        "time_zone": "",
        "anonymized_at": utc_now(),
    }
    _update(User, User.id == user_id, values)
    diary.write(actor, "user.anonymized", "user", user_id)
    trail.clean(actor, known, quote_ids)
    db.session.expire_all()


def _quotes(numbers: list[int]) -> str:
    return f"quote{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def _lock_idle(known: Known, quote_ids: list[int]) -> list[int]:
    """Lock the quotes. Returns the numbers of those whose live revision is theirs, and can still be accepted.

    Raises Invalid if one is being synced.
    """
    query = db.select(Quote).where(Quote.id.in_(quote_ids)).order_by(Quote.id)
    query = query.with_for_update(of=Quote).execution_options(populate_existing=True)
    open_ones = []
    for quote in db.session.scalars(query).all():
        revision = quote.current_revision
        if revision is None or quote.status != PENDING or stages.has_ended(quote.ends_at, utc_now()):
            continue
        if frozen.is_theirs(known, json.loads(revision.content)):
            open_ones.append(quote.number or 0)
    running = db.select(Delivery.id).where(
        Delivery.quote_id.in_(quote_ids), Delivery.state == DeliveryState.RUNNING
    )
    held = db.select(PushLease.quote_id).where(
        PushLease.quote_id.in_(quote_ids), PushLease.expires_at > utc_now()
    )
    if db.session.scalar(running.limit(1)) or db.session.scalar(held.limit(1)):
        raise Invalid(
            "Nothing was changed, because a quote of this person is being synced. Try again in a minute."
        )
    return open_ones


def _to_sign(known: Known, quote_ids: list[int]) -> list[int]:
    """The numbers of the quotes that the contact can still be needed to sign. They are locked."""
    ids = {one.quote_id for one in evidence.signers(known, quote_ids)}
    found = db.session.scalars(db.select(Quote).where(Quote.id.in_(ids)).order_by(Quote.number)).all()
    return [
        quote.number or 0
        for quote in found
        if quote.status == PENDING and not stages.has_ended(quote.ends_at, utc_now())
    ]


def _update(model: Any, condition: Any, values: dict[str, Any]) -> None:
    statement = db.update(model).where(condition).values(**values)
    db.session.execute(statement.execution_options(synchronize_session=False))


def _delete(model: Any, **which: Any) -> None:
    statement = db.delete(model).filter_by(**which)
    db.session.execute(statement.execution_options(synchronize_session=False))
