"""Bundles in a draft: one line that is made of parts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support import samples
from webapp.models import Item, Quote, QuoteLine, User, db
from webapp.models.catalog import FIXED, SUM
from webapp.services.catalog import bundles, categories, items, tax_codes, terms
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.quoting.draft import bulk, copying, discounts, editing, lines, pasting, steps, undo
from webapp.services.quoting.draft import bundles as of_lines
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.lists import of_item
from webapp.services.quoting.revisions import freezing, parts, pricing, snapshot


def kit(rep: User, kind: str = FIXED, price: str = "250") -> Item:
    """A bundle of one laptop (200, cost 150), two docks (40 each, cost 30) and monthly care (20)."""
    whole = samples.item(rep, name="Kit", sku="KIT", unit_price=price)
    samples.item(rep, name="Laptop", unit_price="200", unit_cost="150")
    samples.item(rep, name="Dock", unit_price="40", unit_cost="30")
    samples.item(rep, name="Care", unit_price="20", unit_cost="5", recurrence="monthly")
    for name in ("Laptop", "Dock", "Care"):
        bundles.save(rep, whole, {"bundle": SUM, "add": name})
    dock = next(part for part in whole.parts if part.item.name == "Dock")
    return bundles.save(rep, whole, {"bundle": kind, "unit_price": price, bundles.control(dock): "2"})


def added(rep: User, kind: str = FIXED, quantity: int = 3) -> tuple[Quote, QuoteLine]:
    """A quote with nothing but that bundle."""
    quote = samples.quote(rep)
    lines.remove(rep, quote.id, quote.lines[0].uid)
    line = lines.add_item(rep, quote.id, kit(rep, kind), Decimal(quantity))
    return quote, line


def amounts(quote: Quote) -> tuple[Decimal, Decimal]:
    """What the quote comes to, once and each month."""
    periods = pricing.of_quote(quote).periods
    return periods["one_time"].net, periods["monthly"].net


def named(line: QuoteLine, name: str) -> str:
    """The uid of a part."""
    return next(part.uid for part in parts.listed(line) if part.name == name)


def test_the_amounts_of_a_bundle_follow_its_parts(rep: User) -> None:
    whole = kit(rep, SUM)
    assert (whole.unit_price, whole.unit_cost) == (Decimal(280), Decimal(210))
    laptop = db.session.scalars(db.select(Item).filter_by(name="Laptop")).one()
    items.save(rep, laptop, {"name": "Laptop", "unit_price": "210", "unit_cost": "160", "is_active": "1"})
    assert (whole.unit_price, whole.unit_cost) == (Decimal(290), Decimal(220))
    bundles.save(rep, whole, {"bundle": FIXED, "unit_price": "250"})
    assert (whole.unit_price, whole.unit_cost) == (Decimal(250), Decimal(220))


def test_no_bundle_is_in_a_bundle(rep: User) -> None:
    whole = kit(rep)
    laptop = whole.parts[0].item
    other = samples.item(rep, name="Other")
    for item, add, sentence in (
        (whole, "Kit", "can't contain itself"),
        (other, "Kit", "“Kit” is a bundle itself"),
        (laptop, "Other", "is a part of “Kit”"),
        (whole, "Dock", "is already a part"),
        (whole, "Nothing", "no item like this"),
    ):
        with pytest.raises(Invalid) as refused:
            bundles.save(rep, item, {"bundle": FIXED, "add": add})
        assert sentence in refused.value.fields["add"]
        db.session.expire_all()
    for do in ("remove", "remove", "remove"):
        bundles.save(rep, whole, {"bundle": SUM, "do": f"{do} {whole.parts[0].item_id}"})
    assert (whole.parts, whole.bundle) == ([], "")


def test_a_fixed_price_needs_a_part_with_its_billing_period(rep: User) -> None:
    whole = kit(rep)
    with pytest.raises(Invalid) as refused:
        items.save(rep, whole, {"name": "Kit", "unit_price": "250", "recurrence": "annual", "is_active": "1"})
    assert "no part is billed annual" in refused.value.fields["bundle"]


def test_two_people_dont_overwrite_each_other(rep: User) -> None:
    whole = kit(rep)
    seen = bundles.seen(whole)
    bundles.save(rep, whole, {"bundle": SUM})
    with pytest.raises(Conflict, match="Someone else changed"):
        bundles.save(rep, whole, {"bundle": FIXED, "seen": seen})


def test_a_bundle_is_one_line(rep: User) -> None:
    quote, line = added(rep)
    assert amounts(quote) == (Decimal("750.00"), Decimal("60.00"))
    assert (line.unit_price, line.unit_cost) == (Decimal(250), Decimal(210))
    assert of_lines.saving(line) == Decimal(30)
    lines.change(
        rep, quote.id, line.uid, {"name": "Kit", "quantity": "2", "unit_price": "240", "unit_cost": "210"}
    )
    assert amounts(quote) == (Decimal("480.00"), Decimal("40.00"))
    for name, value in (("recurrence", "annual"), ("unit_cost", "1")):
        with pytest.raises(Invalid) as refused:
            lines.change(
                rep,
                quote.id,
                line.uid,
                {"name": "Kit", "unit_price": "240", "unit_cost": "210"} | {name: value},
            )
        assert name in refused.value.fields


def test_an_inactive_part_gives_way_to_its_successor(rep: User) -> None:
    whole = kit(rep)
    samples.item(rep, name="New dock", unit_price="50")
    dock = whole.parts[1].item
    items.save(rep, dock, {"name": "Dock", "unit_price": "40", "replaced_by": "New dock"})
    quote = samples.quote(rep)
    line = lines.add_item(rep, quote.id, whole)
    assert [part.name for part in parts.listed(line)] == ["Laptop", "New dock", "Care"]
    bundles.save(rep, whole, {"bundle": FIXED, "do": f"use {dock.id}"})
    assert [part.item.name for part in whole.parts] == ["Laptop", "New dock", "Care"]


def test_parts_are_changed_and_removed(rep: User) -> None:
    quote, line = added(rep, SUM)
    seen = of_lines.seen(line)
    dock = named(line, "Dock")
    values = {
        "bundle": SUM,
        f"quantity-{dock}": "1",
        f"unit_price-{dock}": "45.50",
        f"unit_cost-{dock}": "31",
    }
    lines.change_parts(rep, quote.id, line.uid, values)
    assert amounts(quote) == (Decimal("736.50"), Decimal("60.00"))
    assert line.unit_cost == Decimal(181)
    with pytest.raises(Conflict):
        lines.change_parts(rep, quote.id, line.uid, {"bundle": SUM, "seen": seen})
    lines.change_parts(rep, quote.id, line.uid, {"bundle": SUM, "do": f"remove {dock}"})
    with pytest.raises(Invalid) as refused:
        lines.change_parts(
            rep, quote.id, line.uid, {"bundle": FIXED, "do": f"remove {named(line, 'Laptop')}"}
        )
    assert "no part would be" in refused.value.fields["bundle"]
    lines.change_parts(rep, quote.id, line.uid, {"bundle": SUM, "do": f"remove {named(line, 'Laptop')}"})
    assert (line.recurrence, line.unit_price) == ("monthly", Decimal(20))
    with pytest.raises(Invalid) as refused:
        lines.change_parts(rep, quote.id, line.uid, {"bundle": SUM, "do": f"remove {named(line, 'Care')}"})
    assert refused.value.fields["bundle"] == of_lines.WHOLE


def test_it_is_copied_undone_and_changed_as_one(rep: User) -> None:
    quote, line = added(rep)
    with steps.of_session("mine"):
        copy = lines.duplicate(rep, quote.id, line.uid)
        assert {part.uid for part in parts.listed(copy)}.isdisjoint(part.uid for part in parts.listed(line))
        lines.change_parts(rep, quote.id, line.uid, {"bundle": SUM, "do": f"remove {named(line, 'Dock')}"})
        bulk.remove(rep, quote.id, [line.uid])
        undo.undo(rep, quote.id)
        undo.undo(rep, quote.id)
    back = editing.get(quote.id).lines[0]
    assert [part.name for part in parts.listed(back)] == ["Laptop", "Dock", "Care"]
    assert (back.bundle, back.unit_price) == (FIXED, Decimal(250))
    code = samples.tax_code(rep)
    bulk.change(rep, quote.id, [back.uid], "tax", {"value": str(code.id)})
    assert {part.tax_code_id for part in parts.listed(back)} == {code.id}
    billed = bulk.change(rep, quote.id, [back.uid], "billing", {"value": "annual"})
    assert "own billing periods" in billed.sentences()[0]
    assert len(parts.listed(copying.copy(rep, quote.id).lines[0])) == 3


def test_pasted_rows_that_name_a_bundle_have_its_parts(rep: User) -> None:
    quote, line = added(rep)
    text = pasting.copied(rep, quote, [line.uid])
    (uid,), _ = pasting.add(rep, quote.id, text)
    pasted = lines.find(editing.get(quote.id), uid)
    assert [part.name for part in parts.listed(pasted)] == ["Laptop", "Dock", "Care"]


@pytest.mark.both_databases
def test_a_revision_keeps_the_parts(rep: User) -> None:
    quote, line = added(rep)
    publishing.publish(rep, quote.id)
    revision = editing.get(quote.id).current_revision
    assert revision is not None
    frozen = snapshot.parse(revision.content)
    assert [part.name for part in frozen.lines[0].parts] == ["Laptop", "Dock", "Care"]
    assert not freezing.has_changes(quote, revision)
    lines.change_parts(rep, quote.id, line.uid, {"bundle": SUM, "shows_parts": "1"})
    assert freezing.has_changes(quote, revision)
    freezing.restore(quote, frozen)
    db.session.commit()
    assert not freezing.has_changes(quote, revision)
    used = of_item.quotes(rep, db.session.scalars(db.select(Item).filter_by(name="Dock")).one())
    assert [use.quote.id for use in used.shown] == [quote.id]


def test_the_customer_takes_it_as_a_whole_or_leaves_it(rep: User) -> None:
    quote, line = added(rep)
    lines.add_ad_hoc(rep, quote.id, {"name": "Rack", "unit_price": "10"})
    bulk.change(rep, quote.id, [line.uid], "optional", {})
    offered = freezing.freeze(quote, number=1, revision=1, published_at=quote.updated_at)
    assert pricing.choices(offered) == {line.uid}
    left = pricing.of_snapshot(pricing.with_choices(offered, []))
    assert (left.periods["one_time"].net, left.periods["monthly"].net) == (Decimal("10.00"), Decimal("0.00"))
    flat = parts.flat(pricing.with_choices(offered, []))
    assert [(one.name, one.counts) for one in flat.lines] == [
        ("Laptop", False), ("Dock", False), ("Care", False), ("Rack", True),
    ]  # fmt: skip


def test_a_bundle_is_no_credit_and_not_too_large(rep: User) -> None:
    quote, line = added(rep)
    for values in ({"unit_price": "-1", "quantity": "1"}, {"unit_price": "1", "quantity": "600000"}):
        with pytest.raises(Invalid):
            lines.change(rep, quote.id, line.uid, {"name": "Kit", "unit_cost": "210", **values})
    assert amounts(editing.get(quote.id)) == (Decimal("750.00"), Decimal("60.00"))


def test_what_a_part_uses_isnt_deleted(rep: User) -> None:
    quote, line = added(rep)
    code, category = samples.tax_code(rep), categories.save(rep, None, {"name": "Hardware"})
    made_of = [
        part.model_copy(update={"tax_code_id": code.id, "category_id": category.id})
        for part in parts.listed(line)
    ]
    line.stored_parts = parts.stored(made_of)
    db.session.commit()
    with pytest.raises(Invalid, match="items or quotes use it"):
        tax_codes.delete(rep, code)
    with pytest.raises(Invalid, match="1 quote line"):
        categories.delete(rep, category)
    lines.remove(rep, quote.id, line.uid)
    tax_codes.delete(rep, code)
    categories.delete(rep, category)


def test_the_limit_of_discounts_is_that_of_all_its_parts(rep: User) -> None:
    quote, line = added(rep)
    values = {"name": "Kit", "unit_price": "250", "unit_cost": "210", "quantity": "3"}
    lines.change(rep, quote.id, line.uid, values | {"discount_kind": "percent", "discount_value": "10"})
    assert discounts.of_lines(quote) == {line.uid: Decimal(10)}
    assert amounts(quote) == (Decimal("675.00"), Decimal("54.00"))


def test_a_bundle_that_recurs_no_more_has_no_term(rep: User) -> None:
    quote, kit = added(rep)
    form = {"seen": lines.seen(rep, kit, (*terms.TOGETHER, "starts_on"))}
    lines.change(rep, quote.id, kit.uid, {**form, "term_months": "12", "starts_on": "2030-01-01"})
    removal = {"bundle": kit.bundle, "unit_price": "250", "do": f"remove {named(kit, 'Care')}"}
    line = lines.change_parts(rep, quote.id, kit.uid, removal)
    assert (line.term_months, line.starts_on) == (0, None)
