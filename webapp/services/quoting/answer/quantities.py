"""The quantities on the customer's page, as they were typed: read within each line's limits."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from webapp.services.core import formatting
from webapp.services.core.fields import clean_text
from webapp.services.core.numbers import parse_decimal
from webapp.services.quoting.money import limits
from webapp.services.quoting.revisions import quantities as chosen_quantities
from webapp.services.quoting.revisions.snapshot import Snapshot

# The names of the controls, before the line's uid: what is wanted, and what the page showed before.
WANTED, WAS = "quantity:", "was:"


def read(
    frozen: Snapshot, values: Mapping[str, object], prefix: str = WANTED
) -> tuple[dict[str, Decimal], dict[str, str]]:
    """The quantities by the lines' uids, and a sentence for each that can't be chosen, by the name of its control.

    Browsers send the number of such a field with a point, whatever the place.
    """
    wanted: dict[str, Decimal] = {}
    errors: dict[str, str] = {}
    for line in frozen.lines:
        allowed, name = limits.of_line(line), prefix + line.uid
        if allowed is None or name not in values:
            continue
        try:
            quantity = parse_decimal(clean_text(str(values[name])))
        except ValueError:
            quantity = Decimal(0)
        if allowed.allows(quantity):
            wanted[line.uid] = quantity
        else:
            errors[name] = f"Choose {chosen_quantities.words(allowed, frozen.place)}."
    return wanted, errors


def shown(frozen: Snapshot) -> dict[str, dict[str, str]]:
    """The control of each line whose quantity can be chosen, by uid: its attributes, and its limits in words."""
    found = {}
    for line in frozen.lines:
        allowed = limits.of_line(line)
        if allowed is not None:
            numbers = {
                "min": allowed.least,
                "max": allowed.most,
                "step": allowed.step,
                "value": line.quantity,
            }
            attributes = {name: formatting.plain(number) for name, number in numbers.items()}
            found[line.uid] = {**attributes, "words": chosen_quantities.words(allowed, frozen.place)}
    return found
