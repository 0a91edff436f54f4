"""The list of quotes: filters in an address, saved views, the spreadsheet, one command on several quotes."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support import samples
from webapp.models import Person, Quote, User, db
from webapp.models.account import SALES_MANAGER
from webapp.models.quote import LOST
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.quoting.draft import editing, stages
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.lists import exporting, filters, listing, saved_views, together
from webapp.services.quoting.lists.filters import Filters


@pytest.fixture
def manager(app: Flask) -> Iterator[User]:
    """A sales manager, in the app's context."""
    with app.app_context():
        user = samples.admin()
        user.role = SALES_MANAGER
        db.session.commit()
        yield user


@pytest.fixture
def rep(manager: User) -> User:
    return samples.rep()


def quote_called(actor: User, title: str, **line: str) -> Quote:
    customer = db.session.scalar(db.select(Person)) or samples.person(actor)
    priced = {"name": "Rack", "unit_price": "100", "unit_cost": "60", **line}
    quote = samples.quote(actor, priced, customer=customer)
    quote.title = title
    db.session.commit()
    return quote


def rows(viewer: User, shown: Filters) -> list[dict[str, str]]:
    text = "".join(exporting.as_csv(viewer, exporting.note(viewer, shown)))
    return list(csv.DictReader(text.removeprefix("\ufeff").splitlines()))


def test_what_cannot_be_a_filter_is_left_out_and_an_address_is_never_empty() -> None:
    wrong = filters.read({"q": "  a \n b ", "stage": "Nowhere", "owner": "x", "sort": "rank", "page": "2"})
    assert wrong == Filters("a b")
    assert Filters().query == {"stage": ""}
    shown = filters.read({"q": "rack", "stage": stages.WON, "owner": "me", "sort": "-title"})
    assert filters.read(shown.query) == shown


def test_each_filter_is_a_chip_that_leads_to_the_list_without_it(rep: User) -> None:
    shown = Filters("rack", stages.WON, "me")
    chips = {chip.label: chip.without for chip in shown.chips([rep])}
    assert chips == {
        "“rack”": {"stage": "Won", "owner": "me"},
        "Stage: Won": {"q": "rack", "owner": "me"},
        "Owner: My quotes": {"q": "rack", "stage": "Won"},
    }


def test_a_view_is_saved_replaced_renamed_made_the_default_and_deleted(rep: User, manager: User) -> None:
    first = saved_views.save(rep, {"name": " Won  ones "}, Filters(stage=stages.WON))
    other = saved_views.save(rep, {"name": "Mine", "is_default": "1"}, Filters(owner="me"))
    assert [view.name for view in saved_views.of_user(rep)] == ["Mine", "Won ones"]
    assert saved_views.of_user(manager) == []
    assert saved_views.save(rep, {"name": "Won ones"}, Filters("a", stages.WON)).id == first.id
    assert saved_views.filters_of(first) == Filters("a", stages.WON)
    saved_views.set_default(rep, first.id, wanted=True)
    assert saved_views.default_of(rep) == first
    assert not other.is_default
    with pytest.raises(Invalid) as caught:
        saved_views.rename(rep, first.id, {"name": "Mine"})
    assert "another view" in caught.value.fields["name"]
    with pytest.raises(NotFound):
        saved_views.remove(manager, first.id)
    assert saved_views.remove(rep, first.id) == "Won ones"
    assert saved_views.default_of(rep) is None
    with pytest.raises(Invalid):
        saved_views.save(rep, {"name": ""}, Filters())


def test_a_view_is_one_of_a_few(rep: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST", 1)
    saved_views.save(rep, {"name": "One"}, Filters())
    with pytest.raises(Invalid):
        saved_views.save(rep, {"name": "Two"}, Filters())
    assert saved_views.save(rep, {"name": "One"}, Filters("a")).text == "a"


def test_the_spreadsheet_has_every_quote_of_the_view_and_runs_nothing(
    rep: User, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 1)
    monkeypatch.setattr(exporting, "BATCH", 1)
    for title in ("=HYPERLINK(1)", "Beta", "Alpha"):
        quote_called(rep, title)
    quote_called(manager, "Trade-in", unit_price="-150", unit_cost="0")
    found = rows(rep, Filters(owner="me", sort="title"))
    assert [row["Title"] for row in found] == ["'=HYPERLINK(1)", "Alpha", "Beta"]
    assert (found[0]["One-time"], found[0]["Cost, one-time"]) == ("100.00", "60.00")
    assert found[0]["Margin of the first year, percent"] == "40"
    assert rows(db.session.merge(manager), Filters("trade"))[0]["One-time"] == "-150.00"


def test_costs_are_only_in_the_file_of_those_who_may_see_them(
    rep: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    quote_called(rep, "Alpha")
    monkeypatch.setattr("webapp.services.catalog.costs.may_see", lambda _user: False)
    assert not [head for head in rows(rep, Filters())[0] if "Cost" in head or "Margin" in head]


def test_quotes_are_handed_over_one_by_one_and_each_says_what_happened(rep: User, manager: User) -> None:
    mine, lost, his = (quote_called(rep, "A"), quote_called(rep, "B"), quote_called(manager, "C"))
    publishing.publish(rep, lost.id)
    transitions.advance(rep, lost.id, LOST, reason="Price")
    done = together.do(
        manager, [mine.id, lost.id, his.id, 4711], "hand_over", {"successor_id": str(manager.id)}
    )
    assert [one.is_done for one in done] == [True, False, False, False]
    assert done[0].sentence == f"{manager.name} has it now."
    assert "It is lost, so it stays" in done[1].sentence
    assert "has it already" in done[2].sentence
    assert done[3].quote_id is None
    assert editing.get(mine.id).owner == manager
    refused = together.do(rep, [mine.id, lost.id], "hand_over", {"successor_id": str(rep.id)})
    assert [one.is_done for one in refused] == [False, False]
    assert editing.get(mine.id).owner == manager


def test_quotes_are_lost_reopened_and_deleted_together(rep: User, manager: User) -> None:
    published, draft = quote_called(rep, "A"), quote_called(rep, "B")
    publishing.publish(rep, published.id)
    ids = [published.id, draft.id]
    without = together.do(rep, ids, "lost", {})
    assert without[0].sentence == "Choose a reason, or enter why the quote was lost."
    lost = together.do(rep, ids, "lost", {"reason": "Price"})
    assert [one.is_done for one in lost] == [True, False]
    assert "hasn't been published" in lost[1].sentence
    assert [one.is_done for one in together.do(rep, ids, "reopen", {})] == [True, False]
    gone = together.do(manager, ids, "delete", {})
    assert [(one.is_done, one.quote_id) for one in gone] == [(False, published.id), (True, None)]
    for wrong in ([], "hand_over"), (ids, "forget"), (list(range(1, 600)), "lost"):
        with pytest.raises(Invalid):
            together.do(manager, wrong[0], wrong[1], {})
