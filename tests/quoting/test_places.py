"""Days belong to a place: the company's. Times are shown where the reader is."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
import time_machine
from flask import Flask

from tests.support import samples
from webapp.models import Quote, User, db, utc_now
from webapp.services.autotask.known import siblings
from webapp.services.autotask.push import prepare
from webapp.services.company import app_settings, place
from webapp.services.core import formatting
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.core.place import Place, time_zones
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.draft import editing, lines, readiness, shown, stages
from webapp.services.quoting.lifecycle import expiry, publishing
from webapp.services.quoting.lists import dashboard, listing
from webapp.services.quoting.lists.listing import View
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions import freezing, snapshot

LAST_DAY = date(2026, 11, 26)


def settle(**profile: str) -> None:
    """The company's place."""
    before, version = app_settings.get(app_settings.COMPANY_PROFILE)
    app_settings.put(app_settings.COMPANY_PROFILE, {**before, **profile}, version, None)


def offered(rep: User, last_day: date = LAST_DAY) -> Quote:
    """A published quote that is good until ``last_day``."""
    quote = samples.quote(rep, {"name": "Rack", "unit_price": "20"})
    quote.expires_on = last_day
    db.session.commit()
    publishing.publish(rep, quote.id)
    return quote


def answer(quote: Quote) -> dict[str, str]:
    revision = quote.current_revision
    assert revision is not None
    return {
        "name": "Ann Lee",
        "signature": "Ann Lee",
        "title": "Buyer",
        "terms": "1",
        **samples.shown(revision),
    }


def live(quote: Quote) -> snapshot.Snapshot:
    found = freezing.live(quote)
    assert found is not None
    return found


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("zone", "still", "over"),
    [
        ("America/New_York", "2026-11-27T04:59:59+00:00", "2026-11-27T05:00:00+00:00"),
        ("Pacific/Auckland", "2026-11-26T10:59:59+00:00", "2026-11-26T11:00:00+00:00"),
        ("Asia/Kolkata", "2026-11-26T18:29:59+00:00", "2026-11-26T18:30:00+00:00"),
        ("UTC", "2026-11-26T23:59:59+00:00", "2026-11-27T00:00:00+00:00"),
    ],
)
def test_the_last_day_ends_when_it_ends_at_the_company(rep: User, zone: str, still: str, over: str) -> None:
    settle(time_zone=zone)
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False):
        quote = offered(rep)
    with time_machine.travel(datetime.fromisoformat(still), tick=False):
        assert stages.stage_of(quote, utc_now()) == stages.PUBLISHED
        assert [row.quote for row in listing.search(rep, View(stage=stages.PUBLISHED)).rows] == [quote]
        assert acceptance.closed_reason(quote) == ""
        assert [row.quote for row in dashboard.of_user(rep).expiring] == [quote]
        assert not prepare.outcome_of(quote, live(quote)).expired
        assert expiry.due(utc_now()) == []
    with time_machine.travel(datetime.fromisoformat(over), tick=False):
        assert stages.stage_of(quote, utc_now()) == stages.EXPIRED
        assert [row.quote for row in listing.search(rep, View(stage=stages.EXPIRED)).rows] == [quote]
        assert [row.quote for row in dashboard.of_user(rep).expired] == [quote]
        assert prepare.outcome_of(quote, live(quote)).expired
        assert expiry.due(utc_now()) == [quote.id]
        with pytest.raises(Invalid, match=r"expired on Nov 26, 2026 \(end of day, "):
            acceptance.accept(quote.public_token, answer(quote), [], Evidence())


def test_a_promised_day_stays_where_it_was_promised(rep: User) -> None:
    """A company that moves doesn't shorten what it published."""
    settle(time_zone="America/New_York")
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False):
        quote = offered(rep)
    settle(time_zone="Pacific/Auckland")
    revision = quote.current_revision
    assert revision is not None
    assert not freezing.has_changes(quote, revision)
    assert quote.ends_at == datetime(2026, 11, 27, 5, tzinfo=UTC) == live(quote).ends_at
    with time_machine.travel(datetime(2026, 11, 27, 4, tzinfo=UTC), tick=False):
        acceptance.accept(quote.public_token, answer(quote), [], Evidence())


def test_the_closing_date_in_autotask_is_the_companys(rep: User) -> None:
    settle(time_zone="America/Los_Angeles")
    with time_machine.travel(datetime(2026, 12, 31, 16, 30, tzinfo=place.of_company().zone), tick=False):
        quote = offered(rep, date(2026, 12, 31))
        assert live(quote).published_on == date(2026, 12, 31)
        acceptance.accept(quote.public_token, answer(quote), [], Evidence())
    assert prepare.outcome_of(quote, live(quote)).closed_on == date(2026, 12, 31)


def test_a_draft_is_past_its_day_by_the_companys_day(rep: User) -> None:
    settle(time_zone="America/New_York")
    quote = samples.quote(rep, {"name": "Rack", "unit_price": "20"})
    quote.expires_on = LAST_DAY
    with time_machine.travel(datetime(2026, 11, 27, 0, 36, tzinfo=UTC), tick=False):
        assert [problem for problem in readiness.problems(quote) if problem.place == "header"] == []
    with time_machine.travel(datetime(2026, 11, 27, 5, tzinfo=UTC), tick=False):
        assert [problem.place for problem in readiness.problems(quote)] == ["header"]


