"""The settings of Datto Autotask PSA as typed data, section by section.

The settings page edits these models as drafts, “Save Integration” makes them live together, and the push compiles
with them. Ids are Autotask's, read from its picklists and reference entities, never assumed; None means unset.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal
from urllib.parse import quote, unquote

from pydantic import BaseModel, ConfigDict, Field

Percent = Annotated[int, Field(ge=0, le=100)]
# What new records get in their user-defined fields: a text with placeholders, by the field's key (see ``udf_key``).
UserDefined = dict[str, str]
UpdatePolicy = Literal["never", "fill_empty", "overwrite"]


def udf_key(name: str) -> str:
    """The name of a user-defined field as a key: in the names of controls, “-” and blanks separate."""
    return quote(name, safe="").replace("-", "%2D")


def udf_name(key: str) -> str:
    """The name of a user-defined field from its key."""
    return unquote(key)


class Section(BaseModel):
    """Immutable, and strict about unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CompanySettings(Section):
    """How a customer becomes a Company and a Contact.

    ``match_by``: an existing company matches by its exact name (``name_exact``), or by its name without case,
    punctuation and legal form (``name_normalized``); with ``also_phone``/``also_website``, by those as well.
    """

    company_type: int | None = None
    owner_resource_id: int | None = None
    classification: int | None = None
    match_by: Literal["name_exact", "name_normalized"] = "name_exact"
    also_phone: bool = False
    also_website: bool = False
    update_policy: UpdatePolicy = "fill_empty"
    bill_to_source: Literal["billing", "shipping"] = "billing"
    ship_to_source: Literal["billing", "shipping"] = "shipping"
    sold_to_source: Literal["billing", "shipping"] = "billing"
    company_udfs: UserDefined = {}
    contact_udfs: UserDefined = {}


class OpportunitySettings(Section):
    """How a quote becomes an Opportunity and a Quote.

    ``title_pattern`` can have {number}, {title}, {organization}, {person}. ``amount_months``: how many months of
    recurring revenue ``amount`` adds to the one-time revenue (0: none). ``close_date_days`` counts from publishing
    and is used when the rule is ``days`` or a quote never expires. ``purchase_order``: the Autotask quote's purchase
    order number: the customer's, or else our quote's number, or nothing. ``act_as_owner``: Autotask shows the quote's
    owner as the author of what we write, if they have an account there and the API user may impersonate them.
    """

    owner_resource_id: int | None = None
    stage: int | None = None
    status: int | None = None
    probability: Percent = 50
    lead_source: int | None = None
    category: int | None = None
    title_pattern: str = "{title}"
    close_date_rule: Literal["expiry", "days"] = "expiry"
    close_date_days: Annotated[int, Field(ge=1, le=730)] = 30
    amount_months: Annotated[int, Field(ge=0, le=120)] = 0
    use_quote_totals: bool = True
    number_in_description: bool = True
    quote_name_pattern: str = "{number} {title}"
    purchase_order: Literal["customer", "customer_or_number", "none"] = "customer"
    quote_template_id: int | None = None
    payment_term: int | None = None
    opportunity_udfs: UserDefined = {}
    act_as_owner: bool = False


class StatusRule(Section):
    """How a status changes the Opportunity. None doesn't change the field. ``reason``: a win or loss reason.

    A pending quote has neither a reason nor a closed date. ``set_closed_date``: the closed date (and lost date) becomes
    the day of the customer's answer, or the day the quote expired.
    """

    status: int | None = None
    stage: int | None = None
    probability: Percent | None = None
    reason: int | None = None
    set_closed_date: bool = False


class QuoteStatusMapping(Section):
    """One rule for each quote status, and one for a quote that expired unanswered.

    ``loss_reasons``: Autotask's loss reason for each of ours, by our id; unmapped reasons use the reason of ``lost``.
    """

    pending: StatusRule = StatusRule()
    accepted: StatusRule = StatusRule(probability=100, set_closed_date=True)
    ordered: StatusRule = StatusRule(probability=100, set_closed_date=True)
    fulfilled: StatusRule = StatusRule(probability=100, set_closed_date=True)
    lost: StatusRule = StatusRule(probability=0, set_closed_date=True)
    expired: StatusRule = StatusRule()
    loss_reasons: dict[int, int] = {}


