"""A published quote, frozen: customers accept it and the push compiles it.

The canonical JSON (sorted keys, no spaces, decimals as strings) is stored, hashed and signed.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from webapp.models.catalog import FIXED
from webapp.models.line import WHOLE
from webapp.services.company.brand.brand import Brand
from webapp.services.core import addresses
from webapp.services.core.place import Place
from webapp.services.quoting.money.money import to_unit

# A page reads the live revision several times, and the next page again. One of 300 lines takes about a megabyte.
KEPT = 32

# Always with 4 decimals, so that equal amounts give equal text and equal hashes.
Exact = Annotated[Decimal, AfterValidator(to_unit)]


class Frozen(BaseModel):
    """Immutable; rejects unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Address(Frozen):
    """A postal address; every part may be empty. ``country`` as text."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""

    @property
    def is_empty(self) -> bool:
        """True when no part is filled."""
        return not any((self.line1, self.line2, self.city, self.state, self.postal_code, self.country))

    def lines(self, home: str) -> list[str]:
        """The lines as its country writes them; ``home``: the code of the country when it names none."""
        return addresses.lines(self.model_dump(), home)


class Seller(Frozen):
    """The seller's profile at the time of publishing."""

    name: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    website: str = ""


class FrozenOrganization(Frozen):
    """The customer company. ``id`` is ours."""

    id: int
    name: str
    phone: str = ""
    website: str = ""
    billing: Address = Address()
    shipping: Address = Address()


class FrozenPerson(Frozen):
    """The customer's contact. ``id`` is ours."""

    id: int
    first_name: str
    last_name: str
    email: str = ""
    title: str = ""
    phone: str = ""
    mobile: str = ""


class FrozenSection(Frozen):
    """A heading with a text, above its lines. Units as in ``models.line.QuoteSection``."""

    uid: str
    title: str
    text: str = ""
    choice: str = "none"
    is_selected: bool = False
    starts_page: bool = False
    discount_kind: str = "none"
    discount_value: Exact = Decimal("0.0000")

    @property
    def is_whole(self) -> bool:
        """True when the customer takes all of it or nothing."""
        return self.choice == WHOLE


class FrozenLine(Frozen):
    """One line. Units as in ``models.line.QuoteLine``; ``category_path`` is for people, ``category_id`` for mappings.

    ``parent_category_id``: the category above, when ``category_id`` is a subcategory. ``tax_rate`` in percent.
    ``section_uid``: of one of the snapshot's sections; where that is taken as a whole, the line is optional, and
    selected as the section is. ``parts``: of a bundle, each with its quantity in one bundle.
    ``image``: the SHA-256 of the item's image (``catalog.pictures``), empty without one.
    ``quantity_prices``: where the customer can change the quantity and the price follows it (``prices.parse_tiers``).
    """

    uid: str
    section_uid: str = ""
    item_id: int | None = None
    name: str
    description: str = ""
    sku: str = ""
    mpn: str = ""
    manufacturer: str = ""
    supplier: str = ""
    supplier_sku: str = ""
    category_id: int | None = None
    parent_category_id: int | None = None
    category_path: str = ""
    tax_code_id: int | None = None
    tax_name: str = ""
    tax_rate: Exact = Decimal("0.0000")
    recurrence: str
    quantity: Exact
    unit_price: Exact
    unit_cost: Exact = Decimal("0.0000")
    list_price: Exact | None = None
    shows_savings: bool = False
    price_rule: str = "fixed"
    price_percent: Exact = Decimal("0.0000")
    price_ending: str = ""
    tiers: str = ""
    price_date: date | None = None
    cost_date: date | None = None
    discount_kind: str = "none"
    discount_value: Exact = Decimal("0.0000")
    is_optional: bool = False
    is_selected: bool = False
    origin_entity: str = ""
    origin_id: int | None = None
    term_months: int = 0
    min_term_months: int = 0
    setup_fee: Exact = Decimal("0.0000")
    renewal_price: Exact | None = None
    starts_on: date | None = None
    min_quantity: Exact | None = None
    max_quantity: Exact | None = None
    quantity_step: Exact | None = None
    quantity_prices: str = ""
    image: str = ""
    bundle: str = ""
    shows_parts: bool = False
    parts: tuple[FrozenLine, ...] = ()

    def has_fixed(self, part: FrozenLine) -> bool:
        """True where the part has no price of its own, because the bundle has one for its billing period."""
        return self.bundle == FIXED and part.recurrence == self.recurrence and not self.is_again

    def quantity_of(self, part: FrozenLine) -> Decimal:
        """How many of a part the whole line has."""
        return to_unit(self.quantity * part.quantity)

    @property
    def is_again(self) -> bool:
        """True where a bundle is named again, for its parts of another billing period (``pricing.grouped``)."""
        return False

    @property
    def counts(self) -> bool:
        """True when the totals include the line: it isn't optional, or it is selected."""
        return self.is_selected or not self.is_optional


class Snapshot(Frozen):
    """The whole quote as published. Lines in their order. Amounts in ``currency``, times in UTC.

    ``brand_id``: which brand the rep chose, None for the default; what it was like is in ``brand`` and ``seller``.
    ``expires_on``: the last day on which the customer can accept; it ends when it ends at ``place``, the seller's.
    """

    quote_id: int
    number: int
    revision: int
    title: str
    currency: str
    published_at: datetime
    expires_on: date | None = None
    owner_name: str
    owner_email: str
    seller: Seller = Seller()
    brand: Brand = Brand()
    brand_id: int | None = None
    place: Place = Place()
    tax_rounding: str = "line"
    terms: str = ""
    organization: FrozenOrganization | None
    person: FrozenPerson | None
    comments: str = ""
    purchase_order_number: str = ""
    discount_kind: str = "none"
    discount_value: Exact = Decimal("0.0000")
    shipping_amount: Exact = Decimal("0.0000")
    deposit_kind: str = "none"
    deposit_value: Exact = Decimal("0.0000")
    deposit_is_required: bool = False
    autotask_opportunity_id: int | None = None
    autotask_contact_id: int | None = None
    sections: tuple[FrozenSection, ...] = ()
    lines: tuple[FrozenLine, ...]

    @property
    def images(self) -> set[str]:
        """The images that page and paper show; none where the brand shows none."""
        return {line.image for line in self.lines if line.image} if self.brand.shows_images else set()

    @property
    def published_on(self) -> date:
        """The seller's date at publishing."""
        return self.place.day_of(self.published_at)

    @property
    def ends_at(self) -> datetime | None:
        """The first moment at which the customer can't accept any more; None when the quote never expires."""
        return self.place.end_of(self.expires_on) if self.expires_on else None

    def canonical(self) -> str:
        """The canonical JSON text of this content."""
        return json.dumps(
            self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )


@lru_cache(maxsize=KEPT)
def parse(content: str) -> Snapshot:
    """Read a stored snapshot. Raises pydantic.ValidationError for any other text."""
    return Snapshot.model_validate_json(content)


def sha256(content: str) -> str:
    """The hex SHA-256 of the UTF-8 text."""
    return hashlib.sha256(content.encode()).hexdigest()
