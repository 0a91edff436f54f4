"""The example company for a first look and for tests of the whole. Running it again adds only what is missing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from webapp.models import Category, Item, Organization, Person, Quote, TaxCode, User, db
from webapp.models.account import ADMIN, REP
from webapp.services import (
    accounts,
    app_settings,
    catalogue,
    categories,
    demo_data,
    directory,
    retired_logins,
    tax_codes,
)
from webapp.services.errors import Invalid
from webapp.services.quoting import acceptance, editing, lifecycle, lines, publishing, stages

ADMIN_EMAIL = "admin@demo.example"
REP_EMAIL = "rep@demo.example"
# Without characters that look alike: these are read from a terminal.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Login:
    """How to sign in to the example company; ``password`` is empty when its owner chose another."""

    role: str
    email: str
    password: str


def others() -> str:
    """A sentence when there are accounts, and not the example's; else nothing."""
    emails = set(db.session.scalars(db.select(User.email)))
    if emails and ADMIN_EMAIL not in emails:
        return "There are accounts here already, so the example company was not added."
    return ""


def new_passwords(known: Mapping[str, str]) -> dict[str, str]:
    """A password for each account of the example: the known one, else a random one."""
    return {email: known.get(email) or _random() for email in (ADMIN_EMAIL, REP_EMAIL)}


def seed(passwords: Mapping[str, str]) -> list[Login]:
    """Fill the database and return the logins; accounts that are made get ``passwords``.

    Raises Invalid when there are other accounts already: a company's own data are not mixed with an example.
    """
    if others():
        raise Invalid(others())
    admin = _user(ADMIN_EMAIL, "Dana Whitfield", ADMIN, passwords)
    rep = _user(REP_EMAIL, "Robin Alvarez", REP, passwords)
    _profile(admin)
    _catalogue(admin)
    _customers(admin)
    for quote in demo_data.QUOTES:
        _quote(rep, *quote)
    return [_login(user, passwords[user.email]) for user in (admin, rep)]


def _random() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(3))


def _login(user: User, password: str) -> Login:
    return Login(user.role, user.email, password if accounts.has_password(user, password) else "")


def _user(email: str, name: str, role: str, passwords: Mapping[str, str]) -> User:
    found: User | None = db.session.scalar(db.select(User).filter_by(email=email))
    if found is None:
        return accounts.create_user(None, email=email, name=name, password=passwords[email], role=role)
    if accounts.has_password(found, retired_logins.PUBLISHED):
        accounts.set_password(None, found, passwords[email])
    return found


def _profile(admin: User) -> None:
    profile, version = app_settings.get(app_settings.COMPANY_PROFILE)
    if not profile["name"]:
        app_settings.put(app_settings.COMPANY_PROFILE, {**profile, **demo_data.PROFILE}, version, admin)


def _catalogue(admin: User) -> None:
    for top, name in demo_data.CATEGORIES:
        categories.ensure((top, name))
    db.session.commit()
    for name, rate in demo_data.TAX_CODES:
        if not db.session.scalar(db.select(TaxCode.id).filter_by(name=name)):
            tax_codes.save(admin, None, {"name": name, "rate": rate, "is_active": "1"})
    tax_code = db.session.scalars(db.select(TaxCode).filter_by(name=demo_data.TAXED)).one()
    known = set(db.session.scalars(db.select(Item.name)))
    for name, top, sub, mpn, manufacturer, price, cost, recurrence, taxed, description in demo_data.ITEMS:
        if name in known:
            continue
        category: Category = categories.ensure((top, sub))
        values = {
            "name": name,
            "category_id": category.id,
            "mpn": mpn,
            "manufacturer": manufacturer,
            "unit_price": price,
            "unit_cost": cost,
            "recurrence": recurrence,
            "tax_code_id": tax_code.id if taxed else "",
            "description": description,
            "is_active": "1",
        }
        catalogue.save(admin, None, values)


def _customers(admin: User) -> None:
    names = set(db.session.scalars(db.select(Organization.name)))
    for name, phone, website, street, city, state, postal_code in demo_data.ORGANIZATIONS:
        if name not in names:
            values = {
                "name": name,
                "phone": phone,
                "website": website,
                "billing_line1": street,
                "billing_city": city,
                "billing_state": state,
                "billing_postal_code": postal_code,
                "billing_country": "United States",
            }
            directory.save_organization(admin, None, values)
    emails = set(db.session.scalars(db.select(Person.email)))
    for first, last, email, title, phone, organization in demo_data.PEOPLE:
        if email not in emails:
            values = {
                "first_name": first,
                "last_name": last,
                "email": email,
                "title": title,
                "phone": phone,
                "organization": organization,
            }
            directory.save_person(admin, None, values)


def _quote(
    rep: User,
    title: str,
    email: str,
    days: int,
    fate: str,
    comments: str,
    wanted: tuple[tuple[str, str, str], ...],
) -> None:
    if db.session.scalar(db.select(Quote.id).filter_by(title=title)):
        return
    person = db.session.scalars(db.select(Person).filter_by(email=email)).one()
    quote = editing.begin(rep, person=person, title=title)
    quote.expires_on = stages.today() + timedelta(days=days)
    quote.comments = comments
    for name, quantity, optional in wanted:
        item = db.session.scalars(db.select(Item).filter_by(name=name)).one()
        line = lines.add_item(rep, quote.id, item, Decimal(quantity))
        line.is_optional = optional == "optional"
    db.session.commit()
    if fate == "draft":
        return
    publishing.publish(rep, quote.id)
    if fate in ("accepted", "ordered"):
        acceptance.record_for_customer(rep, quote.id, {"name": person.full_name})
    if fate == "ordered":
        lifecycle.advance(rep, quote.id, "ordered")
    if fate == "lost":
        lifecycle.advance(rep, quote.id, "lost", reason=demo_data.LOST_BECAUSE)
