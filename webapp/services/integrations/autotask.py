"""Datto Autotask PSA as an integration: its entry in the list, and its outbox."""

from __future__ import annotations

from webapp.models.integration import AUTOTASK
from webapp.services.autotask.connection import connection
from webapp.services.autotask.push import outbox, processing
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.model import StatusRule
from webapp.services.core.runtime import Runtime
from webapp.services.integrations.base import EXPIRED, PSA, VIEWED, Integration, QuoteEvent, State


class Autotask(Integration):
    """Quotes become opportunities, quotes with lines, and PDFs in Autotask."""

    key = AUTOTASK
    name = "Datto Autotask PSA"
    group = PSA
    blurb = "Sync published quotes as opportunities and quotes, with every line and the PDF."
    add_endpoint = "integrations.connect"
    settings_endpoint = "integrations.autotask"
    queue = outbox.QUEUE
    job_seconds = outbox.JOB_SECONDS

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

    def on_quote(self, event: QuoteEvent) -> None:
        """Record a push for every event but a view; for an expiry only if it is mapped to a change."""
        if event.kind == VIEWED:
            return
        if event.kind == EXPIRED and settings_store.active().quote_status.expired == StatusRule():
            return
        outbox.record(event.quote, event.revision, event.kind)

    def sweep(self, runtime: Runtime) -> None:
        """Put back lost pushes and queue due pushes."""
        outbox.sweep(runtime)

    def nudge(self, runtime: Runtime) -> None:
        """Queue due pushes."""
        outbox.nudge(runtime)

    def perform(self, runtime: Runtime, entry_id: int) -> None:
        """Run one push."""
        processing.process(runtime, entry_id)
