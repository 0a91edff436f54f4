"""A connected installation with an admin and two reps, each with a browser of their own.

No application context stays open between its calls, as none does between requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask

from tests.support.connected_desk import USER, Desk, desk_of, newest_entry, open_desk
from tests.support.copies import Copied
from tests.support.redis import settle
from tests.support.sandbox import Tenant
from tests.support.visitor import Visitor
from webapp.models import User, db
from webapp.models.account import REP
from webapp.services.accounts import users
from webapp.services.autotask.activity import states
from webapp.services.autotask.settings.model import CompanySettings
from webapp.services.quoting.draft import editing

ADMIN, OWNER, COLLEAGUE = USER, "olga@demo.example", "carl@demo.example"
REPS = ((OWNER, "Olga", "Owner"), (COLLEAGUE, "Carl", "Colleague"))
PASSWORD = "a long password"


@dataclass(frozen=True)
class Office:
    """``quote`` belongs to the owner unless told otherwise."""

    app: Flask
    tenant: Tenant

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """The desk in an application context of its own."""
        with self.app.app_context():
            yield desk_of(self.app, self.tenant)

    def quote(self, *lines: dict[str, Any], owner: str = OWNER, company: str = "", title: str = "") -> int:
        """Publish a new quote; returns its id."""
        with self.desk() as desk:
            header: dict[str, Any] = {"title": title or "New office"}
            if company:
                header["organization"] = desk.organization(company)
            quote = desk.quote(*(lines or ({"name": "Rack"},)), **header)
            quote.owner = user(owner)
            db.session.commit()
            desk.publish(quote)
            return quote.id

    def process(self, quote_id: int) -> str:
        """Do what a worker would with the quote's newest entry; returns the status afterwards."""
        with self.desk() as desk:
            desk.process(editing.get(quote_id))
            found = states.of_quote(editing.get(quote_id))
            print(found.status, found.sentence)  # what a failing test shows
            return found.status

    def entry(self, quote_id: int) -> tuple[int, str, str]:
        """Id, reason and state of the quote's newest entry."""
        with self.app.app_context():
            entry = newest_entry(quote_id)
            return entry.id, entry.reason, entry.state

    def visitor(self, email: str) -> Visitor:
        """A browser without JavaScript in which this person is signed in."""
        return Visitor(self.app.test_client()).sign_in(email, PASSWORD)


def open_office(app: Flask, tenant: Tenant) -> Office:
    """Connect, choose settings, add the reps, whom Autotask knows as well."""
    _seed_reps(tenant)
    with app.app_context():
        desk = open_desk(app, tenant)
        customer = desk.pick("Companies", "companyType", "Customer")
        desk.save(company=CompanySettings(company_type=customer, update_policy="overwrite"))
        for email, first, last in REPS:
            users.create_user(None, email=email, name=f"{first} {last}", password=PASSWORD, role=REP)
    return Office(app, tenant)


def copy_office(app: Flask, tenant: Tenant, opened: Copied) -> Office:
    """What ``open_office`` leaves, from a copy."""
    _seed_reps(tenant)
    runtime = app.extensions["quotewright"]
    with app.app_context():
        opened.put(runtime, tenant)
        settle(runtime)
    return Office(app, tenant)


def _seed_reps(tenant: Tenant) -> None:
    tenant.seed(
        Resources=[
            {"email": email, "firstName": first, "lastName": last, "isActive": True}
            for email, first, last in REPS
        ]
    )


def user(email: str) -> User:
    """The account of this address."""
    return db.session.scalars(db.select(User).filter_by(email=email)).one()


def seed_broken_company(office: Office, name: str) -> int:
    """A company that Autotask refuses to change, so that a push to it fails for good; returns its id."""
    like = office.tenant.query("Companies")[0]
    office.tenant.seed(
        Companies=[{"companyName": name, "companyType": like["companyType"], "isActive": True}]
    )
    return int(office.tenant.state()["Companies"][-1]["id"])


def mend_company(office: Office, company_id: int) -> None:
    """What somebody in Autotask would do about it."""
    like = office.tenant.query("Companies")[0]
    fields = ("ownerResourceID", "phone")
    office.tenant.edit("Companies", company_id, **{name: like[name] for name in fields})
