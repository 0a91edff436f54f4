"""A command that breaks at any of its flushes, or at its commit, has changed nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from tests.support import samples
from webapp.models import Base, Item, Person, Quote, User, db
from webapp.services.accounts import account_links, users
from webapp.services.autotask.settings import store
from webapp.services.autotask.settings.model import CompanySettings
from webapp.services.catalog import categories, items, tax_codes
from webapp.services.company import loss_reasons, profile
from webapp.services.integrations.webhook import endpoints
from webapp.services.people import directory, required_fields
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.draft import bulk, copying, editing, lines, pasting
from webapp.services.quoting.lifecycle import publishing, transitions

Command = Callable[[], object]


class Broken(Exception):
    """What happens to the database in these tests."""


@dataclass
class Office:
    """An admin with a customer, an item and a published quote that has changed since."""

    app: Flask
    admin: User
    person: Person
    item: Item
    quote: Quote

    @property
    def token(self) -> str:
        return self.quote.public_token

    @property
    def uid(self) -> str:
        return self.quote.lines[0].uid

    def publish(self) -> None:
        publishing.publish(self.admin, self.quote.id)


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    with app.app_context():
        admin = samples.admin()
        quote = samples.quote(
            admin,
            {"name": "Rack", "unit_price": "100"},
            {"name": "Box", "unit_price": "20", "is_optional": "1"},
        )
        made = Office(
            app, admin, samples.person(admin, email="b@customer.example"), samples.item(admin), quote
        )
        made.publish()
        lines.add_ad_hoc(admin, quote.id, {"name": "Added later", "unit_price": "5"})
        yield made


def _line(office: Office) -> dict[str, str]:
    return {"name": "Another name", "unit_price": "7", "quantity": "2"}


def _header(office: Office) -> dict[str, str]:
    return {"title": "Another title", "expires_on": "2031-01-31"}


def _draft(office: Office) -> int:
    return editing.create(office.admin, person=office.person).id


def _published(office: Office) -> int:
    office.publish()
    return office.quote.id


def _lost(office: Office) -> int:
    transitions.advance(office.admin, _published(office), "lost", reason="Price")
    return office.quote.id


def _answer(office: Office, **values: str) -> dict[str, str]:
    """The form of the customer's page, for the revision that is live now."""
    office.publish()
    revision = office.quote.current_revision
    assert revision is not None
    return {**samples.shown(revision), **values}


ACCEPTED = {"name": "Ann Lee", "signature": "Ann Lee", "title": "Buyer", "terms": "1"}
PERSON = {
    "first_name": "New",
    "last_name": "Person",
    "email": "new@brand.example",
    "organization": "Brand New",
    "organization_phone": "+1 555 0199",
}
USER = {"email": "x@demo.example", "name": "X", "password": "long enough to keep", "role": "rep"}
SETTINGS = CompanySettings(update_policy="overwrite")

