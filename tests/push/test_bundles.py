"""Bundles in Autotask: as parts whose amounts add up to the bundle's, or as the service bundle that was pulled."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.push.test_money import items_of
from tests.support.connected_desk import Desk
from webapp.models import Link, db
from webapp.models.catalog import FIXED
from webapp.services.autotask.drift import check
from webapp.services.autotask.links import rebuild, rows
from webapp.services.quoting.draft import bundles, lines
from webapp.services.quoting.revisions import parts
from webapp.services.quoting.revisions.snapshot import FrozenLine


def part(name: str, price: str, quantity: str = "1", **values: Any) -> FrozenLine:
    """A part of a bundle."""
    known = {"uid": parts.new_uid(), "name": name, "recurrence": "one_time", "unit_cost": "10"}
    return FrozenLine(**known | {"unit_price": price, "quantity": quantity} | values)


def net(item: dict[str, Any]) -> Decimal:
    """What a quote item comes to in Autotask."""
    amount = Decimal(str(item["quantity"])) * Decimal(str(item["unitPrice"]))
    return (amount - Decimal(str(item["lineDiscount"]))).quantize(Decimal("0.01"))


def test_a_bundle_is_pushed_as_its_parts(desk: Desk) -> None:
    mark = desk.mark()
    names = [f"Laptop {mark}", f"Dock {mark}", f"Care {mark}"]
    made_of = [
        part(names[0], "70", "7", tax_code_id=desk.tax.id),
        part(names[1], "35.55", "3"),
        part(names[2], "19", recurrence="monthly"),
    ]
    quote = desk.quote(
        {"name": "Before", "unit_price": 5},
        {
            "name": "Kit",
            "unit_price": "500",
            "quantity": 3,
            "bundle": FIXED,
            "stored_parts": parts.stored(made_of),
        },
        {"name": "After", "unit_price": 5},
        discount_kind="percent",
        discount_value=Decimal(5),
    )
    bundles.settle(quote.lines[1])
    db.session.commit()
    run = desk.push(quote)
    assert run.state == "synced", run.sentence
    pushed = items_of(desk, quote)
    assert set(pushed) == {"Before", *names, "After"}
    assert net(pushed[names[0]]) + net(pushed[names[1]]) == Decimal("1425.00")
    assert (pushed[names[0]]["quantity"], pushed[names[1]]["quantity"]) == (21, 9)
    assert pushed[names[0]]["isTaxable"]
    assert run.report["amounts"]["monthly"] == ["54.15", "54.15"]
    order = sorted(pushed.values(), key=lambda item: item["sortOrderID"])
    assert [item["name"] for item in order] == ["Before", *names, "After"]
    assert rows.load().lines[quote.id, made_of[0].uid] == names[0]
    assert quote.id not in rebuild._lacking()
    assert check.check_one(desk.runtime, quote) == 0

    # An edit of the bundle updates the items of its parts; one that is removed goes.
    uid = quote.lines[1].uid
    dock = made_of[1].uid
    values = {"bundle": FIXED, "unit_price": "333.33", f"quantity-{dock}": "2"}
    lines.change_parts(desk.rep, quote.id, uid, values)
    assert desk.push(quote).state == "synced"
    changed = items_of(desk, quote)
    assert {name: item["id"] for name, item in changed.items()} == {
        name: item["id"] for name, item in pushed.items()
    }
    assert net(changed[names[0]]) + net(changed[names[1]]) == Decimal("949.99")
    lines.change_parts(desk.rep, quote.id, uid, {"bundle": FIXED, "do": f"remove {dock}"})
    assert desk.push(quote).state == "synced"
    assert set(items_of(desk, quote)) == {"Before", names[0], names[2], "After"}


def test_a_service_bundle_that_was_pulled_stays_one(desk: Desk) -> None:
    remote = desk.tenant.query("ServiceBundles", {"op": "exist", "field": "id"})[0]
    quote = desk.quote(
        {
            "name": remote["name"],
            "unit_price": 80,
            "quantity": 2,
            "recurrence": "monthly",
            "origin_entity": "ServiceBundles",
            "origin_id": remote["id"],
            "bundle": FIXED,
            "stored_parts": parts.stored([part("Care", "50", recurrence="monthly")]),
            "setup_fee": Decimal(99),
        }
    )
    run = desk.push(quote)
    assert run.state == "synced", run.sentence
    # Both are written at once, in either order.
    item, fee = sorted(items_of(desk, quote).values(), key=lambda one: one["serviceBundleID"] is None)
    assert (item["serviceBundleID"], item["quantity"], net(item)) == (remote["id"], 2, Decimal("160.00"))
    assert (fee["name"], net(fee)) == (f"Setup fee: {remote['name']}", 99)
    assert quote.id not in rebuild._lacking()
    links = db.select(Link).filter_by(remote_entity="QuoteItems", remote_id=fee["id"])
    db.session.delete(db.session.scalars(links).one())
    db.session.commit()
    assert quote.id in rebuild._lacking()
