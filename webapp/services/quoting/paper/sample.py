"""A sample offer, to look at a brand with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from webapp.models import User
from webapp.models.line import ONE
from webapp.services.company import place
from webapp.services.company.brand.brand import Brand
from webapp.services.quoting.revisions.snapshot import (
    FrozenLine,
    FrozenOrganization,
    FrozenPerson,
    FrozenSection,
    Seller,
    Snapshot,
)

DAYS = 30
# Pictures of items that no library has: the names of files in static/img.
LAPTOP, SWITCH = "sample-laptop", "sample-switch"
IMAGES = Path(__file__).parents[3] / "static" / "img"
PLANS = FrozenSection(
    uid="plans", title="Care plan", text="Everything that runs gets looked after.", choice=ONE
)


def offer(brand: Brand, seller: Mapping[str, Any], owner: User, now: datetime) -> Snapshot:
    """What a quote of ``seller``, a profile, looks like with ``brand``: several periods, a choice and an option."""
    here = place.of_company()
    return Snapshot(
        quote_id=0,
        number=1042,
        revision=1,
        title="Office move and network",
        currency=seller["currency"],
        published_at=now,
        expires_on=here.day_of(now) + timedelta(days=DAYS),
        owner_name=owner.name,
        owner_email=owner.email,
        seller=Seller(**{name: str(seller[name]) for name in Seller.model_fields}),
        brand=brand,
        place=here,
        terms=seller["terms"] or "Payment is due within 30 days.",
        organization=FrozenOrganization(id=0, name="Birchwood Legal LLP"),
        person=FrozenPerson(id=0, first_name="Carla", last_name="Khan", email="carla@birchwood.example"),
        comments="Thank you for the tour of your new office. This is what we talked about.",
        sections=(PLANS,),
        lines=(
            _line(
                "laptop",
                "14-inch business laptop",
                12,
                1389,
                discount_kind="percent",
                discount_value=Decimal(10),
                image=LAPTOP,
            ),
            _line("switch", "Access switch, 16 ports", 2, 449, sku="AS-16P", image=SWITCH),
            _line("work", "Installation and move", 18, 145),
            _line("labels", "Cable clean-up and labeling", 1, 495, is_optional=True),
            _line("backup", "Cloud backup", 12, "6.50", recurrence="monthly"),
            _line("standard", "Standard care", 1, 899, **_plan(selected=True)),
            _line("complete", "Complete care", 1, 1211, **_plan(selected=False)),
            _line("test", "Security review", 1, 940, recurrence="annual"),
        ),
    )


def pictures(frozen: Snapshot) -> Mapping[str, bytes]:
    """The pictures of its items, as ``pictures.Pictures`` has them."""
    return {name: (IMAGES / f"{name}.webp").read_bytes() for name in sorted(frozen.images)}


def _line(uid: str, name: str, quantity: int, price: float | str, **more: Any) -> FrozenLine:
    amounts = {"quantity": Decimal(quantity), "unit_price": Decimal(price)}
    return FrozenLine(**{"uid": uid, "name": name, "recurrence": "one_time", **amounts, **more})


def _plan(*, selected: bool) -> dict[str, Any]:
    return {
        "recurrence": "monthly",
        "section_uid": PLANS.uid,
        "is_optional": True,
        "is_selected": selected,
    }
