"""What scripts/system-packages.sh installs on a machine that lacks it, told by an apt-get that only notes its words."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
USUAL = ("sh", "env", "id", "ls", "grep", "mktemp", "rm", "tail", "dirname")
LACKS = "echo 'node: error while loading shared libraries: libatomic.so.1: cannot open' >&2; exit 127"


class Machine:
    """A copy of the script beside programs of our own; ``installed`` is what apt-get was told to install."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in USUAL:
            (self.bin / name).symlink_to(shutil.which(name) or name)
        self.program("bin/id", "echo 0")
        self.program("bin/initdb", "exit 0")
        self.program("bin/chromium", "exit 0")
        self.program("bin/apt-get", f'echo "$*" >>{folder}/apt.log')
        (folder / "scripts").mkdir()
        shutil.copy(ROOT / "scripts/system-packages.sh", folder / "scripts")

    def program(self, name: str, body: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def node(self, body: str) -> None:
        self.program(".venv/lib/python3.11/site-packages/playwright/driver/node", body)

    def run(self, **environ: str) -> subprocess.CompletedProcess[str]:
        given = {name: value for name, value in os.environ.items() if name not in ("CHROMIUM",)}
        given["TEST_POSTGRES_URL"] = "postgresql:///here"
        return subprocess.run(
            [shutil.which("sh") or "sh", self.folder / "scripts/system-packages.sh"],
            env={**given, **environ, "PATH": str(self.bin)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def installed(self) -> list[str]:
        log = self.folder / "apt.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [
            word for line in lines for word in line.split() if not word.startswith("-") and word != "install"
        ]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_driver_that_lacks_its_library_gets_it(machine: Machine) -> None:
    machine.node(LACKS)
    done = machine.run()
    assert (done.returncode, machine.installed()) == (0, ["libatomic1"])


def test_nothing_is_installed_where_all_is_there(machine: Machine) -> None:
    machine.node("echo v22.0.0")
    done = machine.run()
    assert (done.returncode, done.stderr, machine.installed()) == (0, "", [])


def test_a_browser_and_its_library_come_together(machine: Machine) -> None:
    (machine.bin / "chromium").unlink()
    machine.node(LACKS)
    machine.run()
    assert machine.installed() == ["libatomic1", "chromium-headless-shell"]


def test_where_no_release_has_the_small_browser_it_takes_the_whole_one(machine: Machine) -> None:
    (machine.bin / "chromium").unlink()
    refuses = f'echo "$*" >>{machine.folder}/apt.log; case "$*" in *headless-shell*) exit 100;; esac'
    machine.program("bin/apt-get", refuses)
    assert machine.run().returncode == 0
    assert machine.installed()[-1] == "chromium"


def test_a_plain_user_is_served_by_sudo(machine: Machine) -> None:
    machine.node(LACKS)
    machine.program("bin/id", "echo 1000")
    machine.program("bin/sudo", '[ "$1" = -n ] && exit 0; exec env "$@"')
    assert (machine.run().returncode, machine.installed()) == (0, ["libatomic1"])


def test_without_sudo_it_says_what_is_missing_and_goes_on(machine: Machine) -> None:
    machine.node(LACKS)
    machine.program("bin/id", "echo 1000")
    machine.program("bin/sudo", "exit 1")
    done = machine.run()
    assert (done.returncode, machine.installed()) == (0, [])
    assert "Missing for the tests: libatomic1." in done.stderr
