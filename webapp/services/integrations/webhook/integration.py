"""Webhooks as an integration."""

from __future__ import annotations

from webapp.models.webhook import ACTIVE
from webapp.services.core.runtime import Runtime
from webapp.services.integrations.base import DEVELOPER, Integration, QuoteEvent, State
from webapp.services.integrations.webhook import deliver, endpoints, outbox


class Webhooks(Integration):
    """Signed messages about quotes to addresses of one's own."""

    key = outbox.KEY
    name = "Webhooks"
    group = DEVELOPER
    blurb = "Tells an address of your own, signed, when a quote is published, viewed, accepted or lost."
    add_endpoint = "integrations.new_webhook"
    settings_endpoint = "integrations.webhooks"
    queue = outbox.QUEUE
    job_seconds = outbox.JOB_SECONDS

    def state(self) -> State:
        """Working means: none is paused, and the last message of each got through."""
        found = endpoints.every()
        if not found:
            return State(added=False, working=False)
        paused = sum(one.state != ACTIVE for one in found)
        failing = sum(one.state == ACTIVE and one.failures > 0 for one in found)
        sentence = "1 address is told." if len(found) == 1 else f"{len(found)} addresses are told."
        if paused:
            sentence = f"{_count(paused, len(found))} paused; messages are kept until an admin resumes."
        elif failing:
            sentence = (
                f"{_count(failing, len(found))} not taking messages now; they are sent again by themselves."
            )
        return State(added=True, working=not paused and not failing, sentence=sentence)

    def on_quote(self, event: QuoteEvent) -> None:
        """A message for each address that wants to hear of it."""
        outbox.record(event)

    def sweep(self, runtime: Runtime) -> None:
        """Put back and queue messages."""
        outbox.sweep(runtime)

    def nudge(self, runtime: Runtime) -> None:
        """Queue the messages that are due."""
        outbox.nudge(runtime)

    def perform(self, runtime: Runtime, entry_id: int) -> None:
        """Send one message."""
        deliver.perform(runtime, entry_id)


def _count(some: int, total: int) -> str:
    if total == 1:
        return "The address is"
    return f"{some} of {total} addresses {'is' if some == 1 else 'are'}"
