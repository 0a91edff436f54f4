"""Give a bare root the way to packages that this machine's pip is set up with: pip_settings.py ROOT ENVIRONMENT MOUNTS.

pip's files of settings become one in the root. Files that a setting names are copied; folders are listed in MOUNTS, one
"from<tab>to" a line. Variables (pip's, uv's, those of proxies and certificates) go to ENVIRONMENT, NAME=VALUE a line.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

PASSED_ON = re.compile(r"(PIP|UV)_\w+|SSL_CERT_FILE|(https?|all|no)_proxy", re.IGNORECASE)
PATH = re.compile(r"(?<![\w:/.])(?:file://)?(/[^\s,:]+)")
FOLDER = "/opt/pip-settings"


class Paths:
    """Where the files and folders of this machine are in the root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mounts: dict[str, str] = {}
        self._copies: dict[str, str] = {}

    def moved(self, value: str) -> str:
        """``value`` with each path that exists on this machine as it is in the root."""

        def place(found: re.Match[str]) -> str:
            return found[0].removesuffix(found[1]) + self._place(found[1])

        return PATH.sub(place, value)

    def _place(self, path: str) -> str:
        here = Path(path)
        if here.is_dir():
            return self.mounts.setdefault(path, f"{FOLDER}/folder-{len(self.mounts)}")
        if not here.is_file():
            return path
        if path not in self._copies:
            self._copies[path] = f"{FOLDER}/{len(self._copies)}-{here.name}"
            copy = self.root / self._copies[path].lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(here, copy)
            copy.chmod(0o644)
        return self._copies[path]


def environment(environ: Mapping[str, str], paths: Paths) -> list[str]:
    """The variables that say where packages come from."""
    return [
        f"{name}={paths.moved(value)}"
        for name, value in sorted(environ.items())
        if PASSED_ON.fullmatch(name) and "\n" not in value and not name.upper().startswith("PIP_CONFIG")
    ]


def configuration(listed: str, paths: Paths) -> str:
    """One file of settings from what ``pip config list`` prints; variables are not in it."""
    sections: dict[str, list[str]] = defaultdict(list)
    for line in listed.splitlines():
        name, equals, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if equals and section and section != ":env:":
            words = str(ast.literal_eval(value)).split("\n")
            moved = "\n    ".join(paths.moved(word) for word in words)
            sections[section].append(f"{key} = {moved}")
    return "\n".join("\n".join([f"[{section}]", *lines, ""]) for section, lines in sections.items())


def main(root: Path, variables: Path, mounts: Path) -> None:
    """Write all three."""
    paths = Paths(root)
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    (root / "etc/pip.conf").write_text(configuration(listed, paths), encoding="utf-8")
    variables.write_text("".join(f"{line}\n" for line in environment(os.environ, paths)), encoding="utf-8")
    mounts.write_text("".join(f"{here}\t{there}\n" for here, there in paths.mounts.items()), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
