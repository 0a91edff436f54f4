"""Company Settings."""

from __future__ import annotations

from webapp.services.autotask.settings.fields.field import UPDATE_POLICIES, FormField, Options

_ADDRESSES: Options = (("billing", "Billing address"), ("shipping", "Shipping address"))

COMPANY = (
    FormField(
        "company_type",
        "Type of new companies",
        "remote",
        "company_types",
        required="Choose a type. Autotask requires one for new companies.",
        guess=("customer", "prospect"),
    ),
    FormField(
        "owner_resource_id",
        "Owner of new companies",
        "remote",
        "resources",
        required="Choose an owner. Autotask requires one for new companies.",
    ),
    FormField("classification", "Classification of new companies", "remote", "classifications"),
    FormField(
        "match_by",
        "Match an existing company when",
        "fixed",
        options=(
            ("name_exact", "Name matches exactly"),
            ("name_normalized", "Name matches (ignoring case, punctuation, Inc./LLC)"),
        ),
    ),
    FormField("also_phone", "… or phone number matches", "flag"),
    FormField("also_website", "… or website matches", "flag"),
    FormField(
        "update_policy",
        "Update existing companies",
        "fixed",
        options=UPDATE_POLICIES,
        help="Applies to address, phone and website, and to the contact's phone numbers and title.",
    ),
    FormField("bill_to_source", "Bill to", "fixed", options=_ADDRESSES),
    FormField("ship_to_source", "Ship to", "fixed", options=_ADDRESSES),
    FormField("sold_to_source", "Sold to", "fixed", options=_ADDRESSES),
)
