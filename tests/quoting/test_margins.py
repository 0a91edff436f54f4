"""The minimum margin: said to those who may go below it, a stop for those who may not; old costs; company settings."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support import samples
from webapp.models import Quote, User, db
from webapp.services.accounts import access_rules, changing_rules
from webapp.services.company import place, profile
from webapp.services.core.errors import Invalid
from webapp.services.quoting.draft import editing, lines, readiness
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.revisions import pricing


def rules(admin: User, **values: str) -> None:
    """Settings > Roles with these values."""
    flags = ("reps_see_cost", "below_margin_admin", "below_margin_sales_manager")
    changing_rules.save(admin, {**dict.fromkeys(flags, "1"), **values})


def sentences(viewer: User, quote: Quote) -> str:
    """What is said to ``viewer`` before publishing."""
    return "\n".join(one.sentence for one in readiness.checks(quote, pricing.of_quote(quote), viewer))


@pytest.fixture
def admin(rep: User) -> User:
    """An admin beside the rep."""
    return samples.admin()


def test_a_low_margin_is_said_or_stops_the_publishing(rep: User, admin: User) -> None:
    quote = samples.quote(
        rep, {"name": "Firewall", "unit_price": "100", "unit_cost": "85"}, {"name": "Care", "unit_price": "5"}
    )
    assert "margin" not in sentences(rep, quote)
    rules(admin, min_margin="20")
    assert "Line 1 “Firewall” has a margin of 15%. The minimum is 20%." in sentences(admin, quote)
    assert "margin" not in sentences(rep, quote)
    with pytest.raises(Invalid) as caught:
        publishing.publish(rep, quote.id)
    told = "Line 1 “Firewall” has a margin of 15%. The minimum is 20%. Ada Admin can publish it."
    assert caught.value.fields == {quote.lines[0].uid: told}
    rules(admin, min_margin="20", reps_see_cost="")
    with pytest.raises(Invalid) as caught:
        publishing.publish(rep, quote.id)
    assert "“Firewall” is below the minimum margin. Ada Admin can publish it." in str(caught.value)
    rules(admin, min_margin="20", below_margin_rep="1")
    assert "margin of 15%" in sentences(rep, quote)
    assert publishing.publish(rep, quote.id).is_new


def test_a_margin_is_compared_as_exactly_as_it_is_said(rep: User, admin: User) -> None:
    rules(admin, min_margin="25")
    quote = samples.quote(rep, {"name": "Cable", "unit_price": "10", "unit_cost": "7.51"})
    lines.change(
        rep,
        quote.id,
        quote.lines[0].uid,
        {"name": "Cable", "unit_price": "10", "unit_cost": "7.51", "margin": "25"},
    )
    assert quote.lines[0].unit_price == Decimal("10.01")
    assert "margin" not in sentences(admin, quote)
    assert publishing.publish(rep, quote.id).is_new


def test_discounts_count_and_what_is_given_away_is_low(rep: User, admin: User) -> None:
    rules(admin, min_margin="0")
    first = {"name": "Firewall", "unit_price": "100", "unit_cost": "85"}
    quote = samples.quote(rep, first)
    assert "margin" not in sentences(admin, quote)
    lines.change(rep, quote.id, quote.lines[0].uid, {**first, "discount_value": "16%"})
    assert "has a margin of -1.2%. The minimum is 0%." in sentences(admin, quote)
    lines.change(rep, quote.id, quote.lines[0].uid, {**first, "discount_value": "100%"})
    assert "has a cost and no price left" in sentences(admin, editing.get(quote.id))


def test_the_minimum_is_a_percentage(rep: User, admin: User) -> None:
    with pytest.raises(Invalid) as caught:
        rules(admin, min_margin="100")
    assert caught.value.fields == {"min_margin": "Enter 99 or less."}
    assert access_rules.current().min_margin is None


def test_old_costs_are_said_by_the_companys_days(rep: User, admin: User) -> None:
    quote = samples.quote(rep, {"name": "Firewall", "unit_price": "100", "unit_cost": "60"})
    quote.lines[0].cost_date = place.today() - timedelta(days=45)
    db.session.commit()
    assert "cost of line" not in sentences(rep, quote)
    profile.save(admin, {"name": "Brightwater", "old_cost_days": "30", "price_ending": "99"})
    assert "The cost of line 1 “Firewall” is from 45 days ago." in sentences(rep, quote)
    rules(admin, reps_see_cost="")
    assert "cost of line" not in sentences(rep, quote)
    item = samples.item(admin, unit_price="", unit_cost="60", margin="25")
    assert item.unit_price == Decimal("80.99")
    for wrong in ("0", "x", "99999"):
        with pytest.raises(Invalid) as caught:
            profile.save(admin, {"name": "Brightwater", "old_cost_days": wrong})
        assert list(caught.value.fields) == ["old_cost_days"]