def test_page_and_pdf_name_the_place_where_the_day_ends(app: Flask, rep: User) -> None:
    settle(time_zone="America/New_York")
    quote = offered(rep, date(2099, 11, 26))
    assert "Eastern Time" in app.test_client().get(f"/q/{quote.public_token}").text
    html = document.html_of(live(quote))
    assert "Eastern Time" in html
    assert "Nov 26, 2099" in html


@pytest.mark.parametrize(
    ("locale", "paper", "day", "typed", "amount"),
    [
        ("en_US", "letter", "Nov 26, 2026", "1234.5", "$1,234.50"),
        ("en_GB", "a4", "26 Nov 2026", "1,234.50", "US$1,234.50"),
        ("de_DE", "a4", "26.11.2026", "1.234,5", "1.234,50\u00a0$"),
    ],
)
def test_paper_dates_and_money_follow_the_companys_format(
    rep: User, locale: str, paper: str, day: str, typed: str, amount: str
) -> None:
    settle(locale=locale, paper=paper)
    quote = samples.quote(rep)
    lines.add_ad_hoc(rep, quote.id, {"name": "Rack", "unit_price": typed})
    quote.expires_on = None
    frozen = freezing.freeze(quote, number=7, revision=1, published_at=datetime(2026, 11, 26, 12, tzinfo=UTC))
    html = document.html_of(frozen)
    assert day in html
    assert amount in html
    assert f"size: {paper}" in html


def test_a_conflict_names_values_in_the_quotes_currency_and_the_companys_format(rep: User) -> None:
    settle(locale="de_DE")
    quote = samples.quote(rep, {"name": "Rack", "unit_price": "20"})
    quote.currency = "GBP"
    db.session.commit()
    (line,) = quote.lines
    opened = shown.line(line) | {"seen": lines.seen(rep, line)}
    lines.change(
        rep,
        quote.id,
        line.uid,
        {**opened, "unit_price": "19,5", "discount_kind": "unit", "discount_value": "1,25"},
    )
    with pytest.raises(Conflict) as caught:
        lines.change(
            rep,
            quote.id,
            line.uid,
            {**opened, "unit_price": "21,75", "discount_kind": "line", "discount_value": "2"},
        )
    assert "“19,5”. You entered “21,75”" in caught.value.fields["unit_price"]
    assert "“£ per unit”. You entered “£ off line”" in caught.value.fields["discount_kind"]
    assert "“1,25”. You entered “2”" in caught.value.fields["discount_value"]


def test_a_conflict_about_a_day_names_it_in_the_companys_format(rep: User) -> None:
    settle(locale="de_DE")
    quote = samples.quote(rep)
    opened = shown.header(quote) | {"seen": editing.seen(quote)}
    editing.save_header(rep, quote.id, {**opened, "expires_on": "2030-02-01"})
    with pytest.raises(Conflict) as caught:
        editing.save_header(rep, quote.id, {**opened, "expires_on": "2030-03-01"})
    assert "“01.02.2030”. You entered “01.03.2030”" in caught.value.fields["expires_on"]


def test_an_older_revision_keeps_its_days_in_utc_and_its_paper(rep: User) -> None:
    quote = offered(rep, date(2031, 1, 31))
    content = live(quote).model_dump(mode="json")
    del content["place"]
    older = snapshot.parse(json.dumps(content))
    assert older.ends_at == datetime(2031, 2, 1, tzinfo=UTC)
    assert "size: letter" in document.html_of(older)
    settle(time_zone="Europe/Berlin", locale="de_DE", paper="a4")
    revision = quote.current_revision
    assert revision is not None
    revision.content = older.canonical()
    assert not freezing.has_changes(quote, revision), "a place isn't a change of the offer"


def test_every_zone_has_days_that_follow_each_other() -> None:
    for zone in time_zones():
        there = Place(zone)
        for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25), LAST_DAY):
            assert there.day_of(there.start_of(day)) == day, zone
            assert there.start_of(day) < there.end_of(day), zone
        assert there.zone_name(), zone


NOW = datetime(2026, 11, 26, 19, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 26, 19, 4, 50, tzinfo=UTC), ">just now<"),
        (datetime(2026, 11, 26, 19, 3, tzinfo=UTC), ">2 minutes ago<"),
        (datetime(2026, 11, 26, 19, 10, tzinfo=UTC), ">in 5 minutes<"),
        (datetime(2026, 11, 26, 16, 5, tzinfo=UTC), ">3 hours ago<"),
        (datetime(2026, 11, 24, 3, 30, tzinfo=UTC), ">Nov 23, 2026, 10:30 PM<"),
    ],
)
def test_times_are_relative_where_near_and_local(at: datetime, text: str) -> None:
    there = Place("America/New_York")
    shown = formatting.when(at, there, NOW)
    assert text in shown
    assert f'title="{formatting.moment(at, there)}"' in shown
    assert formatting.moment(at, there).endswith(" EST")


def test_an_offer_counts_as_decided_when_its_day_ended_at_the_company(rep: User) -> None:
    settle(time_zone="America/New_York")
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False):
        quote = offered(rep)
    with time_machine.travel(datetime(2026, 11, 28, 12, tzinfo=UTC), tick=False):
        (own,) = siblings.on_same_opportunity(quote, None)
    assert own.decided_at == datetime(2026, 11, 27, 5, tzinfo=UTC)
