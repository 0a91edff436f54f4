"""Products and Services Settings."""

from __future__ import annotations

from webapp.services.autotask.settings.fields.field import UPDATE_POLICIES, FormField

_UPDATING = ("update_existing", "fill_empty", "overwrite")

PRODUCTS_SERVICES = (
    FormField("match_mpn", "Manufacturer part number", "flag"),
    FormField("match_sku", "SKU", "flag"),
    FormField("match_name", "Exact name", "flag"),
    FormField(
        "when_unmatched",
        "When a line matches nothing in Autotask",
        "fixed",
        options=(
            ("create", "Create the product or service"),
            ("stop", "Pause and ask me"),
        ),
    ),
    FormField(
        "inactive_match",
        "When a line matches an inactive record",
        "fixed",
        options=(("stop", "Pause and ask me"), ("activate", "Reactivate it")),
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
        required="Choose a code. Autotask requires a material billing code for new products.",
        guess=("hardware", "product", "material"),
    ),
    FormField(
        "service_billing_code_id",
        "Billing code of new services",
        "remote",
        "service_codes",
        required="Choose a code. Autotask requires a billing code for new services.",
        guess=("managed service", "service", "recurring"),
    ),
    FormField(
        "service_period",
        "Period of new services",
        "remote",
        "service_periods",
        empty="Same as line",
        suggest=False,
        help="The service's price and cost are converted to this period. The line keeps its own.",
    ),
    FormField("default_vendor_id", "Vendor of new products and services", "remote", "vendors"),
    FormField(
        "description_target",
        "Where a line's description goes",
        "fixed",
        options=(
            ("both", "Record and quote item"),
            ("record", "Product or service only"),
            ("item", "Quote item only"),
        ),
    ),
    FormField("mpn_in_name", "Put the manufacturer part number before the name", "flag"),
    FormField("terms_in_description", "Put a line's term and start into its description", "flag"),
    FormField("send_cost", "Send costs to Autotask", "flag"),
    FormField(
        "markup",
        "Markup of new products and services",
        "fixed",
        options=(
            ("none", "Use Autotask's default markup"),
            ("computed", "From the line's price and cost"),
            ("fixed", "Fixed percentage"),
        ),
    ),
    FormField(
        "markup_percent",
        "Markup (%)",
        "decimal",
        shown_when=("markup", "fixed"),
    ),
    FormField(
        "labor_role_id",
        "Role of labor lines",
        "remote",
        "roles",
        help="Used when a category has no role.",
        guess=("engineer", "technician", "consult"),
    ),
    FormField(
        "shipping_type_id", "Shipping type of shipping lines", "remote", "shipping_types", guess=("ground",)
    ),
    FormField(
        "discount_as",
        "Discount on the whole quote",
        "fixed",
        options=(("spread", "Spread it across the lines"), ("item", "Add it as a discount item")),
    ),
)
