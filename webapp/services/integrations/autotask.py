"""Datto Autotask PSA as an integration: its entry in the list, and what it wants from the diary."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement

from webapp.models import Delivery, DiaryEntry, PushLease, db
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.connection import connection
from webapp.services.autotask.push import gate, processing
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.model import StatusRule
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import events
from webapp.services.delivery.events import EXPIRED, VIEWED
from webapp.services.delivery.outcomes import Outcome
from webapp.services.integrations.base import PSA, Integration, State


class Autotask(Integration):
    """Quotes become opportunities, quotes with lines, and PDFs in Autotask."""

    key = AUTOTASK
    name = "Datto Autotask PSA"
    group = PSA
    blurb = "Sync published quotes as opportunities and quotes, with every line and the PDF."
    add_endpoint = "integrations.connect"
    settings_endpoint = "integrations.autotask"
    queue = "pushes"
    job_seconds = 900
    # To take the quote's lease; after that the lease counts.
    claim_seconds = 20
    kept_for = None

    def state(self) -> State:
        """It works when it is connected and its settings are live."""
        stored = connection.load()
        if stored is None:
            return State(added=False, working=False)
        if stored.state != connection.CONNECTED:
            return State(added=True, working=False, sentence=stored.state_sentence)
        if settings_store.active().version == 0:
            return State(
                added=True,
                working=False,
                sentence="Connected, but sync is off. Review the settings and press Save Integration.",
            )
        return State(added=True, working=True, sentence=f"Connected as {stored.user_name}.")

    def subscribe(self, entry: DiaryEntry) -> Iterable[Delivery]:
        """A push for every event of a quote but a view; for an expiry only if it is mapped to a change.

        And one of the quote that rules the opportunity from now on, if that is another one.
        """
        event = events.of_entry(entry)
        if event is None or event.kind == VIEWED:
            return []
        wanted = [processing.delivery(event.quote, event.revision, event.kind)]
        if event.kind == EXPIRED and settings_store.active().quote_status.expired == StatusRule():
            wanted = []
        ruling = processing.of_ruler(event.quote)
        if ruling is not None and ruling.quote_id != event.quote.id:
            wanted.append(ruling)
        return wanted

    def deliver(self, runtime: Runtime, delivery: Delivery) -> Outcome:
        """Run one push."""
        return processing.push(runtime, delivery)

    def blocker(self) -> str:
        """Paused, not connected, or settings that aren't live."""
        blocker = gate.current()
        return blocker.sentence if blocker else ""

    def held(self, now: datetime) -> ColumnElement[bool]:
        """A push holds its quote's lease, and renews it."""
        return Delivery.quote_id.in_(db.select(PushLease.quote_id).where(PushLease.expires_at > now))
