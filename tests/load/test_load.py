"""A short run of ``make load`` with a few reps: everything in it is answered. Its targets are for a quiet machine."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from chaos.place import installed
from load import __main__ as load
from load.reps import Clock

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.mark.timeout(400)
def test_a_few_reps_are_answered() -> None:
    with tempfile.TemporaryDirectory(prefix="load-") as folder, installed(Path(folder)) as place:
        everyone = load.people(place, 3, [])
        rushed = load.rush(everyone)
        load.begin(everyone)
        found = load.step(place, everyone, 15)
        assert len(rushed) == 3
        assert found.clock.errors == []
        assert len(found.all) > 10
        assert found.used["web"] > 0
        assert min(found.memory) > 30
        load.tell(found)


def test_every_target_is_judged() -> None:
    clock = Clock()
    for _ in range(100):
        clock.note("home page", 0.3)
    slow = load.Step(50, clock, 10, {"web": 1.0}, [100, 100, 150, 200])
    clock.errors.append("home page: answered 500")
    assert load.judge(slow, [2.5]) == [
        "p95 300 ms, not under 250",
        "sign-ins at the median 2.5 s",
        "1 errors",
        "memory grew from 100 to 200 MB",
    ]
    quick = Clock()
    quick.note("home page", 0.02)
    assert load.judge(load.Step(50, quick, 10, {"web": 1.0}, [100, 100, 101, 102]), [1.0]) == []
