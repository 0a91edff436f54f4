"""Seed the example company, for a first look and for end-to-end tests. Running it again adds only missing records."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from webapp.models import Item, Organization, Person, Quote, TaxCode, User, db
from webapp.models.account import OWNER, REP
from webapp.services.accounts import users
from webapp.services.catalog import categories, items, tax_codes
from webapp.services.company import app_settings, place
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.demo import data as demo_data
from webapp.services.demo import retired_logins
from webapp.services.demo.data import Block
from webapp.services.people import directory
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.draft import editing, lines
from webapp.services.quoting.lifecycle import publishing, transitions

ADMIN_EMAIL = "admin@demo.example"
REP_EMAIL = "rep@demo.example"
# No characters that look alike, because people read these from a terminal.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Login:
    """How to sign in to the example company. ``password`` is empty if the person has chosen another."""

    role: str
    email: str
    password: str


def others() -> str:
    """A sentence if the database has accounts that aren't the example's; otherwise empty."""
    emails = set(db.session.scalars(db.select(User.email)))
    if emails and ADMIN_EMAIL not in emails:
        return "There are other accounts here, so the example company wasn't added."
    return ""


def new_passwords(known: Mapping[str, str]) -> dict[str, str]:
    """A password for each account of the example: the known one, or a random one."""
    return {email: known.get(email) or _random() for email in (ADMIN_EMAIL, REP_EMAIL)}


@work.command
def seed(passwords: Mapping[str, str]) -> list[Login]:
    """Fill the database and return the logins. New accounts get ``passwords``.

    Raises Invalid when there are other accounts already: the example is never mixed with a company's own data.
    """
    if others():
        raise Invalid(others())
    admin = _user(ADMIN_EMAIL, "Dana Whitfield", OWNER, passwords)
    rep = _user(REP_EMAIL, "Robin Alvarez", REP, passwords)
    company = demo_data.load()
    _profile(admin, company["company"])
    _items(admin, company)
    _customers(admin, company)
    for quote in company["quotes"]:
        _quote(rep, quote)
    return [_login(user, passwords[user.email]) for user in (admin, rep)]


def _random() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(3))


def _login(user: User, password: str) -> Login:
    return Login(user.role, user.email, password if users.has_password(user, password) else "")


def _user(email: str, name: str, role: str, passwords: Mapping[str, str]) -> User:
    found: User | None = db.session.scalar(db.select(User).filter_by(email=email))
    if found is None:
        return users.create_user(None, email=email, name=name, password=passwords[email], role=role)
    if users.has_password(found, retired_logins.PUBLISHED):
        users.set_password(None, found, passwords[email])
    return found


def _profile(admin: User, own: Block) -> None:
    profile, version = app_settings.get(app_settings.COMPANY_PROFILE)
    if not profile["name"]:
        app_settings.put(app_settings.COMPANY_PROFILE, {**profile, **own}, version, admin)


def _items(admin: User, company: Block) -> None:
    for top in company["categories"]:
        for name in top["subcategories"]:
            categories.ensure((top["name"], name))
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
            "category": categories.ensure((item["category"], item["subcategory"])).path,
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
    quote.expires_on = place.today() + timedelta(days=int(wanted["expires_in_days"]))
    quote.comments = wanted["message"]
    for entry in wanted["lines"]:
        item = db.session.scalars(db.select(Item).filter_by(name=entry["item"])).one()
        line = lines.add_item(rep, quote.id, item, entry["quantity"])
        line.is_optional = entry["optional"]
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