# What is made ready is made while the command is put together, before anything breaks.
COMMANDS: dict[str, Callable[[Office], Command]] = {
    "start a quote": lambda o: partial(editing.create, o.admin, person=o.person, title="New"),
    "copy a quote": lambda o: partial(copying.copy, o.admin, o.quote.id),
    "save the header": lambda o: partial(editing.save_header, o.admin, o.quote.id, _header(o)),
    "change the customer": lambda o: partial(editing.set_customer, o.admin, o.quote.id, person=o.person),
    "choose an opportunity": lambda o: partial(editing.set_opportunity, o.admin, o.quote.id, (7, "Seven")),
    "discard changes": lambda o: partial(editing.discard_changes, o.admin, o.quote.id),
    "delete a draft": lambda o: partial(editing.delete_draft, o.admin, _draft(o)),
    "add an item": lambda o: partial(lines.add_item, o.admin, o.quote.id, o.item),
    "add a custom item": lambda o: partial(lines.add_ad_hoc, o.admin, o.quote.id, {"name": "Cable"}),
    "change a line": lambda o: partial(lines.change, o.admin, o.quote.id, o.uid, _line(o)),
    "duplicate a line": lambda o: partial(lines.duplicate, o.admin, o.quote.id, o.uid),
    "move a line": lambda o: partial(lines.move, o.admin, o.quote.id, o.uid, 3),
    "remove a line": lambda o: partial(lines.remove, o.admin, o.quote.id, o.uid),
    "change several lines": lambda o: partial(
        bulk.change, o.admin, o.quote.id, [o.uid], "discount", {"discount_value": "5%"}
    ),
    "duplicate several lines": lambda o: partial(bulk.duplicate, o.admin, o.quote.id, [o.uid]),
    "remove several lines": lambda o: partial(bulk.remove, o.admin, o.quote.id, [o.uid]),
    "paste lines": lambda o: partial(pasting.add, o.admin, o.quote.id, "Item\tQty\nCable\t2\n"),
    "publish": lambda o: partial(publishing.publish, o.admin, o.quote.id),
    "mark as lost": lambda o: partial(transitions.advance, o.admin, _published(o), "lost", reason="Price"),
    "reopen": lambda o: partial(transitions.advance, o.admin, _lost(o), "pending"),
    "record an acceptance": lambda o: partial(
        acceptance.record_for_customer, o.admin, _published(o), {"name": "Ann Lee"}
    ),
    "accept": lambda o: partial(
        acceptance.accept, o.token, _answer(o, **ACCEPTED), [], Evidence("127.0.0.1", "Phone")
    ),
    "decline": lambda o: partial(acceptance.decline, o.token, _answer(o, reason="Too much")),
    "add a person": lambda o: partial(directory.save_person, o.admin, None, PERSON),
    "add an organization": lambda o: partial(
        directory.save_organization, o.admin, None, {"name": "Newer", "phone": "+1 555 0198"}
    ),
    "save an item": lambda o: partial(items.save, o.admin, None, {"name": "Switch", "unit_price": "9"}),
    "save a category": lambda o: partial(categories.save, o.admin, None, {"name": "Networking"}),
    "ensure categories": lambda _: partial(categories.ensure, ("One", "Two")),
    "save a tax code": lambda o: partial(tax_codes.save, o.admin, None, {"name": "VAT", "rate": "19"}),
    "create a user": lambda o: partial(users.create_user, o.admin, **USER),
    "invite a user": lambda o: partial(
        account_links.invite, o.admin, **{name: USER[name] for name in ("email", "name", "role")}
    ),
    "use an invitation": lambda o: partial(
        account_links.use, account_links.issue(None, o.admin), "another plain one"
    ),
    "set a password": lambda o: partial(users.set_password, o.admin, o.admin, "another long password"),
    "save the profile": lambda o: partial(profile.save, o.admin, {"name": "Northwind"}),
    "require fields": lambda o: partial(required_fields.save, o.admin, ["email"]),
    "save loss reasons": lambda o: partial(loss_reasons.save, o.admin, {"new-1": "Budget"}),
    "add a webhook": lambda o: partial(
        endpoints.add,
        o.app.extensions["quotewright"],
        o.admin,
        {"url": "https://hooks.example/x"},
        ("quote.published",),
    ),
    "save a settings draft": lambda o: partial(store.save_draft, "company", SETTINGS, 0, o.admin),
    "make settings live": lambda o: partial(
        _make_live, store.save_draft("company", SETTINGS, 0, o.admin), o.admin
    ),
}


def _make_live(_draft: object, admin: User) -> int:
    return store.save_integration(admin)


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, as stored."""
    db.session.rollback()
    with db.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(table.select())), key=repr)
            for table in Base.metadata.sorted_tables
        }


@contextmanager
def breaking_at(nth: int) -> Iterator[list[int]]:
    """Break the nth flush that wrote something, or the commit after the last. Yields how many there were so far."""
    seen: list[int] = [0]

    def count(*_: object) -> None:
        seen[0] += 1
        if seen[0] == nth:
            raise Broken

    session = db.session()
    event.listen(session, "after_flush", count)
    event.listen(session, "before_commit", count)
    try:
        yield seen
    finally:
        event.remove(session, "after_flush", count)
        event.remove(session, "before_commit", count)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_breaks_has_changed_nothing(office: Office, name: str) -> None:
    command = COMMANDS[name](office)
    before = everything()
    nth = 1
    while True:
        with breaking_at(nth) as seen:
            try:
                command()
            except Broken:
                db.session.rollback()
            else:
                break
        assert everything() == before, f"{name}: broken at {nth}"
        nth += 1
    assert nth > 1, "the command neither flushed nor committed"
    assert seen[0] == nth - 1
    assert everything() != before