class ProductsServicesSettings(Section):
    """How lines match or create Products and Services.

    ``match_mpn``/``match_sku``/``match_name``: how products are matched, in this order; services, whose names are
    unique in Autotask, always match by name. ``when_unmatched``: create the record, or stop the push.
    ``inactive_match``: an inactive match stops the push, or is reactivated. ``update_existing``: whether the fields
    ticked in ``update_price``, ``update_cost`` and ``update_description`` of a matched record follow ours.
    ``service_period``: the period of new services; None: the line's. ``description_target``: the record, the quote
    item, or both. ``markup``: a new record's markup rate: Autotask's default, computed from price and cost, or
    ``markup_percent``. ``shipping_type_id``: the ShippingType of the shipping line. ``discount_as``: a quote's
    discount is spread over its lines, or pushed as a discount item if Autotask's picklist has that type.
    ``terms_in_description``: the term, the start and the price at renewal of a line, which Autotask's quote items have
    no fields for, stand at the beginning of the item's description.
    """

    match_mpn: bool = True
    match_sku: bool = True
    match_name: bool = True
    when_unmatched: Literal["create", "stop"] = "create"
    inactive_match: Literal["stop", "activate"] = "stop"
    update_existing: UpdatePolicy = "never"
    update_price: bool = True
    update_cost: bool = True
    update_description: bool = True
    product_billing_code_id: int | None = None
    service_billing_code_id: int | None = None
    default_vendor_id: int | None = None
    service_period: int | None = None
    description_target: Literal["record", "item", "both"] = "both"
    mpn_in_name: bool = False
    terms_in_description: bool = True
    send_cost: bool = True
    markup: Literal["none", "computed", "fixed"] = "none"
    markup_percent: Decimal | None = None
    labor_role_id: int | None = None
    shipping_type_id: int | None = None
    discount_as: Literal["spread", "item"] = "spread"
    product_udfs: UserDefined = {}


class CategoryRule(Section):
    """What one category or subcategory maps to. None inherits from the parent category, then from the defaults.

    ``product_category``: value of the Product picklist. ``role_id`` and ``work_type_id`` (a billing code) are for
    labor; Autotask's quote items have no field for the work type, so its name goes into their description.
    """

    product_category: int | None = None
    billing_code_id: int | None = None
    service_billing_code_id: int | None = None
    is_labor: bool | None = None
    role_id: int | None = None
    work_type_id: int | None = None


class ItemCategoryMapping(Section):
    """Rules by our category id."""

    rules: dict[int, CategoryRule] = {}


class TaxRule(Section):
    """What one of our tax codes maps to. Without a region, it uses the mapping's default."""

    tax_category_id: int | None = None
    tax_region_id: int | None = None


class TaxCodeMapping(Section):
    """Rules by our tax code id. An Autotask Quote has one region, each of its items a tax category."""

    default_region_id: int | None = None
    rules: dict[int, TaxRule] = {}


class AutotaskSettings(Section):
    """All live sections. ``version`` 0: “Save Integration” was never pressed."""

    version: int = 0
    company: CompanySettings = CompanySettings()
    opportunity: OpportunitySettings = OpportunitySettings()
    quote_status: QuoteStatusMapping = QuoteStatusMapping()
    products_services: ProductsServicesSettings = ProductsServicesSettings()
    item_category: ItemCategoryMapping = ItemCategoryMapping()
    tax_code: TaxCodeMapping = TaxCodeMapping()


SECTIONS: dict[str, type[Section]] = {
    "company": CompanySettings,
    "opportunity": OpportunitySettings,
    "quote_status": QuoteStatusMapping,
    "products_services": ProductsServicesSettings,
    "item_category": ItemCategoryMapping,
    "tax_code": TaxCodeMapping,
}
