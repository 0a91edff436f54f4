"""Who may do what: one table, and one function for views, templates and services alike.

The gate asks when a request starts. Commands that change accounts, roles, credentials or integrations ask again under
their lock (``require_now``), so that someone whose role was taken away in between changes nothing.

A permission for a quote can depend on whose quote it is: how far it reaches is ``_reach``, in Python (``may``) and in
SQL (``visible``). docs/roles.md has the table in words.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import ColumnElement, Select

from webapp.models import Quote, User, db
from webapp.models.account import ADMIN, ADMINS, INTEGRATION_ADMIN, OWNER, READ_ONLY, REP, SALES_MANAGER
from webapp.services.accounts import access_rules
from webapp.services.accounts.access_rules import ALL, OWN, TEAM
from webapp.services.core.errors import Forbidden, NotFound

S = TypeVar("S", bound=Select)  # type: ignore[type-arg]
NONE = ""
INACTIVE = "Your account was turned off, so nothing was changed. Ask an admin."
GONE = "This quote no longer exists. The draft may have been deleted."


class Permission(StrEnum):
    """``own``: hand the ownership on. ``administer``: company settings and accounts. ``integrate``: integrations, and
    the syncs of all quotes. ``sell``: create quotes, people and items. ``manage``: see and change everyone's quotes.
    ``delete``: drafts. ``see_cost``: costs and margins.

    Of a quote: ``see`` and ``change`` it; ``sync``: see its sync log, sync it again and answer its questions;
    ``review``: check it for Autotask changes and decide about them.
    """

    OWN = "own"
    ADMINISTER = "administer"
    INTEGRATE = "integrate"
    SELL = "sell"
    MANAGE = "manage"
    DELETE = "delete"
    SEE_COST = "see_cost"
    SEE = "see"
    CHANGE = "change"
    SYNC = "sync"
    REVIEW = "review"


P = Permission
_SELLS = frozenset({P.SELL, P.MANAGE, P.DELETE, P.SEE_COST})
# What a role always has. What the company decides about reps and read-only people is in ``_of_company``.
ROLES: dict[str, frozenset[Permission]] = {
    OWNER: frozenset({P.OWN, P.ADMINISTER, P.INTEGRATE, *_SELLS}),
    ADMIN: frozenset({P.ADMINISTER, P.INTEGRATE, *_SELLS}),
    SALES_MANAGER: _SELLS,
    REP: frozenset({P.SELL}),
    READ_ONLY: frozenset(),
    INTEGRATION_ADMIN: frozenset({P.INTEGRATE, P.SEE_COST}),
}
# Each role in words, for the form of an account.
LABELS = {
    OWNER: ("Owner", "An admin whom other admins can't change. Only an owner can make someone an owner."),
    ADMIN: ("Admin", "Everything: settings, users, integrations, and everyone's quotes."),
    SALES_MANAGER: ("Sales manager", "Sees and changes everyone's quotes. No settings."),
    REP: ("Rep", "Creates quotes, and sees and changes those that Settings > Roles allows."),
    READ_ONLY: ("Read-only", "Sees quotes, people and items, and changes nothing."),
    INTEGRATION_ADMIN: (
        "Integration admin",
        "Sets up integrations and sees all sync logs. Doesn't sell or manage users.",
    ),
}
OF_QUOTES = frozenset({P.SEE, P.CHANGE, P.SYNC, P.REVIEW})

# What is said to a person who may not. ``{owner}``: who can help with a quote.
REFUSALS = {
    P.OWN: "Only an owner can do this. Nothing was changed.",
    P.ADMINISTER: "Your account can't do this. Ask an admin for access.",
    P.INTEGRATE: "Your account can't do this. Ask an admin or an integration admin.",
    P.SELL: "Your role can't create or change this. Nothing was changed. Ask an admin for access.",
    P.MANAGE: "Only sales managers and admins can do this. Nothing was changed.",
    P.DELETE: "Your role can't delete quotes. Nothing was deleted. Ask a sales manager or an admin.",
    P.SEE_COST: "Your role doesn't include costs. Nothing was changed. Ask a sales manager or an admin.",
    P.SEE: GONE,
    P.CHANGE: "This is {owner}'s quote. Nothing was changed. Ask {owner} or a sales manager.",
    P.SYNC: "This is a colleague's quote. Only {owner} and admins can see its sync log and act on it.",
    P.REVIEW: "This is a colleague's quote. Only {owner} and admins can check it and decide.",
}


def may(user: User, permission: Permission, quote: Quote | None = None) -> bool:
    """True if ``user`` has the permission; of a quote's permissions without a ``quote``: if for all quotes."""
    if permission not in OF_QUOTES:
        return permission in ROLES[user.role] or permission in _of_company(user)
    reach = _reach(user, permission)
    if reach == ALL or quote is None:
        return reach == ALL
    if quote.owner_id == user.id:
        return reach != NONE
    return reach == TEAM and bool(user.team) and quote.owner.team == user.team


