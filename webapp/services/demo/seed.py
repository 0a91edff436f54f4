"""The example company for a first look and for tests of the whole. Running it again adds only what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from webapp.models import Item, Organization, Person, Quote, TaxCode, User, db
from webapp.models.account import ADMIN, REP
from webapp.services.accounts import users
from webapp.services.catalog import categories, items, tax_codes
from webapp.services.company import app_settings
from webapp.services.core.errors import Invalid
from webapp.services.demo import data as demo_data
from webapp.services.demo.data import Block
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
    company = demo_data.load()
    _profile(admin, company["company"])
    _items(admin, company)
    _customers(admin, company)
    for quote in company["quotes"]:
        _quote(rep, quote)
    return [Login(ADMIN, ADMIN_EMAIL, PASSWORD), Login(REP, REP_EMAIL, PASSWORD)]


def _user(email: str, name: str, role: str) -> User:
    found: User | None = db.session.scalar(db.select(User).filter_by(email=email))
    return found or users.create_user(None, email=email, name=name, password=PASSWORD, role=role)


def _profile(admin: User, own: Block) -> None:
    profile, version = app_settings.get(app_settings.COMPANY_PROFILE)
    if not profile["name"]:
        app_settings.put(app_settings.COMPANY_PROFILE, {**profile, **own}, version, admin)


def _items(admin: User, company: Block) -> None:
    for top in company["categories"]:
        for name in top["subcategories"]:
            categories.ensure((top["name"], name))
    db.session.commit()
    for code in company["tax_codes"]:
        if not db.session.scalar(db.select(TaxCode.id).filter_by(name=code["name"])):
            tax_codes.save(admin, None, {**code, "is_active": "1"})
    code_ids = {code.name: code.id for code in db.session.scalars(db.select(TaxCode))}
    existing = set(db.session.scalars(db.select(Item.name)))
    for item in company["items"]:
        if item["name"] in existing:
            continue
        values = {
            **item,
            "category_id": categories.ensure((item["category"], item["subcategory"])).id,
            "unit_price": item["price"],
            "unit_cost": item["cost"],
            "recurrence": item["billing_period"],
            "tax_code_id": code_ids.get(item["tax_code"], ""),
            "is_active": "1",
        }
        items.save(admin, None, values)


def _customers(admin: User, company: Block) -> None:
    names = set(db.session.scalars(db.select(Organization.name)))
    for organization in company["organizations"]:
        if organization["name"] not in names:
            values = {
                **organization,
                "billing_line1": organization["street"],
                "billing_city": organization["city"],
                "billing_state": organization["state"],
                "billing_postal_code": organization["postal_code"],
                "billing_country": "United States",
            }
            directory.save_organization(admin, None, values)
    emails = set(db.session.scalars(db.select(Person.email)))
    for person in company["people"]:
        if person["email"] not in emails:
            directory.save_person(admin, None, {**person, "title": person["job_title"]})


def _quote(rep: User, wanted: Block) -> None:
    if db.session.scalar(db.select(Quote.id).filter_by(title=wanted["title"])):
        return
    person = db.session.scalars(db.select(Person).filter_by(email=wanted["person"])).one()
    quote = editing.create(rep, person=person, title=wanted["title"])
    quote.expires_on = stages.today() + timedelta(days=int(wanted["expires_in_days"]))
    quote.comments = wanted["message"]
    for entry in wanted["lines"]:
        item = db.session.scalars(db.select(Item).filter_by(name=entry["item"])).one()
        line = lines.add_item(rep, quote.id, item, entry["quantity"])
        line.is_optional = entry["optional"]
    db.session.commit()
    outcome = wanted["outcome"]
    if outcome == "draft":
        return
    publishing.publish(rep, quote.id)
    if outcome in ("accepted", "ordered"):
        acceptance.record_for_customer(rep, quote.id, {"name": person.full_name})
    if outcome == "ordered":
        transitions.advance(rep, quote.id, "ordered")
    if outcome == "lost":
        transitions.advance(rep, quote.id, "lost", reason=wanted["loss_reason"])
