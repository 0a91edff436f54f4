"""Save Integration says how many quotes wait for it, and lets the admin choose which of them sync."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support import samples
from tests.support.connected_desk import Desk, newest_entry
from tests.support.visitor import PAGE, Visitor, text
from webapp.models import Delivery, Quote, SettingsVersion, db, utc_now
from webapp.services.autotask.connection import metadata
from webapp.services.autotask.settings import backlog
from webapp.services.quoting.lifecycle import publishing


@pytest.fixture
def waiting(desk: Desk) -> list[Quote]:
    """Three quotes of 20, 10 and 0 days ago, which were published before the settings went live."""
    owner = {"owner_resource_id": metadata.reference(desk.runtime, "Resources")[0].value}
    desk.save(
        company=desk.settings("company").model_copy(update=owner),
        opportunity=desk.settings("opportunity").model_copy(update=owner),
    )
    db.session.execute(db.delete(SettingsVersion))
    db.session.commit()
    quotes = []
    for days in (20, 10, 0):
        quote = desk.quote({"name": "Rack"}, title=f"{days} days old")
        publishing.publish(desk.rep, quote.id)
        newest_entry(quote.id).created_at = utc_now() - timedelta(days=days)
        quotes.append(quote)
    db.session.commit()
    return quotes


def going(quotes: list[Quote]) -> list[str]:
    db.session.expire_all()
    return [quote.title for quote in quotes if newest_entry(quote.id).state == "waiting"]


def test_the_page_says_how_many_quotes_wait(waiting: list[Quote], desk_admin: Visitor) -> None:
    assert len(waiting) == 3
    page = text(desk_admin.client.get(PAGE))
    assert "3 quotes are waiting, the oldest since" in page
    assert "Saving syncs: all of them" in page


@pytest.mark.parametrize(
    ("chosen", "rest"),
    [
        ({}, ["20 days old", "10 days old", "0 days old"]),
        ({"backlog": "all"}, ["20 days old", "10 days old", "0 days old"]),
        ({"backlog": "none"}, []),
        ({"backlog": "since", "backlog_since": f"{utc_now() - timedelta(days=12):%Y-%m-%d}"},
         ["10 days old", "0 days old"]),
    ],
)  # fmt: skip
def test_the_admin_chooses_which_sync(
    waiting: list[Quote], desk: Desk, desk_admin: Visitor, chosen: dict[str, str | bool], rest: list[str]
) -> None:
    answer = desk_admin.send(desk_admin.form(PAGE, "autotask/save"), chosen)
    assert answer.status_code == 303, text(answer)[:900]
    assert going(waiting) == rest
    left = len(waiting) - len(rest)
    assert (f"{left} waiting quotes were left out" in text(desk_admin.client.get(PAGE))) == (left > 1)
    for quote in waiting:
        page = text(desk_admin.client.get(f"/activity/quotes/{quote.id}"))
        assert ("was left out when the integration was saved" in page) == (quote.title not in rest)


def test_a_date_is_needed_where_one_is_chosen(waiting: list[Quote], desk_admin: Visitor) -> None:
    answer = desk_admin.send(desk_admin.form(PAGE, "autotask/save"), {"backlog": "since"})
    assert answer.status_code == 422
    assert "Enter the day from which waiting quotes shall sync" in text(answer)
    assert len(going(waiting)) == 3
    assert db.session.scalar(db.select(db.func.count(SettingsVersion.id))) == 0


def test_nothing_is_asked_while_the_settings_are_live(desk: Desk, desk_admin: Visitor) -> None:
    publishing.publish(desk.rep, desk.quote({"name": "Rack"}).id)
    assert db.session.scalar(db.select(db.func.count(Delivery.id))) == 1
    assert "Saving syncs" not in text(desk_admin.client.get(PAGE))


def test_a_day_of_the_backlog_begins_at_the_companys_midnight(waiting: list[Quote], desk: Desk) -> None:
    samples.company(time_zone="America/New_York")
    newest_entry(waiting[0].id).created_at = datetime(
        2026, 11, 20, 3, tzinfo=UTC
    )  # 10 p.m. of the 19th there
    newest_entry(waiting[1].id).created_at = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
    db.session.commit()
    backlog.choose(samples.admin("ida@desk.example"), {"backlog": "since", "backlog_since": "2026-11-20"})
    assert going(waiting) == ["10 days old", "0 days old"]
