"""Datto Autotask PSA as an integration: its entry in the catalogue, and its outbox."""

from __future__ import annotations

from webapp.models.integration import AUTOTASK
from webapp.services.autotask.connection import connection
from webapp.services.autotask.push import outbox, processing
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.model import StatusRule
from webapp.services.core.runtime import Runtime
from webapp.services.integrations.base import EXPIRED, PSA, VIEWED, Integration, QuoteEvent, State


class Autotask(Integration):
    """Quotes become opportunities, quotes with their lines, and PDFs in Autotask."""

    key = AUTOTASK
    name = "Datto Autotask PSA"
    group = PSA
    blurb = "Published quotes arrive as opportunities and quotes, line by line, with their PDF."
    add_endpoint = "integrations.connect"
    settings_endpoint = "integrations.autotask"
    queue = outbox.QUEUE
    job_seconds = outbox.JOB_SECONDS

    def state(self) -> State:
        """Working means: connected, and its settings were saved once."""
        found = connection.load()
        if found is None:
            return State(added=False, working=False)
        if found.state != connection.CONNECTED:
            return State(added=True, working=False, sentence=found.state_sentence)
        if settings_store.active().version == 0:
            return State(
                added=True,
                working=False,
                sentence="Connected, but “Save Integration” was not pressed yet, so nothing is pushed.",
            )
        return State(added=True, working=True, sentence=f"Connected as {found.user_name}.")

    def on_quote(self, event: QuoteEvent) -> None:
        """Each event but a look at the quote changes what Autotask should hold; an expiry if it is mapped at all."""
        if event.kind == VIEWED:
            return
        if event.kind == EXPIRED and settings_store.active().quote_status.expired == StatusRule():
            return
        outbox.record(event.quote, event.revision, event.kind)

    def sweep(self, runtime: Runtime) -> None:
        """Put back and queue pushes."""
        outbox.sweep(runtime)

    def nudge(self, runtime: Runtime) -> None:
        """Queue the pushes that are due."""
        outbox.nudge(runtime)

    def perform(self, runtime: Runtime, entry_id: int) -> None:
        """One push."""
        processing.process(runtime, entry_id)
