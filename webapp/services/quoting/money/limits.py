"""How many of a line the customer can choose: from ``least`` to ``most``, in steps from the least. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Protocol

from webapp.services.quoting.money.prices import Tier


class Limited(Protocol):
    """The fields of a line about it. None: the customer can't change the quantity."""

    @property
    def min_quantity(self) -> Decimal | None: ...
    @property
    def max_quantity(self) -> Decimal | None: ...
    @property
    def quantity_step(self) -> Decimal | None: ...


@dataclass(frozen=True)
class Limits:
    """What can be chosen: ``least``, and any number of steps more up to ``most``."""

    least: Decimal
    most: Decimal
    step: Decimal = Decimal(1)

    def allows(self, quantity: Decimal) -> bool:
        """True for a quantity that can be chosen."""
        return self.least <= quantity <= self.most and (quantity - self.least) % self.step == 0

    def below(self, quantity: Decimal) -> Decimal:
        """The largest quantity that can be chosen and isn't above ``quantity``, but the least at least."""
        steps = ((min(quantity, self.most) - self.least) / self.step).to_integral_value(ROUND_FLOOR)
        return self.least + max(steps, Decimal(0)) * self.step

    def ends(self, tiers: Sequence[Tier] = ()) -> list[Decimal]:
        """The least and the most, of each tier too: nothing between them has a larger discount or a lower margin."""
        found = [self.least, self.below(self.most)]
        for tier in tiers:
            first = self.below(tier.quantity)
            first = first if first >= tier.quantity else self.below(first + self.step)
            found += [first, self.below(first - self.step)]
        return sorted(set(found))


def of_line(line: Limited) -> Limits | None:
    """The limits of a line; None where the customer can't change its quantity."""
    if line.min_quantity is None or line.max_quantity is None:
        return None
    return Limits(line.min_quantity, line.max_quantity, line.quantity_step or Decimal(1))
