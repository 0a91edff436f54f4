"""What the customer chose of an offer, checked: options, quantities, and that credits leave something to pay."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from webapp.models import Quote
from webapp.services.core.errors import Invalid
from webapp.services.quoting.answer import quantities
from webapp.services.quoting.evidence import noting
from webapp.services.quoting.money.totals import Totals
from webapp.services.quoting.revisions import pricing
from webapp.services.quoting.revisions.snapshot import Snapshot

OVERDRAWN = (
    "The credits come to more than the rest of what you chose, so it can't be accepted. Choose more, or leave a credit "
    "out."
)


def read(live: Snapshot, values: Mapping[str, object], uids: Collection[str]) -> Snapshot:
    """The offer with the optional lines and sections in ``uids`` and the quantities in ``values``.

    Raises Invalid where a quantity can't be chosen, or where the credits come to more than the rest.
    """
    wanted, wrong = quantities.read(live, values)
    if wrong:
        raise Invalid("Nothing was accepted. Fix the quantity, then accept again.", wrong)
    found = pricing.with_choices(live, uids, wanted)
    # Only a credit takes more off than there is.
    if any(line.unit_price < 0 for line in found.lines) and pricing.of_snapshot(found).overdrawn:
        raise Invalid(f"{OVERDRAWN} Nothing was accepted.")
    return found


def refused_reason(computed: Totals) -> str:
    """Why a choice with these totals can't be accepted; empty when it can."""
    return OVERDRAWN if computed.overdrawn else ""


def changed_quantities(quote: Quote) -> list[str]:
    """What the customer accepted in another quantity than it was offered: “Seats: 15 instead of 10”."""
    if quote.acceptance is None:
        return []
    return noting.changed_quantities(*noting.chosen_from(quote.acceptance))
