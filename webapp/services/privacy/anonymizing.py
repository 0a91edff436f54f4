"""Make a contact, or a user who left, anonymous: what names them is replaced wherever it stands.

What they signed stays: the accepted revision, its PDF and the evidence of the acceptance are a contract. Autotask isn't
changed, and what is synced later says nothing about the person (``autotask.push.prepare``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table

from webapp.models import (
    Acceptance,
    AccountLink,
    Delivery,
    DeliveryAttempt,
    DiaryEntry,
    DriftFinding,
    KnownDevice,
    Link,
    Notification,
    Person,
    PushCall,
    PushLease,
    PushQuestion,
    PushStep,
    Quote,
    SsoIdentity,
    User,
    UserSession,
    db,
    local_key,
    utc_now,
)
from webapp.models.account import NO_PASSWORD
from webapp.models.delivery import DeliveryState
from webapp.models.quote import PENDING
from webapp.services.accounts import users
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.diary import diary, replacing
from webapp.services.diary.diary import CUSTOMER
from webapp.services.diary.replacing import Body
from webapp.services.people import directory
from webapp.services.privacy import everywhere, hanging, knowing
from webapp.services.privacy.hanging import table_of
from webapp.services.privacy.values import Known
from webapp.services.quoting.draft import stages

TWICE = "This person is anonymous already. Nothing was changed."


def signed(quote_ids: Iterable[int]) -> list[int]:
    """The numbers of those quotes that were accepted: what their revisions say about the person stays."""
    query = db.select(Quote.number).join(Acceptance, Acceptance.quote_id == Quote.id)
    return list(db.session.scalars(query.where(Quote.id.in_(list(quote_ids))).order_by(Quote.number)))


def question(record: Person | User) -> str:
    """What is asked before, with what is kept."""
    if isinstance(record, User):
        return (
            f"Make {record.name} anonymous? This can't be undone. Quotes that were accepted keep the name, as they are "
            "contracts, and so does Autotask."
        )
    numbers = signed(knowing.quotes_of_person(record))
    listed = ", ".join(map(str, numbers))
    contracts = f" Accepted quotes ({listed}) keep the name, as they are contracts." if numbers else ""
    return (
        f"Make {record.full_name} anonymous? This can't be undone.{contracts} The contact in Autotask isn't changed, "
        "and no sync will write it again."
    )


@work.command
def person(actor: User, person_id: int) -> None:
    """Make a contact anonymous. Raises Invalid where a quote can still be accepted, or is being synced."""
    record = directory.get_person(person_id)
    db.session.refresh(record, with_for_update={"key_share": True})
    if record.anonymized_at is not None:
        raise Invalid(TWICE)
    quote_ids = knowing.quotes_of_person(record)
    _lock_idle(quote_ids)
    known = knowing.person(record)
    about = hanging.rows(quote_ids)
    # In bulk, here and below: the diary would note what stood there.
    values = {**(known.person or {}), "anonymized_at": utc_now()}
    values.pop("id")
    local = local_key.person(record.id)
    for model in (Link, PushQuestion, DriftFinding):
        _delete(model, local_type=local.kind, local_id=local.stored_id)
    _empty_logs(about)
    everywhere.take_out(known, about)
    _set(Quote, {"autotask_contact_id": None}, person_id=record.id)
    _set(Person, values, id=record.id)
    everywhere.fold(table_of(Person), record.id)
    diary.write(actor, "person.anonymized", "person", person_id, signed_quotes=signed(quote_ids))
    objects = {("person", str(person_id)), *(("quote", str(quote_id)) for quote_id in quote_ids)}
    which = knowing.entries(known, objects)
    replacing.bodies(actor, which, lambda entry, body: _body(known, entry, body, objects))
    db.session.expire_all()


@work.command
def user(actor: User, user_id: int) -> None:
    """Make a user who left anonymous. Raises Invalid for an active account, Forbidden for an owner's."""
    record = db.session.get_one(User, user_id)
    db.session.refresh(record, with_for_update={"key_share": True})
    users.check_may_change(actor, record)
    if record.anonymized_at is not None:
        raise Invalid(TWICE)
    if record.is_active:
        raise Invalid("Nothing was changed, because this account is active. Turn it off first.")
    known = knowing.user(record)
    for model in (AccountLink, KnownDevice, UserSession, SsoIdentity, Notification):
        _delete(model, user_id=record.id)
    everywhere.take_out(known, {})
    values = {
        "name": known.alias,
        "email": f"former-user-{user_id}@removed.invalid",
        "password_hash": NO_PASSWORD,
        "team": "",
        "time_zone": "",
        "anonymized_at": utc_now(),
    }
    _set(User, values, id=user_id)
    diary.write(actor, "user.anonymized", "user", user_id)
    objects = {("user", str(user_id))}
    which = knowing.entries(known, objects, user_id)
    replacing.bodies(actor, which, lambda entry, body: _body(known, entry, body, objects, user_id))
    db.session.expire_all()


