"""Items: amounts and their dates, what replaces them, and what a line and Autotask get of them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask import Flask

from tests.support import samples
from webapp.models import DiaryEntry, Item, User, db
from webapp.services.accounts import changing_rules
from webapp.services.catalog import dates, favorites, items, replacing
from webapp.services.company import place
from webapp.services.core.errors import Forbidden, Invalid
from webapp.services.core.merge import seen
from webapp.services.quoting.draft import editing, lines
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.lists import of_item
from webapp.services.quoting.revisions import freezing, snapshot

TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (TODAY, "today"),
        (TODAY - timedelta(days=1), "1 day ago"),
        (TODAY - timedelta(days=59), "59 days ago"),
        (date(2026, 9, 27), "2 months ago"),
        (date(2025, 9, 28), "13 months ago"),
        (date(2025, 9, 27), "14 months ago"),
        (date(2024, 11, 28), "23 months ago"),
        (date(2024, 11, 27), "2 years ago"),
    ],
)
def test_an_age_is_said_in_words(day: date, words: str) -> None:
    assert dates.age(day, TODAY) == words


def changed(actor: User, item: Item, **values: object) -> Item:
    """The item saved again, with ``values`` in place of some of its own."""
    kept = {
        "name": item.name,
        "unit_price": f"{item.unit_price:f}",
        "unit_cost": f"{item.unit_cost:f}",
        "markdown": item.markdown,
        "sku": item.sku,
        "is_active": "1",
    }
    return items.save(actor, item, {**kept, **values})


@pytest.mark.both_databases
def test_a_new_amount_is_dated_today_unless_its_date_is_given(app: Flask) -> None:
    with app.app_context():
        admin, today, old = samples.admin(), place.today(), date(2025, 3, 1)
        item = samples.item(admin, unit_cost="60", cost_date="2025-03-01")
        assert (item.price_date, item.cost_date) == (today, old)
        changed(admin, item, unit_price="100.00", cost_date="2025-03-01")
        assert item.cost_date == old, "an equal amount keeps its date"
        changed(admin, item, unit_cost="61", cost_date="2025-03-01")
        assert item.cost_date == today
        changed(admin, item, unit_cost="62", cost_date="2025-04-01")
        assert item.cost_date == date(2025, 4, 1)
        with pytest.raises(Invalid) as refused:
            changed(admin, item, price_date=(today + timedelta(days=1)).isoformat())
        assert refused.value.fields == {"price_date": "Enter today's date or an earlier one."}
        assert samples.item(admin, unit_cost="0", unit_price="0").cost_date is None


@pytest.mark.both_databases
def test_the_new_fields_are_stored_and_diaried(app: Flask) -> None:
    with app.app_context():
        admin = samples.admin()
        item = samples.item(admin, supplier="Ingram", supplier_sku="ING-7", list_price="$1,299.00")
        db.session.expire_all()
        assert (item.supplier_sku, item.list_price) == ("ING-7", Decimal(1299))
        changed(admin, item, list_price="")
        assert item.list_price is None
        entry = db.session.scalars(db.select(DiaryEntry).order_by(DiaryEntry.id.desc())).first()
        assert entry is not None
        assert {
            "key": "",
            "part": "",
            "field": "list_price",
            "before": "1299",
            "after": None,
        } in entry.changes
        with pytest.raises(Invalid) as refused:
            changed(admin, item, unit_price="-5", unit_cost="0", list_price="10")
        assert refused.value.fields == {"list_price": "A credit has no list price. Clear it."}


def test_who_does_not_see_costs_sees_and_changes_no_date_of_one(app: Flask) -> None:
    with app.app_context():
        admin, rep = samples.admin(), samples.rep()
        changing_rules.save(None, {"reps_see": "all", "reps_change": "all"})
        item = samples.item(admin, unit_cost="60", cost_date="2025-03-01")
        values = {"name": "Renamed", "unit_price": "100", "is_active": "1"}
        items.save(rep, item, values)
        assert (item.unit_cost, item.cost_date) == (60, date(2025, 3, 1))
        assert "cost_date" not in items.seen(rep, item)
        assert "cost_date" in items.seen(admin, item)
        with pytest.raises(Forbidden):
            items.save(rep, item, {**values, "cost_date": "2026-01-01"})


@pytest.mark.both_databases
def test_an_item_is_replaced_by_another_and_never_in_a_circle(app: Flask) -> None:
    with app.app_context():
        admin = samples.admin()
        first, second, third = (
            samples.item(admin, name=f"Firewall {number}", sku=f"FW-{number}") for number in (1, 2, 3)
        )
        for text in (f"#{second.id} {second.name}", "FW-2", "firewall  2"):
            changed(admin, first, replaced_by="")
            changed(admin, first, replaced_by=text)
            assert first.replaced_by is second, text
        changed(admin, second, replaced_by="FW-3")
        assert replacing.successor(first) is third
        assert replacing.successor(third) is None
        assert replacing.predecessors(second, 5) == [first]
        with pytest.raises(Invalid) as circle:
            changed(admin, third, replaced_by="FW-1")
        assert "is itself replaced by this item" in circle.value.fields["replaced_by"]
        db.session.rollback()
        with pytest.raises(Invalid) as itself:
            changed(admin, third, replaced_by="FW-3")
        assert itself.value.fields == {"replaced_by": "An item can't replace itself. Choose another."}
        db.session.rollback()
        samples.item(admin, name="Firewall 3")
        for text, sentence in (
            ("Firewall 9", "There's no item like this. Enter its SKU, part number or full name."),
            ("Firewall 3", f"Several items are called this. Enter the number of one, such as #{third.id}."),
            ("#999999", "There's no item like this. Enter its SKU, part number or full name."),
        ):
            with pytest.raises(Invalid) as refused:
                changed(admin, first, replaced_by=text)
            assert refused.value.fields == {"replaced_by": sentence}
        assert db.session.get_one(Item, first.id).replaced_by is second


def test_two_people_can_differ_about_the_successor(app: Flask) -> None:
    with app.app_context():
        admin = samples.admin()
        item, one, other = (samples.item(admin, name=name) for name in ("Old", "One", "Other"))
        opened = seen({"replaced_by": None})
        changed(admin, item, replaced_by="One")
        assert item.replaced_by is one
        with pytest.raises(Exception, match="changed this item") as refused:
            changed(admin, item, replaced_by="Other", seen=opened)
        assert "“One”" in refused.value.fields["replaced_by"]  # type: ignore[attr-defined]
        assert other.id


@pytest.mark.both_databases
def test_a_line_takes_what_autotask_needs_and_keeps_it(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        item = samples.item(
            samples.admin(), supplier_sku="ING-7", list_price="130", markdown="**Fast**\n- 8 ports"
        )
        quote = editing.create(rep, person=samples.person(rep))
        line = lines.add_item(rep, quote.id, item)
        assert (line.supplier_sku, line.list_price) == ("ING-7", 130)
        assert line.description == "Fast\n\n• 8 ports"
        lines.change(rep, quote.id, line.uid, {"name": "Mine", "unit_price": "90", "quantity": "2"})
        assert (line.supplier_sku, line.list_price) == ("ING-7", 130)
        revision = publishing.publish(rep, quote.id).revision
        frozen = snapshot.parse(revision.content).lines[0]
        assert (frozen.supplier_sku, frozen.list_price) == ("ING-7", Decimal("130.0000"))
        assert not freezing.has_changes(quote, revision)


def test_a_revision_from_before_these_fields_has_no_changes(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        revision = samples.published(rep)
        old = revision.content.replace('"list_price":null,', "").replace('"supplier_sku":"",', "")
        assert old != revision.content
        assert snapshot.parse(old) == snapshot.parse(revision.content)


@pytest.mark.both_databases
def test_it_says_in_which_quotes_it_is(app: Flask) -> None:
    with app.app_context():
        admin, rep, other = samples.admin(), samples.rep(), samples.rep("other@desk.example")
        item = samples.item(admin)
        customer = samples.person(rep)
        own, others = (editing.create(one, person=customer, title=f"By {one.name}") for one in (rep, other))
        assert of_item.quotes(admin, item) == of_item.Uses([], more=False)
        for quote, owner in ((own, rep), (others, other)):
            lines.add_item(owner, quote.id, item)
            lines.add_item(owner, quote.id, item)
        shown = of_item.quotes(admin, item)
        assert [(use.quote.id, use.stage) for use in shown.shown] == [(others.id, "Draft"), (own.id, "Draft")]
        assert of_item.quotes(admin, item, limit=1).more


@pytest.mark.both_databases
def test_a_favorite_is_marked_once_and_diaried(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        item = samples.item(rep)
        for wanted in (True, True, False, False, True):
            assert favorites.mark(rep, item, wanted=wanted) is wanted
            assert favorites.is_marked(rep, item) is wanted
        actions = [
            action
            for action in db.session.scalars(db.select(DiaryEntry.action).order_by(DiaryEntry.id))
            if "favorite" in action
        ]
        assert actions == ["item.favorite_added", "item.favorite_removed", "item.favorite_added"]


def test_a_change_of_the_price_leaves_a_description_from_before_markdown(app: Flask) -> None:
    with app.app_context():
        _change_price(samples.admin())


def _change_price(admin: User) -> None:
    item = samples.item(admin, description="Plain")
    item.description = item.markdown = "Dimensions 10*20*30 mm"
    db.session.commit()
    values = {"name": item.name, "unit_price": "7", "markdown": item.markdown, "is_active": "1"}
    items.save(admin, item, values)
    assert item.description == "Dimensions 10*20*30 mm"
    items.save(admin, item, {**values, "markdown": "10 * 20"})
    assert item.description == "10 * 20"
