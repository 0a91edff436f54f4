"""Forms of people and organizations; the directory service holds the rules."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, EmailField, HiddenField, StringField, TelField

from webapp.blueprints.support import RecordForm
from webapp.services.people import required_fields


class _Marked(RecordForm):
    """Marks the fields that the settings require, and those that are ``needed`` here."""

    def __init__(self, *args: Any, needed: frozenset[str] = frozenset(), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in required_fields.current()[0] | needed:
            if name in self:
                self[name].flags.required = True


class PersonForm(_Marked):
    """A person, with the organization by name."""

    first_name = StringField("First name", render_kw={"autocomplete": "off"})
    last_name = StringField("Last name", render_kw={"autocomplete": "off"})
    email = EmailField("Email", render_kw={"autocomplete": "off"})
    shares_email = BooleanField("They share this mailbox")
    title = StringField("Job title")
    phone = TelField("Phone")
    mobile = TelField("Mobile")
    organization = StringField(
        "Organization",
        description="If it's a new name, we'll create the organization.",
        render_kw={"list": "organization-names", "autocomplete": "off"},
    )
    organization_id = HiddenField()
    organization_phone = TelField(
        "Company main phone", description="For a new organization. Autotask requires it."
    )


class OrganizationForm(_Marked):
    """An organization with its two addresses."""

    name = StringField("Name", render_kw={"autocomplete": "off"})
    phone = TelField("Phone")
    website = StringField("Website")
    billing_line1 = StringField("Street")
    billing_line2 = StringField("Street line 2")
    billing_city = StringField("City")
    billing_state = StringField("State or province")
    billing_postal_code = StringField("Postal code")
    billing_country = StringField("Country")
    shipping_line1 = StringField("Street")
    shipping_line2 = StringField("Street line 2")
    shipping_city = StringField("City")
    shipping_state = StringField("State or province")
    shipping_postal_code = StringField("Postal code")
    shipping_country = StringField("Country")
