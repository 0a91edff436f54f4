"""Take a person out of the events of quotes that no one accepted. Evidence of an acceptance stays as it is."""

from __future__ import annotations

import json
from collections.abc import Collection

from webapp.models import QuoteEvent
from webapp.services.privacy import frozen
from webapp.services.privacy.values import Known
from webapp.services.quoting.evidence import chain
from webapp.services.quoting.evidence.chain import COLLEAGUE, CUSTOMER


def clean(known: Known, quote_ids: Collection[int]) -> None:
    """In the open transaction: names, and where they came from. The chain gets new hashes."""
    for quote_id in sorted(set(quote_ids) - set(frozen.signed(quote_ids))):
        for event in chain.of_quote(quote_id):
            _clean(known, event)
        chain.chain_again(quote_id)


def _clean(known: Known, event: QuoteEvent) -> None:
    is_theirs = event.who in (CUSTOMER, COLLEAGUE) if known.user_id is None else known.is_account(event.name)
    if is_theirs:
        event.address = event.agent = event.session = ""
    if is_theirs and known.user_id is not None:
        event.name = known.alias
    event.name = known.without(event.name)[:254]
    event.detail = chain.canonical(known.without(json.loads(event.detail)))
