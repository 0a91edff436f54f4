"""What kind of thing a line sells, for the badge in front of its name."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.models import QuoteLine
from webapp.models.catalog import ONE_TIME
from webapp.services.quoting.revisions.snapshot import FrozenLine

BUNDLE, SERVICE, PRODUCT = "ServiceBundles", "Services", "Products"


@dataclass(frozen=True)
class Kind:
    """``shape``: the badge. ``label``: its words, in the line's second row. ``is_linked``: it lives in Autotask."""

    shape: str
    label: str
    is_linked: bool = False


OF_ORIGIN = {
    PRODUCT: Kind("product", "Autotask product", True),
    SERVICE: Kind("service", "Autotask service", True),
    BUNDLE: Kind("bundle", "Autotask service bundle", True),
}
LABOR = Kind("labor", "Labor")
PARTS = Kind("bundle", "Bundle")
RECURRING = Kind("service", "Service")
LIBRARY = Kind("product", "Library item")
CREDIT = Kind("credit", "Credit")
CUSTOM = Kind("custom", "Custom item")


def of_line(line: QuoteLine | FrozenLine, *, is_labor: bool = False) -> Kind:
    """The kind of ``line``. ``is_labor``: its category becomes labor where lines are pushed to."""
    if line.unit_price < 0:
        return CREDIT
    if line.bundle and line.origin_entity != BUNDLE:
        return PARTS
    if is_labor:
        return LABOR
    if line.origin_entity in OF_ORIGIN:
        return OF_ORIGIN[line.origin_entity]
    if line.recurrence != ONE_TIME:
        return RECURRING
    return LIBRARY if line.item_id is not None else CUSTOM
