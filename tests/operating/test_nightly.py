"""Backups by themselves: at their time, at once where one is missing, and as many as should be kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from deploy import healthy
from stack.options import ROOT
from tests.support.waiting import wait_for
from webapp.services.operating import nightly

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def test_the_next_one_is_due_at_its_time_or_at_once(tmp_path: Path) -> None:
    assert nightly.due(tmp_path, NOON, 2, 30) == NOON
    (tmp_path / nightly.name(NOON - timedelta(hours=9))).touch()
    assert nightly.due(tmp_path, NOON, 2, 30) == datetime(2026, 11, 29, 2, 30, tzinfo=UTC)
    assert nightly.due(tmp_path, NOON, 13, 0) == datetime(2026, 11, 28, 13, 0, tzinfo=UTC)
    assert nightly.due(tmp_path, NOON + timedelta(hours=20), 2, 30) == NOON + timedelta(hours=20)
    # A night in which nothing ran is made up for as soon as something does.
    assert nightly.due(tmp_path, NOON + timedelta(hours=15), 2, 30) == NOON + timedelta(hours=15)


def test_what_a_killed_one_left_goes_and_odd_names_keep_nobody(tmp_path: Path) -> None:
    for name in ("quotewright-20261128T010203Z.zip.unfinished", "quotewright-20261399T023000Z.zip"):
        (tmp_path / name).touch()
    nightly.drop_unfinished(tmp_path)
    assert nightly.due(tmp_path, NOON, 2, 30) == NOON
    assert [path.name for path in tmp_path.iterdir()] == ["quotewright-20261399T023000Z.zip"]


def test_the_newest_stay_and_what_isnt_ours_too(tmp_path: Path) -> None:
    names = [nightly.name(NOON + timedelta(days=day)) for day in range(5)]
    for name in (*names, "quotewright-Fri.zip", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in nightly.drop_old(tmp_path, 3)] == names[:2]
    assert {path.name for path in tmp_path.iterdir()} == {*names[2:], "notes.txt", "quotewright-Fri.zip"}
    assert nightly.drop_old(tmp_path, 3) == []


def test_one_is_written_for_its_reader_alone(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    monkeypatch.setenv("BACKUP_FOLDER", str(folder))
    assert healthy.backup() == f"{folder} has no backup of the last day."
    done = app.test_cli_runner().invoke(args=["backups", str(folder), "--keep", "2"])
    assert done.exit_code == 0, done.output
    (written,) = folder.iterdir()
    assert written.stat().st_mode & 0o777 == 0o600
    assert f"Written: {written}." in done.output
    assert healthy.backup() == ""
    wrong = app.test_cli_runner().invoke(args=["backups", str(folder), "--daily", "25:00"])
    assert (wrong.exit_code, "Use a time of day such as 02:30" in wrong.output) == (1, True)


@pytest.mark.server
def test_it_stays_until_it_is_told_to_stop(app_settings: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    command = [sys.executable, "-m", "flask", "backups", str(folder), "--daily", "02:30"]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **app_settings}) as program:
        wait_for(lambda: nightly.taken(folder), "the first backup", 60)
        assert program.poll() is None
        program.send_signal(signal.SIGTERM)
        assert program.wait(20) == 0
