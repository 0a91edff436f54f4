"""A short run of ``make chaos``, so that it can't rot: the long one is for people."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from chaos import __main__ as chaos
from chaos.place import installed

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.mark.timeout(400)
def test_what_was_confirmed_outlives_a_few_blows() -> None:
    # PostgreSQL runs as another user, who can't enter pytest's own folder.
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder, installed(Path(folder)) as place:
        place.keep_alive()
        blows, ledger = chaos.play(place, 20, 1, 2, ["web", "postgres", "emptied"])
        assert {blow.name for blow in blows} <= {"web", "postgres", "emptied"}
        assert blows
        assert ledger.confirmed > 0
        assert chaos.report(place, blows, ledger) == 0
