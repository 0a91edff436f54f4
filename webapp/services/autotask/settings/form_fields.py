"""The fields of the settings page: what each is called, where its choices come from, what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FormField:
    """One control. ``name`` is the name in the form and in the section's model.

    ``kind``: ``remote`` (a value of Autotask, from ``choices.SOURCES[source]``), ``fixed`` (one of ``options``),
    ``flag``, ``number`` (whole, from ``low`` to ``high``), ``decimal``, ``text``.
    ``required``: the sentence when it is left empty; ``empty``: what the empty choice is called; ``guess``: words by
    which a value is preselected. ``shown_when``: another control and its values, with which alone this one means
    something. ``pattern``: a text with placeholders, whose outcome the page shows. ``suggest``: false when nothing is
    preselected, not even Autotask's own default.
    """

    name: str
    label: str
    kind: Literal["remote", "fixed", "flag", "number", "decimal", "text"]
    source: str = ""
    options: Options = ()
    help: str = ""
    required: str = ""
    empty: str = "Not set"
    guess: tuple[str, ...] = ()
    low: int = 0
    high: int = 100
    shown_when: tuple[str, ...] = ()
    pattern: bool = False
    suggest: bool = True


_ADDRESSES: Options = (("billing", "Billing address"), ("shipping", "Shipping address"))
_UPDATES: Options = (
    ("never", "Never"),
    ("fill_empty", "Only where Autotask has nothing"),
    ("overwrite", "Always, ours wins"),
)

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
        options=_UPDATES,
        help="Address, phone and web address, and the contact's numbers and title.",
    ),
    FormField("bill_to_source", "Bill to", "fixed", options=_ADDRESSES),
    FormField("ship_to_source", "Ship to", "fixed", options=_ADDRESSES),
    FormField("sold_to_source", "Sold to", "fixed", options=_ADDRESSES),
)

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

_UPDATING = ("update_existing", "fill_empty", "overwrite")

PRODUCTS_SERVICES = (
    FormField("match_mpn", "Manufacturer's part number", "flag"),
    FormField("match_sku", "SKU", "flag"),
    FormField("match_name", "Exact name", "flag"),
    FormField(
        "when_unmatched",
        "A line that matches nothing in Autotask",
        "fixed",
        options=(
            ("create", "Create the product or service"),
            ("stop", "Stop the push and ask"),
        ),
    ),
    FormField(
        "inactive_match",
        "A line that matches something inactive",
        "fixed",
        options=(("stop", "Stop the push and ask"), ("activate", "Make it active again")),
    ),
    FormField("update_existing", "Update existing products and services", "fixed", options=_UPDATES),
    FormField("update_price", "Price", "flag", shown_when=_UPDATING),
    FormField("update_cost", "Cost", "flag", shown_when=_UPDATING),
    FormField("update_description", "Description", "flag", shown_when=_UPDATING),
    FormField(
        "product_billing_code_id",
        "Billing code of new products",
        "remote",
        "product_codes",
        required="Choose a code: Autotask makes no product without a material billing code.",
        guess=("hardware", "product", "material"),
    ),
    FormField(
        "service_billing_code_id",
        "Billing code of new services",
        "remote",
        "service_codes",
        required="Choose a code: Autotask makes no service without a billing code.",
        guess=("managed service", "service", "recurring"),
    ),
    FormField(
        "service_period",
        "Period of new services",
        "remote",
        "service_periods",
        empty="That of the line",
        suggest=False,
        help="The service's price and cost are converted to it; the line keeps its own period.",
    ),
    FormField("default_vendor_id", "Vendor of new products and services", "remote", "vendors"),
    FormField(
        "description_target",
        "Where a line's description goes",
        "fixed",
        options=(
            ("both", "Record and quote item"),
            ("record", "Product or service alone"),
            ("item", "Quote item alone"),
        ),
    ),
    FormField("mpn_in_name", "Put the manufacturer's part number before the name", "flag"),
    FormField("send_cost", "Send costs to Autotask", "flag"),
    FormField(
        "markup",
        "Markup of new products and services",
        "fixed",
        options=(
            ("none", "Left to Autotask"),
            ("computed", "From the line's price and cost"),
            ("fixed", "A fixed percentage"),
        ),
    ),
    FormField(
        "markup_percent",
        "Markup in percent",
        "decimal",
        shown_when=("markup", "fixed"),
    ),
    FormField(
        "labor_role_id",
        "Role of labor lines",
        "remote",
        "roles",
        help="Serves where a category names no role of its own.",
        guess=("engineer", "technician", "consult"),
    ),
    FormField(
        "shipping_type_id", "Shipping type of shipping lines", "remote", "shipping_types", guess=("ground",)
    ),
    FormField(
        "discount_as",
        "A discount on the whole quote",
        "fixed",
        options=(("spread", "Is spread over the lines"), ("item", "Becomes a discount item")),
    ),
)

STATUSES = ("pending", "accepted", "ordered", "fulfilled", "lost", "expired")
STATUS_LABELS = {name: name.capitalize() for name in STATUSES}
# Which list of reasons a status takes; none for those that are neither won nor lost.
REASONS = {
    "accepted": "win_reasons",
    "ordered": "win_reasons",
    "fulfilled": "win_reasons",
    "lost": "loss_reasons",
    "expired": "loss_reasons",
}

# What the customer or the rep made of the quote: the push always tells Autotask.
ANSWERED = ("accepted", "ordered", "fulfilled", "lost")
_STATUS_NEEDED = "Choose a status: a quote that is won or lost always tells Autotask so."
_STATUS_WORDS = {
    "pending": ("active", "open"),
    "accepted": ("closed", "won"),
    "ordered": ("closed", "won"),
    "fulfilled": ("implemented", "closed", "won"),
    "lost": ("lost",),
}
_STAGE_WORDS = {
    "accepted": ("won", "closed"),
    "ordered": ("won", "closed"),
    "fulfilled": ("won", "closed"),
    "lost": ("lost",),
}


def _status_fields(status: str) -> tuple[FormField, ...]:
    label = STATUS_LABELS[status]
    keep = "Leave as it is"
    fields = [
        FormField(
            f"{status}-status",
            f"{label}: opportunity status",
            "remote",
            "statuses",
            required=_STATUS_NEEDED if status in ANSWERED else "",
            empty="Choose one" if status in ANSWERED else keep,
            guess=_STATUS_WORDS.get(status, ()),
        ),
        FormField(
            f"{status}-stage",
            f"{label}: stage",
            "remote",
            "stages",
            empty=keep,
            guess=_STAGE_WORDS.get(status, ()),
        ),
        FormField(f"{status}-probability", f"{label}: probability in percent", "number", empty="As it is"),
    ]
    if status in REASONS:
        kind = REASONS[status].removesuffix("_reasons")
        fields.append(
            FormField(f"{status}-reason", f"{label}: {kind} reason", "remote", REASONS[status], empty=keep)
        )
    if status != "pending":
        # An open quote has no closed date: one that is opened again takes it back.
        fields.append(FormField(f"{status}-set_closed_date", f"{label}: set the closed date", "flag"))
    return tuple(fields)


def loss_reason_field(reason_id: int, name: str) -> FormField:
    """The control that maps one of our loss reasons."""
    return FormField(
        f"loss_reasons-{reason_id}",
        f"Lost for “{name}”",
        "remote",
        "loss_reasons",
        empty="As any lost quote",
        guess=(name.lower(), *_LOSS_WORDS.get(name.lower(), ())),
    )


_LOSS_WORDS = {
    "price": ("price", "cost"),
    "chose another provider": ("competitor",),
    "no budget": ("budget",),
    "no decision": ("decision",),
}

QUOTE_STATUS = tuple(field for status in STATUSES for field in _status_fields(status))

FIELDS: dict[str, tuple[FormField, ...]] = {
    "company": COMPANY,
    "opportunity": OPPORTUNITY,
    "quote_status": QUOTE_STATUS,
    "products_services": PRODUCTS_SERVICES,
}
