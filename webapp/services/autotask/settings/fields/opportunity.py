"""Opportunity Settings."""

from __future__ import annotations

from webapp.services.autotask.settings.fields.field import FormField

OPPORTUNITY = (
    FormField(
        "owner_resource_id",
        "Owner of new opportunities",
        "remote",
        "resources",
        required="Choose an owner: Autotask makes no opportunity without one.",
    ),
    FormField(
        "stage",
        "Stage",
        "remote",
        "stages",
        required="Choose a stage: Autotask makes no opportunity without one.",
        guess=("quote sent", "propos", "quote", "qualif"),
    ),
    FormField(
        "status",
        "Status",
        "remote",
        "statuses",
        required="Choose a status: Autotask makes no opportunity without one.",
        guess=("active", "open"),
    ),
    FormField("probability", "Probability in percent", "number", required="Enter a number from 0 to 100."),
    FormField("lead_source", "Lead source", "remote", "lead_sources"),
    FormField("category", "Opportunity category", "remote", "opportunity_categories"),
    FormField(
        "title_pattern",
        "Title of the opportunity",
        "text",
        pattern=True,
        help="May hold {number}, {title}, {organization} and {person}.",
        required="Enter a title, for example {title}.",
    ),
    FormField(
        "quote_name_pattern",
        "Name of the quote",
        "text",
        pattern=True,
        help="May hold {number}, {title}, {organization} and {person}.",
        required="Enter a name, for example {number} {title}.",
    ),
    FormField(
        "close_date_rule",
        "Projected close date",
        "fixed",
        options=(("expiry", "The day the quote expires"), ("days", "A number of days after publishing")),
    ),
    FormField(
        "close_date_days",
        "Days after publishing",
        "number",
        help="Serves as well when a quote never expires.",
        required="Enter a number of days from 1 to 730.",
        low=1,
        high=730,
    ),
    FormField(
        "amount_months",
        "Months of recurring revenue in the amount",
        "number",
        help="0 counts one-time revenue alone; 12 adds a year of what recurs. Autotask gets the number too.",
        required="Enter a number of months from 0 to 120.",
        high=120,
    ),
    FormField("use_quote_totals", "Let Autotask take the amounts from its quote (use quote totals)", "flag"),
    FormField("number_in_description", "Write the quote's number into the description", "flag"),
    FormField(
        "purchase_order",
        "Purchase order number",
        "fixed",
        options=(
            ("customer", "The customer's, if any"),
            ("customer_or_number", "The customer's, else our number"),
            ("none", "Leave it empty"),
        ),
    ),
    FormField(
        "quote_template_id", "Quote template", "remote", "quote_templates", empty="Autotask's own default"
    ),
    FormField("payment_term", "Payment term", "remote", "payment_terms"),
)
