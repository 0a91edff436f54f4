"""The example company for a first look and for tests of the whole. Running it again adds only what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from webapp.models import Category, Item, Organization, Person, Quote, TaxCode, User, db
from webapp.models.account import ADMIN, REP
from webapp.services.accounts import users
from webapp.services.catalog import categories, items, tax_codes
from webapp.services.company import app_settings
from webapp.services.core.errors import Invalid
from webapp.services.demo import data as demo_data
from webapp.services.people import directory
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.draft import editing, lines, stages
from webapp.services.quoting.lifecycle import publishing, transitions

ADMIN_EMAIL = "admin@demo.example"
REP_EMAIL = "rep@demo.example"
PASSWORD = "quotewright-demo"  # noqa: S105  printed on the first page of the README; for a look on one's own computer


@dataclass(frozen=True)
class Login:
    """How to sign in to the example company."""

    role: str
    email: str
    password: str


def seed() -> list[Login]:
    """Fill the database and return the logins.

    Raises Invalid when there are other accounts already: a company's own data are not mixed with an example.
    """
    emails = set(db.session.scalars(db.select(User.email)))
    if emails and ADMIN_EMAIL not in emails:
        raise Invalid("There are accounts here already, so the example company was not added.")
    admin = _user(ADMIN_EMAIL, "Dana Whitfield", ADMIN)
    rep = _user(REP_EMAIL, "Robin Alvarez", REP)
    _profile(admin)
    _catalogue(admin)
    _customers(admin)
    for quote in demo_data.QUOTES:
        _quote(rep, *quote)
    return [Login(ADMIN, ADMIN_EMAIL, PASSWORD), Login(REP, REP_EMAIL, PASSWORD)]


def _user(email: str, name: str, role: str) -> User:
    found: User | None = db.session.scalar(db.select(User).filter_by(email=email))
    return found or users.create_user(None, email=email, name=name, password=PASSWORD, role=role)


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
        items.save(admin, None, values)


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
    outcome: str,
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
    if outcome == "draft":
        return
    publishing.publish(rep, quote.id)
    if outcome in ("accepted", "ordered"):
        acceptance.record_for_customer(rep, quote.id, {"name": person.full_name})
    if outcome == "ordered":
        transitions.advance(rep, quote.id, "ordered")
    if outcome == "lost":
        transitions.advance(rep, quote.id, "lost", reason=demo_data.LOST_BECAUSE)
