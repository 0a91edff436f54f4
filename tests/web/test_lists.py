"""The lists as a browser gets them: the foot, the columns, the reader's format."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support import samples
from tests.support.sheet import token
from tests.support.visitor import HTMX, Visitor
from tests.web.conftest import Ids
from webapp.models import DiaryEntry, Quote, db
from webapp.services.company import app_settings
from webapp.services.quoting.draft import editing
from webapp.services.quoting.lists import listing, together


def test_the_sums_of_several_pages_come_without_the_quotes(
    app: Flask, ids: Ids, rep: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        quote = db.session.get_one(Quote, ids.quote)
        samples.quote(quote.owner, customer=quote.person)
        db.session.commit()
    monkeypatch.setattr(listing, "PAGE", 1)
    assert "Adding up…" in rep.client.get("/quotes/", headers=HTMX).text
    foot = rep.client.get("/quotes/?sums=y", headers=HTMX).text
    assert 'id="quote-sums"' in foot
    assert "2 quotes" in foot
    assert "$200.00" in foot
    assert "<table" not in foot
    page = rep.client.get("/quotes/?sums=y").text
    assert "$200.00" in page
    assert "<table" in page
    monkeypatch.setattr(listing, "MOST_SUMMED", 1)
    assert "Too many to add up" in rep.client.get("/quotes/?sums=y", headers=HTMX).text


def test_the_margin_is_in_the_readers_format(app: Flask, ids: Ids, rep: Visitor) -> None:
    with app.app_context():
        quote = db.session.get_one(Quote, ids.quote)
        line = {"name": "Rack", "unit_price": "80", "unit_cost": "70"}
        sample = samples.quote(quote.owner, line, customer=quote.person).id
        before, version = app_settings.get(app_settings.COMPANY_PROFILE)
        app_settings.put(app_settings.COMPANY_PROFILE, {**before, "locale": "de_DE"}, version, None)
        db.session.commit()
    page = rep.client.get("/quotes/").text
    assert "12,5%" in page
    assert "100.0%" not in page
    editor = rep.client.get(f"/quotes/{sample}").text
    assert ">12,5%</span>" in editor, "the cell"
    assert ", 12,5%</span>" in editor, "the totals"


def test_a_persons_organization_hides_with_its_head(ids: Ids, rep: Visitor) -> None:
    page = rep.client.get("/people/").text
    assert '<th scope="col" class="list-wide">Organization</th>' in page
    assert page.count('<td class="list-wide"') == page.count("<tr>") - 1
    assert '<span class="list-second list-narrow" dir="auto">Customer Ltd</span>' in page


def test_a_saved_view_opens_the_list_and_every_filter_can_be_taken_off(ids: Ids, rep: Visitor) -> None:
    page = rep.client.get("/quotes/?stage=Draft&q=nothing+has+this").text
    assert "No quotes match." in page
    assert 'href="/quotes/?q=nothing+has+this"' in page, "without the stage"
    sent = {"name": "Empty", "q": "nothing has this", "stage": "Draft", "is_default": "1"}
    sent_with = token(rep.client.get("/quotes/").text)
    saved = rep.client.post("/quotes/views", data={**sent, "csrf_token": sent_with})
    assert saved.status_code == 303
    assert "No quotes match." in rep.client.get("/quotes/").text, "the default"
    assert "No quotes match." not in rep.client.get("/quotes/?stage=").text
    refused = rep.client.post("/quotes/views", data={**sent, "name": "", "csrf_token": sent_with})
    assert refused.status_code == 422
    assert "Enter a name for this view." in refused.text


def test_the_list_is_a_file_and_its_export_is_in_the_diary(app: Flask, ids: Ids, rep: Visitor) -> None:
    answer = rep.client.post(
        "/quotes/export", data={"q": "", "csrf_token": token(rep.client.get("/quotes/").text)}
    )
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.text.startswith("\ufeffNumber,Title,Customer,")
    assert len(answer.text.splitlines()) > 1
    with app.app_context():
        entry = db.session.scalar(db.select(DiaryEntry).filter_by(action="view.exported"))
        assert entry is not None
        assert entry.detail["quotes"] == len(answer.text.splitlines()) - 1


def test_what_came_of_each_selected_quote_is_said(ids: Ids, rep: Visitor) -> None:
    data = {
        "selected": [str(ids.quote), "4711"],
        "do": "lost",
        "csrf_token": token(rep.client.get("/quotes/").text),
    }
    assert "Mark 2 quotes as lost?" in rep.client.post("/quotes/together", data=data).text
    page = rep.client.post("/quotes/together", data={**data, "sure": "1", "reason": "Price"}).text
    assert "of 2 quotes changed" in page
    assert "This quote no longer exists." in page
    nothing = rep.client.post("/quotes/together", data={**data, "selected": []})
    assert "Select the quotes first." in nothing.text


def test_all_quotes_of_a_view_are_selected_where_the_list_has_pages(
    app: Flask, ids: Ids, rep: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "in this view" not in rep.client.get("/quotes/").text, "the page shows all of it"
    with app.app_context():
        quote = db.session.get_one(Quote, ids.quote)
        samples.quote(quote.owner, customer=quote.person)
        samples.quote(quote.owner, customer=quote.person)
        other = editing.create(quote.owner, person=quote.person, title="Something else").id
        db.session.commit()
        named = editing.get(quote.id).title
        mine = len(listing.ids(quote.owner, listing.View(text=named)))
    monkeypatch.setattr(listing, "PAGE", 1)
    where = {
        "q": named,
        "csrf_token": token(rep.client.get("/quotes/").text),
        "do": "lost",
        "reason": "Price",
    }
    assert f"All {mine} in this view" in rep.client.get("/quotes/", query_string={"q": named}).text
    stale = rep.client.post("/quotes/together", data={**where, "all": str(mine + 1), "sure": "1"})
    assert stale.status_code == 422
    assert f"This view has {mine} quotes now, and had {mine + 1}. Nothing was changed." in stale.text
    asked = rep.client.post("/quotes/together", data={**where, "all": str(mine), "selected": [str(other)]})
    assert f"Mark {mine} quotes as lost?" in asked.text
    assert f'name="all" value="{mine}"' in asked.text
    done = rep.client.post("/quotes/together", data={**where, "all": str(mine), "sure": "1"})
    assert f"of {mine} quotes changed" in done.text
    assert "Something else" not in done.text
    monkeypatch.setattr(together, "MOST", 1)
    page = rep.client.get("/quotes/?stage=").text
    assert "To select all of a view, narrow it to 1 or fewer." in page
