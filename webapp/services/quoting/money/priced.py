"""What totals are reckoned from: lines, parts of bundles, discounts of sections."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


class Priced(Protocol):
    """So many of something, each at a price and a cost: what a part of a bundle has, per bundle."""

    @property
    def recurrence(self) -> str: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def unit_price(self) -> Decimal: ...
    @property
    def unit_cost(self) -> Decimal: ...


class PricedLine(Priced, Protocol):
    """The fields of a line that totals need; ``QuoteLine`` and ``FrozenLine`` have them."""

    @property
    def discount_kind(self) -> str: ...
    @property
    def discount_value(self) -> Decimal: ...
    @property
    def counts(self) -> bool: ...


@dataclass(frozen=True)
class Share:
    """What a part of a bundle adds to a quote (``bundles.spread``): a line whose amounts are known.

    ``unit_price`` and ``discount_value``, an amount off the line, give the same net.
    """

    recurrence: str
    quantity: Decimal
    unit_price: Decimal
    unit_cost: Decimal
    discount_value: Decimal
    gross: Decimal
    own_discount: Decimal
    counts: bool

    @property
    def discount_kind(self) -> str:
        """The amount off the line, if any."""
        return "line" if self.discount_value else "none"


@dataclass(frozen=True)
class SectionDiscount:
    """A discount of the section ``uid``: ``percent`` off its lines, or an ``amount``.

    An amount comes off the section's one-time lines; of a section without any, off its first billing period. It is
    spread over those of these lines that count, up to their total. ``is_choice``: one of its lines is taken.
    """

    uid: str
    kind: str = "none"
    value: Decimal = Decimal(0)
    is_choice: bool = False
