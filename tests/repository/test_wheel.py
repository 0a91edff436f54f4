"""The wheel has the whole program and starts the embedded product in a place of its own, without a checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
import requests

import config
from scripts import wheel
from stack.child import Child
from stack.options import ROOT
from tests.repository.test_deploy import CONTAINERFILE


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel.build(tmp_path_factory.mktemp("dist"))


def test_it_is_the_same_at_every_run_and_names_its_version(built: Path, tmp_path: Path) -> None:
    assert wheel.build(tmp_path).read_bytes() == built.read_bytes()
    assert built.name == f"quotewright-{config.version()}-py3-none-any.whl"


def test_it_has_what_the_image_has_and_every_locked_version(built: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        names = archive.namelist()
        about = archive.read(f"quotewright-{config.version()}.dist-info/METADATA").decode()
    copied = re.findall(r"^COPY (?!--from|requirements)(.*) \S+$", CONTAINERFILE.read_text(), re.MULTILINE)
    for source in (each for line in copied for each in line.split() if not each.startswith("deploy/")):
        assert any(name.startswith(f"quotewright/app/{source}") for name in names), source
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    always, more = (
        set(re.findall(r"^(\S+==\S+)", (ROOT / f"requirements/{kind}.txt").read_text(), re.MULTILINE))
        for kind in ("runtime", "otel")
    )
    needed = re.findall(r"^Requires-Dist: (\S+)(.*)$", about, re.MULTILINE)
    assert sorted(pin for pin, marker in needed if "extra ==" not in marker) == sorted(always)
    assert {pin for pin, marker in needed if "extra == 'otel'" in marker} == more - always


@pytest.mark.server
@pytest.mark.slow
def test_it_starts_where_there_is_no_checkout(built: Path, tmp_path: Path) -> None:
    home = tmp_path / "elsewhere"
    venv.create(home, with_pip=False)
    paths = sysconfig.get_paths(vars={"base": str(home), "platbase": str(home)})
    with zipfile.ZipFile(built) as archive:
        archive.extractall(paths["purelib"])
    # The packages of this environment stand in for those that pip would fetch.
    (Path(paths["purelib"]) / "locked.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    program = [str(home / "bin/python"), "-m", "quotewright"]
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        "QUOTEWRIGHT_DATA": str(tmp_path / "data"),
    }
    facts = tmp_path / "facts.json"
    command = [*program, "run", "--port", "0", "--sandbox-port", "0", "--no-seed", "--json-ready", str(facts)]
    child = Child("wheel", command, env=environ, cwd=tmp_path, log=tmp_path / "wheel.log")
    child.start()
    try:
        child.wait_until(facts.exists, 120)
        address = json.loads(facts.read_text())["web"]
        assert requests.get(f"{address}/readyz?for=web", timeout=10).json()["ready"] is True
        done = subprocess.run(
            [*program, "flask", "backup", str(tmp_path / "now.zip")],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    finally:
        child.stop(grace=30)
    said = subprocess.run([*program, "--version"], env=environ, capture_output=True, text=True, check=True)
    assert said.stdout == f"Quotewright {config.version()}\n"
    assert sys.executable not in (tmp_path / "wheel.log").read_text()