def require(user: User, permission: Permission, quote: Quote | None = None) -> None:
    """Raise Forbidden with a sentence unless ``user`` has the permission; NotFound for a quote that they can't see."""
    if quote is not None and not may(user, P.SEE, quote):
        raise NotFound(GONE)
    if not may(user, permission, quote):
        if permission == P.CHANGE and not may(user, P.SELL):
            permission = P.SELL
        owner = quote.owner.name if quote is not None else "its owner"
        raise Forbidden(REFUSALS[permission].replace("{owner}", owner))


def require_now(actor: User | None, permission: Permission) -> None:
    """In the open transaction, before anything else: raise Forbidden unless ``actor`` has the permission now.

    Holds the actor and all admins until the end, so that it stays so. None: the first account, or a command on the
    server.
    """
    if actor is None:
        return
    hold_admins(actor)
    if not actor.is_active:
        raise Forbidden(INACTIVE)
    require(actor, permission)


def hold_admins(*besides: User) -> list[User]:
    """Lock the active admins, then ``besides``, each in the order of their ids; returns all of them.

    Every change of accounts locks in this order, so of several transactions none waits for ever. Of several admins who
    stop at the same moment each sees who is left.
    """
    admins = _held(User.role.in_(ADMINS) & User.is_active)
    others = {user.id for user in besides} - {user.id for user in admins}
    return [*admins, *_held(User.id.in_(others))] if others else admins


def _held(condition: ColumnElement[bool]) -> list[User]:
    query = db.select(User).where(condition).order_by(User.id)
    # With the key shared: who publishes holds the quote and refers to the admin, and would wait for this row.
    query = query.with_for_update(key_share=True)
    # What this session read before may have changed while it waited.
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def visible(query: S, user: User) -> S:
    """``query``, a select of quotes, with only those that ``user`` may see."""
    return query.where(is_visible(user))


def is_visible(user: User) -> ColumnElement[bool]:
    """The condition for quotes that ``user`` may see."""
    reach = _reach(user, P.SEE)
    own: ColumnElement[bool] = Quote.owner_id == user.id
    if reach == ALL:
        everything: ColumnElement[bool] = db.true()
        return everything
    if reach == TEAM and user.team:
        team: ColumnElement[bool] = db.or_(
            own, Quote.owner_id.in_(db.select(User.id).where(User.team == user.team))
        )
        return team
    return own


def roles_with(permission: Permission) -> tuple[str, ...]:
    """The roles that always have the permission."""
    return tuple(role for role, those in ROLES.items() if permission in those)


def discount_limit(user: User) -> Decimal | None:
    """The largest discount in percent that ``user`` may give; None: any."""
    return access_rules.current().discounts.get(user.role)


def who_may_discount(percent: Decimal) -> list[User]:
    """Who may publish a discount of ``percent``, by name."""
    limits = access_rules.current().discounts
    return _active([role for role in roles_with(P.SELL) if role not in limits or limits[role] >= percent])


def minimum_margin() -> Decimal | None:
    """The company's minimum margin of a line in percent; None for none."""
    return access_rules.current().min_margin


def may_go_below_margin(user: User) -> bool:
    """True if ``user`` may publish lines below the minimum margin."""
    rules = access_rules.current()
    return rules.min_margin is None or user.role not in rules.kept_above_margin


def who_may_go_below_margin() -> list[User]:
    """Who may publish lines below the minimum margin, by name."""
    kept = access_rules.current().kept_above_margin
    return _active([role for role in roles_with(P.SELL) if role not in kept])


def _active(roles: list[str]) -> list[User]:
    query = db.select(User).where(User.is_active, User.role.in_(roles)).order_by(User.name, User.id)
    return list(db.session.scalars(query))


def _of_company(user: User) -> frozenset[Permission]:
    rules = access_rules.current()
    asked = {
        REP: ((P.SEE_COST, rules.reps_see_cost), (P.DELETE, rules.reps_delete)),
        READ_ONLY: ((P.SEE_COST, rules.read_only_see_cost),),
    }
    return frozenset(permission for permission, given in asked.get(user.role, ()) if given)


def _reach(user: User, permission: Permission) -> str:
    """Whose quotes the permission is for."""
    role = ROLES[user.role]
    sees_all = P.MANAGE in role or P.INTEGRATE in role
    match permission:
        case P.SEE if not sees_all:
            rules = access_rules.current()
            return rules.read_only_see if user.role == READ_ONLY else rules.reps_see
        case P.CHANGE if P.MANAGE not in role:
            return access_rules.current().reps_change if P.SELL in role else NONE
        case P.SYNC | P.REVIEW if not sees_all:
            return OWN if P.SELL in role else NONE
    return ALL
