"""What a new product in Autotask gets of its item, as the preview said."""

from __future__ import annotations

from decimal import Decimal

from tests.support import samples
from tests.support.connected_desk import Desk
from webapp.models import db
from webapp.services.autotask.preview import plan_only
from webapp.services.catalog import items
from webapp.services.quoting.draft import lines


def test_a_product_gets_the_suppliers_sku_and_the_list_price(desk: Desk) -> None:
    mark = desk.mark()
    values = {
        "sku": f"S-{mark}",
        "mpn": f"M-{mark}",
        "manufacturer": "Maker",
        "supplier": "Ingram",
        "supplier_sku": "ING-7" + "x" * 60,
        "list_price": "129.90",
        "markdown": "**Fast**",
    }
    quote = desk.quote(title="New things")
    for name, more in ((f"Thing {mark}", values), (f"Plain {mark}", {})):
        item = samples.item(desk.rep, name=name, **more)
        lines.add_item(desk.rep, quote.id, items.get(item.id))
    db.session.commit()
    said = plan_only.in_words(desk.runtime, plan_only.of_quote(desk.runtime, quote).plan)
    fields = {
        change.label: change.after
        for step in said
        for change in step.changes
        if f"Thing {mark}" in step.title
    }
    assert fields["List price (MSRP)"] == "129.90"
    assert fields["Vendor's part number"].startswith("ING-7xx")
    assert desk.push(quote).state == "synced"
    thing, plain = (
        next(row for row in desk.tenant.query("Products") if row["name"] == name)
        for name in (f"Thing {mark}", f"Plain {mark}")
    )
    assert thing["vendorProductNumber"] == "ING-7" + "x" * 44 + "…", (
        "as every text that Autotask has no room for"
    )
    assert Decimal(str(thing["msrp"])) == Decimal("129.90")
    assert (thing["manufacturerName"], thing["manufacturerProductName"]) == ("Maker", f"M-{mark}")
    assert (plain["vendorProductNumber"], plain["msrp"]) == (None, None)
    assert desk.process(quote).state == "synced"
