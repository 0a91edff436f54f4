"""An admin and a publishing at the very same moment. SQLite lets one writer in at a time, so PostgreSQL alone."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from tests.webhooks.office import Office, names
from webapp.models import WebhookEndpoint, db
from webapp.services.delivery.events import QuoteEvent
from webapp.services.integrations.webhook import messages


@pytest.mark.postgres
def test_a_webhook_cannot_be_removed_between_being_asked_and_being_told(office: Office) -> None:
    office.add("quote.accepted")
    quote = office.publish()
    revision = quote.current_revision
    assert revision is not None
    with db.session.no_autoflush, db.engine.connect() as admin:
        event = QuoteEvent("accepted", quote, revision, before="pending", by="Ann Lee")
        db.session.add_all(messages.of_event(event))
        admin.execute(db.text("set lock_timeout = '200ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            admin.execute(db.delete(WebhookEndpoint))
    db.session.commit()
    assert names() == ["quote.accepted"]
