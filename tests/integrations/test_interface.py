"""A second PSA: one class, one registration. It hears of quotes, does its jobs and stands in the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest
from flask import Flask
from redis import Redis

import worker
from tests.support import samples
from tests.support.visitor import Visitor
from webapp.models import Delivery, DiaryEntry, Quote, db
from webapp.services.core import queues
from webapp.services.core.errors import NotFound
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import attempt, events, reader, room
from webapp.services.delivery.outcomes import AskPerson, Done, Outcome, Retry
from webapp.services.integrations import base, registry
from webapp.services.integrations.base import PSA, Integration, State
from webapp.services.quoting.answer import acceptance, viewing
from webapp.services.quoting.lifecycle import publishing


class OtherPsa(Integration):
    """Keeps in memory what a real one tells the other side."""

    key, name, group = "other_psa", "Other PSA", PSA
    blurb = "Published quotes arrive as deals."
    add_endpoint = settings_endpoint = "integrations.index"
    queue = "other-psa"

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str]] = []
        self.done: list[str] = []
        self.outcomes: list[Outcome] = []

    def state(self) -> State:
        return State(added=True, working=False, sentence="The other PSA rests.")

    def subscribe(self, entry: DiaryEntry) -> Iterable[Delivery]:
        event = events.of_entry(entry)
        if event is not None:
            self.heard.append((event.kind, event.before, event.by))
            yield room.delivery(self.key, event.kind, quote=event.quote, revision=event.revision)

    def deliver(self, runtime: Runtime, delivery: Delivery) -> Outcome:
        self.done.append(delivery.reason)
        return self.outcomes.pop(0) if self.outcomes else Done()


@pytest.fixture
def other(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[OtherPsa]:
    """The registration: one more in the list."""
    integration = OtherPsa()
    monkeypatch.setattr(registry, "INTEGRATIONS", (*registry.INTEGRATIONS, integration))
    reader.register(integration)
    yield integration
    reader.unregister(integration.key)


def published(app: Flask) -> Quote:
    rep = samples.rep()
    quote = samples.quote(rep)
    publishing.publish(rep, quote.id)
    return quote


def test_it_hears_of_quotes_beside_autotask(app: Flask, other: OtherPsa) -> None:
    with app.app_context():
        quote = published(app)
        viewing.note_viewed(quote)
        acceptance.record_for_customer(quote.owner, quote.id, {"name": "Ann Lee"})
        assert other.heard == [
            ("published", "pending", "Rob Rep"),
            ("viewed", "pending", "Ann Lee"),
            ("accepted", "pending", "Rob Rep"),
        ]
        reasons = db.session.scalars(
            db.select(Delivery.reason).filter_by(reader="autotask").order_by(Delivery.id)
        )
        assert list(reasons) == ["published", "accepted"], "Autotask need not know of a look at the quote"


def test_its_jobs_go_through_the_worker(
    app: Flask,
    other: OtherPsa,
    redis_url: str,
    app_settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with app.app_context():
        published(app)
        room.nudge(app.extensions["quotewright"])
        room.nudge(app.extensions["quotewright"])
        waiting = db.session.scalars(db.select(Delivery).filter_by(reader=other.key)).one()
        delivery_id = waiting.id
        db.session.commit()
    assert other.queue in reader.queues()
    with Redis.from_url(redis_url) as redis:
        (job,) = queues.of(redis, other.queue).get_jobs()
        assert (job.func_name, job.args) == ("worker.deliver", [delivery_id])
        for name, value in app_settings.items():
            monkeypatch.setenv(name, value)
        worker.application.cache_clear()
        try:
            job.func(*job.args)
        finally:
            worker.application.cache_clear()
    assert other.done == ["published"]


def of_other() -> Delivery:
    db.session.expire_all()
    return db.session.scalars(db.select(Delivery).filter_by(reader="other_psa")).one()


def test_every_outcome_is_stored(app: Flask, other: OtherPsa) -> None:
    runtime: Runtime = app.extensions["quotewright"]
    with app.app_context():
        published(app)
        delivery_id = of_other().id
        other.outcomes = [Retry("Away.", wait=60), Retry("Busy.", counts=False), AskPerson("Which deal?")]
        for state, attempts, outcome in (
            ("waiting", 1, "Away."),
            ("waiting", 1, "Busy."),
            ("parked", 2, "Which deal?"),
        ):
            attempt.perform(runtime, delivery_id, early=True)
            row = of_other()
            assert (row.state, row.attempt, row.outcome) == (state, attempts, outcome)
        attempt.perform(runtime, delivery_id, early=True)
        assert len(other.done) == 3, "what waits for a person isn't tried"


def test_what_waits_for_its_time_is_not_delivered_before_it(app: Flask, other: OtherPsa) -> None:
    with app.app_context():
        published(app)
        other.outcomes = [Retry("Away.", wait=60)]
        for _ in range(2):
            attempt.perform(app.extensions["quotewright"], of_other().id)
        assert len(other.done) == 1


def test_a_bug_in_a_reader_waits_for_a_person_and_is_named(app: Flask, other: OtherPsa) -> None:
    with app.app_context():
        published(app)
        other.done = None  # type: ignore[assignment]
        attempt.perform(app.extensions["quotewright"], of_other().id)
        row = of_other()
        assert (row.state, row.outcome) == (
            "parked",
            "The delivery failed because of a bug in Quotewright (AttributeError).",
        )


def test_an_outcome_that_comes_too_late_is_not_stored(
    app: Flask, other: OtherPsa, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker was away so long that the sweeper gave its delivery to another one."""
    with app.app_context():
        published(app)
        row = of_other()
        take_over = db.update(Delivery).values(fence=Delivery.fence + 1)

        def deliver(_runtime: Runtime, _delivery: Delivery) -> Outcome:
            db.session.execute(take_over)
            db.session.commit()
            return Done("Too late.")

        monkeypatch.setattr(other, "deliver", deliver)
        attempt.perform(app.extensions["quotewright"], row.id)
        assert (of_other().state, of_other().outcome) == ("running", "")


def test_its_status_is_read_with_the_others(app: Flask, other: OtherPsa) -> None:
    with app.app_context():
        quote = published(app)
        assert room.status(quote) == {"autotask": "waiting", "other_psa": "waiting"}


def test_it_stands_in_the_catalogue(app: Flask, other: OtherPsa) -> None:
    with app.app_context():
        samples.admin()
    visitor = Visitor(app.test_client()).sign_in("admin@desk.example", samples.PASSWORD)
    page = visitor.client.get("/settings/integrations/").text
    psa = page.partition("Professional Services Automation (PSA)")[2].partition('<h2 class="h3')[0]
    assert re.findall(r'id="integration-(\w+)"', psa) == ["autotask", "other_psa"]
    assert "The other PSA rests." in psa
    assert "Action needed" in psa


def test_publishing_waits_for_nobody_of_them(app: Flask, other: OtherPsa) -> None:
    """Redis is away in this test; what was written stays, and the sweeper comes by."""
    with app.app_context():
        published(app)
        room.nudge(app.extensions["quotewright"])
        for each in reader.every():
            room.sweep(app.extensions["quotewright"], each)
        assert other.heard
        assert set(db.session.scalars(db.select(Delivery.state))) == {"waiting"}


def test_keys_are_unique_and_groups_are_in_order() -> None:
    keys = [each.key for each in reader.every()]
    assert len(keys) == len(set(keys)) == len(set(reader.queues()))
    assert list(registry.by_group()) == [base.PSA, base.DEVELOPER]
    assert reader.get("autotask").queue == "pushes"
    with pytest.raises(NotFound):
        reader.get("gone")
