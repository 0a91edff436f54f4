"""Fail points: each has a place, they are off, and no installation that has a real Autotask can switch them on."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

import config
from stack.options import ROOT
from tests.support.settings import environment
from webapp.services.core import failpoints


def test_every_point_stands_at_one_place() -> None:
    places = [
        name
        for path in (ROOT / "webapp").rglob("*.py")
        for name in re.findall(r'failpoints\.reach\("([^"]+)"\)', path.read_text(encoding="utf-8"))
    ]
    assert sorted(places) == sorted(failpoints.POINTS)


def test_they_are_off() -> None:
    assert config.load(environment()).fail_points is None
    failpoints.reach("push.leased")


@pytest.mark.parametrize(
    "root", ["", "https://webservices.autotask.net/atservicesrest", "http://10.0.0.7:8010"]
)
def test_they_are_refused_unless_autotask_is_a_sandbox_here(tmp_path: Path, root: str) -> None:
    with pytest.raises(config.ConfigError, match="Unset FAIL_POINTS"):
        config.load(environment(FAIL_POINTS=str(tmp_path), AUTOTASK_ROOT=root))


def test_a_sandbox_here_may_have_them(tmp_path: Path) -> None:
    loaded = config.load(environment(FAIL_POINTS=str(tmp_path), AUTOTASK_ROOT="http://127.0.0.1:8010"))
    assert loaded.fail_points == tmp_path.resolve()


def ended_by(folder: Path, *points: str) -> int:
    """How a process that reaches these points ends."""
    child = os.fork()
    if child == 0:
        try:
            failpoints.arm(failpoints.FromFolder(folder))
            for point in points:
                failpoints.reach(point)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_the_armed_point_ends_one_process(tmp_path: Path) -> None:
    leased, planned = "push.leased", "push.planned"
    assert ended_by(tmp_path, leased) == 0
    (tmp_path / "armed").write_text(f"{planned} 2 alone")
    assert ended_by(tmp_path, leased, leased, planned) == 0
    assert ended_by(tmp_path, leased, planned, planned) == -signal.SIGKILL
    assert (tmp_path / "fired").exists()
    assert ended_by(tmp_path, leased, planned, planned) == 0
