"""Webhooks as an integration."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement

from webapp.models import Delivery, DiaryEntry
from webapp.models.webhook import ACTIVE
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import events
from webapp.services.delivery.outcomes import Outcome
from webapp.services.integrations.base import DEVELOPER, Integration, State
from webapp.services.integrations.webhook import deliver, endpoints, messages


class Webhooks(Integration):
    """Signed messages about quotes to the company's own URLs."""

    key = messages.KEY
    name = "Webhooks"
    group = DEVELOPER
    blurb = "Send signed messages to your own URL when a quote is published, viewed, accepted or lost."
    add_endpoint = "integrations.new_webhook"
    settings_endpoint = "integrations.webhooks"
    queue = "webhooks"

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

    def subscribe(self, entry: DiaryEntry) -> Iterable[Delivery]:
        """A message for each endpoint that subscribes to the event."""
        event = events.of_entry(entry)
        return messages.of_event(event) if event else []

    def deliver(self, runtime: Runtime, delivery: Delivery) -> Outcome:
        """Send one message."""
        return deliver.send(runtime, delivery)

    def ready(self, now: datetime) -> ColumnElement[bool]:
        """An endpoint that is paused or on hold gets nothing."""
        return messages.may_go(now)

    def tidy(self, now: datetime) -> None:
        """Delete old secrets that no longer sign."""
        endpoints.forget_old_secrets(now)


def _count(number: int, total: int) -> str:
    if total == 1:
        return "The webhook is"
    return f"{number} of {total} webhooks {'is' if number == 1 else 'are'}"
