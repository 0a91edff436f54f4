"""A quote expires once, and Autotask's opportunity follows the mapping."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from tests.support import samples
from tests.support.connected_desk import Desk, copy_desk, newest_entry
from tests.support.copies import Copied
from tests.support.sandbox import Tenant
from webapp.models import Delivery, DiaryEntry, Quote, User, db, utc_now
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.model import StatusRule
from webapp.services.company import place
from webapp.services.quoting.draft import editing
from webapp.services.quoting.lifecycle import expiry, publishing, transitions


def in_days(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def reasons(quote: Quote) -> list[str]:
    query = db.select(Delivery.reason).where(Delivery.quote_id == quote.id).order_by(Delivery.id)
    return list(db.session.scalars(query))


def published(rep: User, days: int) -> Quote:
    """A published quote that expires in this many days."""
    quote = samples.quote(rep, customer=samples.person(rep, email=f"ann{days}@customer.example"))
    quote.expires_on = place.today() + timedelta(days=days)
    db.session.commit()
    publishing.publish(rep, quote.id)
    return quote


@pytest.mark.both_databases
def test_it_expires_once_the_day_after_its_expiration_date(rep: User) -> None:
    quote, later = published(rep, 5), published(rep, 50)
    with time_machine.travel(in_days(5)):
        assert expiry.due(utc_now()) == []
        assert not expiry.expire(quote.id)
    with time_machine.travel(in_days(6)):
        assert expiry.due(utc_now()) == [quote.id]
        assert expiry.expire(quote.id)
        assert not expiry.expire(quote.id)
        assert expiry.due(utc_now()) == []
    assert reasons(quote) == ["published"], "nothing is mapped for Autotask"
    assert reasons(later) == ["published"]
    event = db.session.scalars(db.select(DiaryEntry).filter_by(action="quote.expired")).one()
    assert event.object_id == str(quote.id)


def test_a_new_revision_may_expire_again(rep: User) -> None:
    quote = published(rep, 5)
    with time_machine.travel(in_days(6)):
        expiry.expire(quote.id)
        quote.expires_on = place.today() + timedelta(days=5)
        db.session.commit()
        assert expiry.due(utc_now()) == []
        publishing.publish(rep, quote.id)
        assert expiry.due(utc_now()) == []
    with time_machine.travel(in_days(12)):
        assert expiry.due(utc_now()) == [quote.id]


def test_what_the_customer_sees_expires_whatever_the_working_copy_says(rep: User) -> None:
    quote = published(rep, 5)
    quote.expires_on = place.today() + timedelta(days=90)
    db.session.commit()
    with time_machine.travel(in_days(6)):
        assert expiry.due(utc_now()) == [quote.id]


def test_what_expired_long_ago_is_left_alone(rep: User) -> None:
    published(rep, 5)
    with time_machine.travel(in_days(5 + 31)):
        assert expiry.due(utc_now()) == []


def test_drafts_and_answered_quotes_do_not_expire(rep: User) -> None:
    lost = published(rep, 5)
    transitions.advance(rep, lost.id, "lost", reason="Too dear")
    draft = samples.quote(rep)
    draft.expires_on = place.today() + timedelta(days=5)
    db.session.commit()
    with time_machine.travel(in_days(6)):
        assert expiry.due(utc_now()) == []
        assert not expiry.expire(lost.id)
        assert not expiry.expire(draft.id)
    assert editing.get(draft.id).number is None


@pytest.fixture
def live(app: Flask, tenant: Tenant, redis_url: str, opened_desk: Copied) -> Iterator[Desk]:
    """A connected installation that pushes quotes, with its application context open."""
    with app.app_context():
        yield copy_desk(app, tenant, opened_desk)


def test_the_opportunity_follows_the_mapping_by_itself(live: Desk) -> None:
    lost = live.pick("Opportunities", "status", "Lost")
    rule = StatusRule(status=lost, probability=0, set_closed_date=True)
    live.save(quote_status=settings_store.active().quote_status.model_copy(update={"expired": rule}))
    quote = live.quote({"name": "Rack", "unit_price": 100}, expires_on=place.today() + timedelta(days=3))
    live.push(quote)
    with time_machine.travel(in_days(4), tick=True):
        assert expiry.tick(live.runtime) == 1
        assert newest_entry(quote.id).reason == "expired"
        run = live.process(quote)
        assert (run.state, run.sentence) == ("synced", "")
    opportunity = live.tenant.state()["Opportunities"][-1]
    assert (opportunity["status"], opportunity["probability"]) == (lost, 0)
    assert opportunity["closedDate"][:10] == str(utc_now().date() + timedelta(days=3))
