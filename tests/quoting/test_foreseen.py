"""What a change of several lines would make of them is shown first, by the rules of the change, and stores nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support import samples
from webapp.models import Quote, User, db
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.quoting.draft import bulk, editing, foreseen, lines, sections
from webapp.services.quoting.revisions import pricing


@pytest.fixture
def quote(rep: User) -> Quote:
    code = samples.tax_code(rep)
    return samples.quote(
        rep,
        {"name": "Firewall", "unit_price": "100", "unit_cost": "60", "tax_code_id": str(code.id)},
        {"name": "Rack", "unit_price": "50"},
        {"name": "Care", "unit_price": "30", "unit_cost": "10", "recurrence": "monthly"},
    )


def everything(quote: Quote) -> list[str]:
    return [line.uid for line in quote.lines]


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("margin", {"value": "50"}),
        ("markup", {"value": "25%"}),
        ("discount", {"discount_value": "10", "discount_kind": "percent"}),
        ("tax", {"value": ""}),
        ("billing", {"value": "annual"}),
        ("optional", {}),
    ],
)
def test_what_is_foreseen_is_what_then_happens(
    rep: User, quote: Quote, what: str, values: dict[str, str]
) -> None:
    uids = everything(quote)
    now = pricing.of_quote(quote)
    seen = foreseen.change(rep, quote.id, uids, what, values)
    db.session.commit()
    db.session.expire_all()
    stored = pricing.of_quote(editing.get(quote.id))
    assert stored == now
    assert tuple(line.before for line in seen.lines) == now.lines
    done = bulk.change(rep, quote.id, uids, what, values)
    then = pricing.of_quote(editing.get(quote.id))
    assert tuple(line.after for line in seen.lines) == then.lines
    for name, before, after in seen.periods:
        assert (before, after) == (now.periods[name], then.periods[name])
    assert [text.replace("would not change", "not changed") for text in seen.left] == done.sentences()


def test_margins_before_and_after_stand_beside_each_other(rep: User, quote: Quote) -> None:
    seen = foreseen.change(rep, quote.id, everything(quote)[:2], "markup", {"value": "25"})
    assert [line.margins for line in seen.lines] == [(Decimal("40.0"), Decimal("20.0")), (None, None)]
    assert seen.left == ("1 line would not change: without a cost (Rack).",)


def test_what_cannot_be_read_is_said_and_nothing_stays(rep: User, quote: Quote) -> None:
    with pytest.raises(Invalid) as caught:
        foreseen.change(rep, quote.id, everything(quote), "markup", {"value": "-100"})
    assert caught.value.fields["value"]
    assert not db.session.dirty


def test_several_lines_get_a_markup_that_leads(rep: User, quote: Quote) -> None:
    bulk.change(rep, quote.id, everything(quote)[:1], "markup", {"value": "50%"})
    line = editing.get(quote.id).lines[0]
    assert (line.price_rule, line.price_percent, line.unit_price) == ("markup", 50, 90)


def test_what_a_deletion_leaves_is_foreseen(rep: User, quote: Quote) -> None:
    uids = everything(quote)[:2]
    seen = foreseen.change(rep, quote.id, uids, "delete", {})
    db.session.commit()
    assert [line.uid for line in editing.get(quote.id).lines][:2] == uids
    assert [line.after for line in seen.lines] == [None, None]
    bulk.remove(rep, quote.id, uids)
    then = pricing.of_quote(editing.get(quote.id))
    assert seen.periods
    assert all(after == then.periods[name] for name, _, after in seen.periods)


def test_what_moving_to_a_section_makes_of_lines_is_foreseen(rep: User, quote: Quote) -> None:
    first = sections.add(rep, quote.id, {"title": "Network"})
    offer = {"title": "Care", "choice": "whole", "discount_kind": "amount", "discount_value": "10"}
    care = sections.change(rep, quote.id, sections.add(rep, quote.id, {"title": "Care"}).uid, offer)
    sections.put_lines(rep, quote.id, everything(quote)[1:], first.uid)
    order, uids = lines.order(quote.id), everything(quote)[:2]
    seen = foreseen.change(rep, quote.id, uids, "section", {"section": care.uid})
    db.session.commit()
    assert lines.order(quote.id) == order
    assert [line.places for line in seen.lines] == [("", "Care"), ("Network", "Care")]
    assert [line.choices for line in seen.lines] == [("Included", "Optional, off")] * 2
    assert seen.is_moving
    assert seen.is_chosen_otherwise
    sections.put_lines(rep, quote.id, uids, care.uid)
    after = editing.get(quote.id)
    totals = pricing.of_quote(after)
    stored = {line.uid: one for line, one in zip(after.lines, totals.lines, strict=True)}
    assert [line.after for line in seen.lines] == [stored[uid] for uid in uids]
    assert all(one == totals.periods[name] for name, _, one in seen.periods)
    with pytest.raises(NotFound):
        foreseen.change(rep, quote.id, uids, "section", {"section": "gone"})


def test_nothing_is_foreseen_for_a_quote_that_is_lost(rep: User, quote: Quote) -> None:
    quote.status = "lost"
    db.session.commit()
    with pytest.raises(Invalid, match="This quote is lost"):
        foreseen.change(rep, quote.id, everything(quote), "tax", {"value": ""})
