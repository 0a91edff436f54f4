"""Products and Services Settings."""

from __future__ import annotations

from webapp.services.autotask.settings.fields.field import UPDATE_POLICIES, FormField

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
    FormField("update_existing", "Update existing products and services", "fixed", options=UPDATE_POLICIES),
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
