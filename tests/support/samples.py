"""A small quoting desk for tests, created through the services, as people would. Needs an application context.

Tests of the push use ``connected_desk.Desk.quote``, which creates rows; its docstring says why.
"""

from __future__ import annotations

from typing import Any

from flask import current_app

from webapp.models import AppSetting, Connection, Item, Person, Quote, Revision, TaxCode, User, db
from webapp.services.accounts import users
from webapp.services.catalog import items, tax_codes
from webapp.services.company import app_settings
from webapp.services.core.runtime import Runtime
from webapp.services.core.vault import Vault
from webapp.services.people import directory
from webapp.services.quoting.answer import consent
from webapp.services.quoting.draft import editing, lines
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.revisions import snapshot

PASSWORD = "long enough to keep"


def runtime() -> Runtime:
    """The runtime of the application whose context is open."""
    found: Runtime = current_app.extensions["quotewright"]
    return found


def company(**values: str) -> None:
    """The seller's name and address, which a quote needs before it's published; unless the company has some already.

    A row and no entry in the diary: as if it had always been there.
    """
    row = db.session.get(AppSetting, app_settings.COMPANY_PROFILE)
    known = {"name": "Brightwater IT", "address": "48 Harbor Street\nAlbany, NY 12207"}
    if row is None:
        row = AppSetting(key=app_settings.COMPANY_PROFILE, version=1, value={**known, **values})
        db.session.add(row)
    elif values:
        row.value = {**row.value, **values}
    db.session.commit()


def connection(vault: Vault) -> Connection:
    """A stored connection to Autotask, whose credentials are "the secret" and "the code"; nothing was called."""
    made = Connection(
        integration="autotask",
        user_name="api",
        root="https://example.autotask.net/atservicesrest",
        secret_encrypted=vault.encrypt("the secret"),
        code_encrypted=vault.encrypt("the code"),
        zone_url="https://example.autotask.net/",
    )
    db.session.add(made)
    db.session.commit()
    return made


def admin(email: str = "admin@desk.example") -> User:
    """A new admin of a company that has said who it is."""
    company()
    return users.create_user(None, email=email, name="Ada Admin", password=PASSWORD, role="admin")


def rep(email: str = "rep@desk.example") -> User:
    """A new rep of a company that has said who it is."""
    company()
    return users.create_user(None, email=email, name="Rob Rep", password=PASSWORD, role="rep")


def person(actor: User, **values: Any) -> Person:
    """A customer's contact with an organization that has a phone."""
    known = {
        "first_name": "Ann",
        "last_name": "Lee",
        "email": "ann@customer.example",
        "organization": "Customer Ltd",
        "organization_phone": "+1 555 0100",
    }
    return directory.save_person(actor, None, {**known, **values})


def item(actor: User, **values: Any) -> Item:
    """An item of the library."""
    known = {"name": "Firewall", "unit_price": "100", "unit_cost": "60", "is_active": "1"}
    return items.save(actor, None, {**known, **values})


def tax_code(actor: User, name: str = "Sales tax", rate: str = "8.25") -> TaxCode:
    """An active tax code."""
    return tax_codes.save(actor, None, {"name": name, "rate": rate, "is_active": "1"})


def quote(actor: User, *wanted: dict[str, Any], customer: Person | None = None) -> Quote:
    """A draft with custom items: ``wanted``, or one of 100.00."""
    draft = editing.create(actor, person=customer or person(actor))
    for values in wanted or ({"name": "Firewall", "unit_price": "100"},):
        lines.add_ad_hoc(actor, draft.id, values)
    return editing.get(draft.id)


def published(actor: User) -> Revision:
    """The revision of a sample quote that was just published."""
    return publishing.publish(actor, quote(actor).id).revision


def shown(revision: Revision) -> dict[str, str]:
    """What the customer's form says was on the screen: the revision, and the sentence beside the check box."""
    sentence = consent.sentence(snapshot.parse(revision.content))
    return {"sha256": revision.content_sha256, "consent": consent.sha256(sentence)}