def _lock_idle(quote_ids: list[int]) -> None:
    """Lock the quotes. Raises Invalid if the customer can still answer one, or one is being synced."""
    query = db.select(Quote).where(Quote.id.in_(quote_ids)).order_by(Quote.id)
    query = query.with_for_update(of=Quote).execution_options(populate_existing=True)
    for quote in db.session.scalars(query).all():
        is_open = quote.number is not None and quote.status == PENDING
        if is_open and not stages.has_ended(quote.ends_at, utc_now()):
            raise Invalid(
                f"Nothing was changed, because quote {quote.number} can still be accepted. Mark it as lost first, or "
                "publish it for another customer."
            )
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


def _empty_logs(about: dict[Table, list[Any]]) -> None:
    """What Autotask and webhooks answered about the person can hold more than we know."""
    for some in hanging.parts(about.get(table_of(PushCall), [])):
        _update(PushCall, PushCall.id.in_(some), {"request_body": "", "response_body": ""})
    for some in hanging.parts(about.get(table_of(DeliveryAttempt), [])):
        _update(DeliveryAttempt, DeliveryAttempt.id.in_(some), {"response": ""})
    for some in hanging.parts(about.get(table_of(PushStep), [])):
        _update(PushStep, PushStep.id.in_(some) & (PushStep.entity == "Contacts"), {"changes": {}})


def _body(
    known: Known, entry: DiaryEntry, body: Body, objects: set[tuple[str, str]], user_id: int | None = None
) -> Body:
    """An entry's body without the person. ``objects``: what is about them."""
    about = (entry.object_type, entry.object_id) in objects
    content = known.without(body["content"], about=about)
    if known.person is not None and (entry.object_type, entry.object_id) == (
        "person",
        str(known.person["id"]),
    ):
        content = knowing.without_fields(content)
    if user_id is not None and about:
        content = knowing.without_provider(content)
    by_customer = user_id is None and entry.actor.startswith(CUSTOMER)
    is_theirs = entry.actor_id == user_id if user_id is not None else about and by_customer
    if is_theirs:
        actor = known.alias if user_id is not None else CUSTOMER + known.alias
    else:
        actor = known.without(body["actor"], about=about)
    # A sign-in that failed is by no one, but most likely from where they are.
    tried = user_id is not None and about and entry.actor_id is None
    return {"actor": actor, "address": "" if is_theirs or tried else body["address"], "content": content}


def _set(model: Any, values: dict[str, Any], **which: Any) -> None:
    _update(model, db.and_(*(getattr(model, name) == value for name, value in which.items())), values)


def _update(model: Any, condition: Any, values: dict[str, Any]) -> None:
    statement = db.update(model).where(condition).values(**values)
    db.session.execute(statement.execution_options(synchronize_session=False))


def _delete(model: Any, **which: Any) -> None:
    statement = db.delete(model).filter_by(**which)
    db.session.execute(statement.execution_options(synchronize_session=False))
