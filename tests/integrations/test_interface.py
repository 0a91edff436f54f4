"""A second PSA: one class, one registration. It hears of quotes, does its jobs and stands in the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from rq import Queue

import worker
from tests.support import samples
from tests.support.visitor import Visitor
from webapp.models import OutboxEntry, Quote, db
from webapp.services.core.errors import NotFound
from webapp.services.core.runtime import Runtime
from webapp.services.integrations import base, events, jobs, registry
from webapp.services.integrations.base import PSA, Integration, QuoteEvent, State
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.lifecycle import publishing

ROOT = Path(__file__).parents[2]


class OtherPsa(Integration):
    """Keeps in memory what a real one keeps in a table."""

    key, name, group = "other_psa", "Other PSA", PSA
    blurb = "Published quotes arrive as deals."
    add_endpoint = settings_endpoint = "integrations.index"
    queue = "other-psa"

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str]] = []
        self.done: list[int] = []

    def state(self) -> State:
        return State(added=True, working=False, sentence="The other PSA rests.")

    def on_quote(self, event: QuoteEvent) -> None:
        self.heard.append((event.kind, event.before, event.by))

    def nudge(self, runtime: Runtime) -> None:
        waiting = {f"deal-{number}": number for number, _ in enumerate(self.heard) if number not in self.done}
        jobs.enqueue(runtime, self.key, self.queue, waiting, self.job_seconds)

    sweep = nudge

    def perform(self, runtime: Runtime, entry_id: int) -> None:
        self.done.append(entry_id)


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> OtherPsa:
    """The registration: one more in the list."""
    integration = OtherPsa()
    monkeypatch.setattr(registry, "INTEGRATIONS", (*registry.INTEGRATIONS, integration))
    return integration


def published(app: Flask) -> Quote:
    rep = samples.rep()
    quote = samples.quote(rep)
    publishing.publish(rep, quote.id)
    return quote


def test_it_hears_of_quotes_beside_autotask(app: Flask, other: OtherPsa) -> None:
    with app.app_context():
        quote = published(app)
        acceptance.note_viewed(quote)
        acceptance.record_for_customer(quote.owner, quote.id, {"name": "Ann Lee"})
        assert other.heard == [
            ("published", "pending", "Rob Rep"),
            ("viewed", "pending", "Ann Lee"),
            ("accepted", "pending", "Rob Rep"),
        ]
        reasons = db.session.scalars(db.select(OutboxEntry.reason).order_by(OutboxEntry.id))
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
        events.nudge(app.extensions["quotewright"])
        events.nudge(app.extensions["quotewright"])
    assert other.queue in registry.queues()
    with Redis.from_url(redis_url) as redis:
        (job,) = Queue(other.queue, connection=redis).get_jobs()
        assert (job.func_name, job.args) == ("worker.perform", ("other_psa", 0))
        for name, value in app_settings.items():
            monkeypatch.setenv(name, value)
        worker.application.cache_clear()
        try:
            job.func(*job.args)
        finally:
            worker.application.cache_clear()
    assert other.done == [0]


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
        events.nudge(app.extensions["quotewright"])
        for integration in registry.every():
            integration.sweep(app.extensions["quotewright"])
        assert other.heard
        assert db.session.scalar(db.select(OutboxEntry.state)) == "waiting"


def test_keys_are_unique_and_groups_are_in_order() -> None:
    keys = [integration.key for integration in registry.every()]
    assert len(keys) == len(set(keys)) == len(registry.queues())
    assert list(registry.by_group()) == [base.PSA, base.DEVELOPER]
    assert registry.get("autotask").name == "Datto Autotask PSA"
    with pytest.raises(NotFound):
        registry.get("gone")


def test_the_quoting_services_know_no_integration_by_name() -> None:
    """They import the interface alone, so that another PSA changes nothing in them."""
    allowed = {"base", "events"}
    for path in (ROOT / "webapp/services/quoting").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"import .*\boutbox\b|services\.(autotask|outbox)\b", source), path.name
        for names in re.findall(r"from webapp\.services\.integrations import (.*)", source):
            assert set(names.split(", ")) <= allowed, path.name
