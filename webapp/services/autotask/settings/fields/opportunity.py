"""Opportunity Settings."""

from __future__ import annotations

from webapp.services.autotask.settings.fields.field import FormField

OPPORTUNITY = (
    FormField(
        "owner_resource_id",
        "Owner of new opportunities",
        "remote",
        "resources",
        required="Choose an owner. Autotask requires one for new opportunities.",
    ),
    FormField(
        "stage",
        "Stage",
        "remote",
        "stages",
        required="Choose a stage. Autotask requires one for new opportunities.",
        guess=("quote sent", "propos", "quote", "qualif"),
    ),
    FormField(
        "status",
        "Status",
        "remote",
        "statuses",
        required="Choose a status. Autotask requires one for new opportunities.",
        guess=("active", "open"),
    ),
    FormField("probability", "Probability (%)", "number", required="Enter a number between 0 and 100."),
    FormField("lead_source", "Lead source", "remote", "lead_sources"),
    FormField("category", "Opportunity category", "remote", "opportunity_categories"),
    FormField(
        "title_pattern",
        "Opportunity title",
        "text",
        pattern=True,
        help="You can use {number}, {title}, {organization}, {person}.",
        required="Enter a title, for example {title}.",
    ),
    FormField(
        "quote_name_pattern",
        "Quote name",
        "text",
        pattern=True,
        help="You can use {number}, {title}, {organization}, {person}.",
        required="Enter a name, for example {number} {title}.",
    ),
    FormField(
        "close_date_rule",
        "Projected close date",
        "fixed",
        options=(("expiry", "The quote's expiration date"), ("days", "A number of days after publishing")),
    ),
    FormField(
        "close_date_days",
        "Days after publishing",
        "number",
        help="Also used when a quote has no expiration date.",
        required="Enter a number of days between 1 and 730.",
        low=1,
        high=730,
    ),
    FormField(
        "amount_months",
        "Months of recurring revenue in the amount",
        "number",
        help="0 = one-time revenue only; 12 = add one year of recurring revenue.",
        required="Enter a number of months between 0 and 120.",
        high=120,
    ),
    FormField(
        "act_as_owner",
        "Create and update records as the quote's owner",
        "flag",
        help="Otherwise Autotask shows the API user as the author. The API user's security level must allow "
        "impersonation.",
    ),
    FormField("use_quote_totals", "Use quote totals for the opportunity's amounts", "flag"),
    FormField("number_in_description", "Include the quote number in the description", "flag"),
    FormField(
        "purchase_order",
        "Purchase order number",
        "fixed",
        options=(
            ("customer", "Customer PO number"),
            ("customer_or_number", "Customer PO number, or our quote number"),
            ("none", "Leave blank"),
        ),
    ),
    FormField("quote_template_id", "Quote template", "remote", "quote_templates", empty="Autotask's default"),
    FormField("payment_term", "Payment term", "remote", "payment_terms"),
)
