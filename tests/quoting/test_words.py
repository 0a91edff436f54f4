"""Counts with their nouns, and the history of a quote in words."""

from __future__ import annotations

import pytest

from tests.support import samples
from webapp.models import User
from webapp.models.quote import LOST, PENDING
from webapp.services.core.formatting import plural, plural_word
from webapp.services.diary import reading
from webapp.services.quoting.lifecycle import publishing, transitions


@pytest.mark.parametrize(
    ("count", "words", "expected"),
    [
        (0, ("line",), "0 lines"),
        (1, ("line",), "1 line"),
        (2, ("line",), "2 lines"),
        (1200, ("line",), "1,200 lines"),
        (1, ("sync needs", "syncs need"), "1 sync needs"),
        (3, ("sync needs", "syncs need"), "3 syncs need"),
    ],
)
def test_a_count_has_its_noun(count: int, words: tuple[str, ...], expected: str) -> None:
    assert plural(count, *words) == expected
    assert plural_word(count, *words) == expected.split(" ", 1)[1]


def test_the_history_names_people_and_says_what_they_did(rep: User) -> None:
    quote = samples.quote(rep)
    publishing.publish(rep, quote.id)
    transitions.advance(rep, quote.id, LOST, reason="Too expensive")
    transitions.advance(rep, quote.id, PENDING)
    entries = reading.history(rep, "quote", quote.id)
    assert {entry.by for entry in entries} == {rep.name}
    assert [entry.what for entry in entries][:3] == ["Reopened", "Lost", "Published"]
    assert entries[-1].what == "Created"
    assert (entries[1].reason, entries[2].revision) == ("Too expensive", 1)
