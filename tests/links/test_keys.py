"""The keys of records and their stored form, which databases of earlier versions are full of."""

from __future__ import annotations

import pytest

from webapp.models import Link, local_key
from webapp.models.local_key import LocalKey
from webapp.services.autotask.wanted import keys
from webapp.services.autotask.wanted.keys import RecordKey

LOCALS = {
    ("organization", "12"): local_key.organization(12),
    ("person", "3"): local_key.person(3),
    ("quote", "7"): local_key.quote(7),
    ("goods", "0123456789abcdef01234567"): local_key.goods("0123456789abcdef01234567"),
    ("line", "7:5f3a"): local_key.line(7, "5f3a"),
    ("line", "7:~4711"): local_key.retired(7, 4711),
    ("line", "7:by-hand-9"): local_key.by_hand(7, 9),
    ("location", "7:bill"): local_key.location(7, "bill"),
    ("revision", "7:2"): local_key.revision(7, 2),
    ("acceptance", "7:2"): local_key.acceptance(7, 2),
}
RECORDS = {
    "company": keys.COMPANY,
    "opportunity": keys.OPPORTUNITY,
    "opportunity:end": keys.OPPORTUNITY.step(keys.END),
    "opportunity:amounts": keys.OPPORTUNITY.step(keys.AMOUNTS),
    "item:5f3a": keys.item("5f3a"),
    "item:5f3a:place": keys.item("5f3a").step(keys.PLACE),
    "goods:0123": keys.goods("0123"),
    "location:bill": keys.location("bill"),
    "remove:4711": keys.removal(4711),
}


@pytest.mark.parametrize(("stored", "key"), LOCALS.items())
def test_a_record_of_ours_is_read_as_it_was_stored(stored: tuple[str, str], key: LocalKey) -> None:
    assert (key.kind, key.stored_id) == stored
    assert LocalKey.parse(*stored) == key
    link = Link(local=key)
    assert (link.local_type, link.local_id, link.local) == (*stored, key)
    assert link.quote_id == (7 if stored[1].startswith("7") else None)
    assert key.is_doomed == ("by-hand" in stored[1] or "~" in stored[1])


@pytest.mark.parametrize(("stored", "key"), RECORDS.items())
def test_a_step_is_read_as_it_was_journaled(stored: str, key: RecordKey) -> None:
    assert str(key) == stored
    assert RecordKey.parse(stored) == key
    assert str(key.record) == stored.removesuffix(":end").removesuffix(":amounts").removesuffix(":place")
