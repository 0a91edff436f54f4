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
        required="Choose a type: Autotask makes no company without one.",
        guess=("customer", "prospect"),
    ),
    FormField(
        "owner_resource_id",
        "Owner of new companies",
        "remote",
        "resources",
        required="Choose an owner: Autotask makes no company without one.",
    ),
    FormField("classification", "Classification of new companies", "remote", "classifications"),
    FormField(
        "match_by",
        "An existing company is the same when",
        "fixed",
        options=(
            ("name_exact", "Its name is equal"),
            ("name_normalized", "Its name is equal but for case, punctuation, Inc./Ltd."),
        ),
    ),
    FormField("also_phone", "… or its phone number is equal", "flag"),
    FormField("also_website", "… or its web address is equal", "flag"),
    FormField(
        "update_policy",
        "Update existing companies",
        "fixed",
        options=UPDATE_POLICIES,
        help="Address, phone and web address, and the contact's numbers and title.",
    ),
    FormField("bill_to_source", "Bill to", "fixed", options=_ADDRESSES),
    FormField("ship_to_source", "Ship to", "fixed", options=_ADDRESSES),
    FormField("sold_to_source", "Sold to", "fixed", options=_ADDRESSES),
)
