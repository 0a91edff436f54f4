"""A database that had tables and is empty now isn't taken for a new one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from stack.options import ROOT
from tests.support.settings import environment
from webapp.services.operating import emptied


def upgrade(folder: Path, address: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask", "db", "upgrade"],
        cwd=ROOT,
        env={**os.environ, **environment(DATABASE_URL=address, QUOTEWRIGHT_DATA=str(folder)), **more},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.server
def test_a_lost_file_isnt_made_again_without_a_word(tmp_path: Path) -> None:
    file = tmp_path / "quotewright.db"
    address = f"sqlite:///{file}"
    assert upgrade(tmp_path, address).returncode == 0
    assert upgrade(tmp_path, address).returncode == 0
    file.unlink()

    refused = upgrade(tmp_path, address)
    assert refused.returncode == 2
    assert "is empty, but it had Quotewright's tables before" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert upgrade(tmp_path, address, EMPTY_DATABASE="yes").returncode == 0
    assert upgrade(tmp_path, f"sqlite:///{tmp_path}/other.db").returncode == 0


@pytest.mark.postgres
def test_so_it_is_with_postgresql(new_postgres: Callable[[str | None], str], tmp_path: Path) -> None:
    """Another role, with its password, is no other database."""
    address = make_url(new_postgres(None))
    emptied.remember(tmp_path, address, "2026-11-28T00:00:00+00:00")
    assert "password" not in (tmp_path / emptied.FILE).read_text()
    refused = upgrade(tmp_path, address.render_as_string(hide_password=False))
    assert refused.returncode == 2
    assert "EMPTY_DATABASE=yes" in refused.stderr
    with pytest.raises(emptied.Emptied):
        emptied.refuse(tmp_path, address.set(username="other", password="password"), is_meant=False)


def test_a_folder_that_cant_be_written_or_read_is_no_reason_to_fail(tmp_path: Path) -> None:
    address = make_url("postgresql+psycopg://quotewright@db/quotewright")
    emptied.remember(tmp_path / "missing", address, "")
    (tmp_path / emptied.FILE).write_text("[broken")
    emptied.refuse(tmp_path, address, is_meant=False)
    emptied.remember(tmp_path, address, "2026")
    emptied.refuse(tmp_path, address.set(database="another"), is_meant=False)
    emptied.refuse(tmp_path, address, is_meant=True)
