"""Webhooks as an integration."""

from __future__ import annotations

from webapp.models.webhook import ACTIVE
from webapp.services.core.runtime import Runtime
from webapp.services.integrations.base import DEVELOPER, Integration, QuoteEvent, State
from webapp.services.integrations.webhook import deliver, endpoints, outbox


class Webhooks(Integration):
    """Signed messages about quotes to the company's own URLs."""

    key = outbox.KEY
    name = "Webhooks"
    group = DEVELOPER
    blurb = "Send signed messages to your own URL when a quote is published, viewed, accepted or lost."
    add_endpoint = "integrations.new_webhook"
    settings_endpoint = "integrations.webhooks"
    queue = outbox.QUEUE
    job_seconds = outbox.JOB_SECONDS

    def state(self) -> State:
        """It works when no endpoint is paused and the last message to each was delivered."""
        every = endpoints.every()
        if not every:
            return State(added=False, working=False)
        paused = sum(endpoint.state != ACTIVE for endpoint in every)
        failing = sum(endpoint.state == ACTIVE and endpoint.failures > 0 for endpoint in every)
        sentence = "1 webhook." if len(every) == 1 else f"{len(every)} webhooks."
        if paused:
            sentence = f"{_count(paused, len(every))} paused. Messages are kept until an admin resumes."
        elif failing:
            sentence = f"{_count(failing, len(every))} failing. Messages are retried automatically."
        return State(added=True, working=not paused and not failing, sentence=sentence)

    def on_quote(self, event: QuoteEvent) -> None:
        """Record a message for each endpoint that subscribes to the event."""
        outbox.record(event)

    def sweep(self, runtime: Runtime) -> None:
        """Put back lost messages and queue due messages."""
        outbox.sweep(runtime)

    def nudge(self, runtime: Runtime) -> None:
        """Queue due messages."""
        outbox.nudge(runtime)

    def perform(self, runtime: Runtime, entry_id: int) -> None:
        """Send one message."""
        deliver.perform(runtime, entry_id)


def _count(number: int, total: int) -> str:
    if total == 1:
        return "The webhook is"
    return f"{number} of {total} webhooks {'is' if number == 1 else 'are'}"
