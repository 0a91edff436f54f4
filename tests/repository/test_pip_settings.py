"""What a bare root is told of this machine's pip: the same places, by the names that they have there."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def pip_settings(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("pip_settings", ROOT / "scripts/pip_settings.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "pip_settings", module)
    spec.loader.exec_module(module)
    return module


def test_files_are_copied_and_folders_mounted(pip_settings: ModuleType, tmp_path: Path) -> None:
    root, wheels, more = tmp_path / "root", tmp_path / "wheels", tmp_path / "more"
    for folder in (root, wheels, more):
        folder.mkdir()
    (tmp_path / "ca.pem").write_text("a certificate")
    paths = pip_settings.Paths(root)
    listed = (
        f"global.cert='{tmp_path}/ca.pem'\n"
        f"global.find-links='{wheels}\\nhttps://packages.example/wheels'\n"
        f"global.extra-index-url='file://{more} https://user:word@packages.example/simple/'\n"
        "install.timeout='60'\n"
        ":env:.cert='/never/read'\n"
    )
    assert pip_settings.configuration(listed, paths).splitlines() == [
        "[global]",
        "cert = /opt/pip-settings/0-ca.pem",
        "find-links = /opt/pip-settings/folder-0",
        "    https://packages.example/wheels",
        "extra-index-url = file:///opt/pip-settings/folder-1 https://user:word@packages.example/simple/",
        "",
        "[install]",
        "timeout = 60",
    ]
    assert (root / "opt/pip-settings/0-ca.pem").read_text() == "a certificate"
    assert paths.mounts == {
        str(wheels): "/opt/pip-settings/folder-0",
        str(more): "/opt/pip-settings/folder-1",
    }


def test_only_variables_about_packages_go_along(pip_settings: ModuleType, tmp_path: Path) -> None:
    given = {
        "PIP_INDEX_URL": "https://packages.example/simple",
        "PIP_CONFIG_FILE": "/never/there",
        "UV_INDEX_STRATEGY": "first-index",
        "https_proxy": "http://proxy.example:3128",
        "DATABASE_URL": "postgresql:///mine",
        "HOME": "/root",
    }
    assert pip_settings.environment(given, pip_settings.Paths(tmp_path)) == [
        "PIP_INDEX_URL=https://packages.example/simple",
        "UV_INDEX_STRATEGY=first-index",
        "https_proxy=http://proxy.example:3128",
    ]
