"""Write the wheel: wheel.py [FOLDER], into dist/ without one. It starts the embedded product without a checkout.

Everything is in one package, ``quotewright``, with the program as it is in a checkout in its folder ``app``: so no name
of ours, such as ``config``, is a module of whoever installs it. It needs the very versions of requirements/runtime.txt
(with the extra ``otel`` those of otel.txt, too), and is the same at every run of the same sources. https://packaging.python.org/specifications/binary-distribution-format/
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
# As the image has them, and what the embedded product needs besides.
SOURCES = (
    *("pyproject.toml", "config.py", "worker.py", "quotewright_verify.py", "LICENSE"),
    *("webapp", "migrations", "stack", "sandbox"),
)
LAUNCHER = ROOT / "scripts" / "launcher.py"
WHEEL = b"Wheel-Version: 1.0\nGenerator: scripts/wheel.py\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
THEN = (2026, 1, 1, 0, 0, 0)
PINNED = re.compile(r"^([A-Za-z0-9._-]+==[^ \\;]+)(?: ; ([^\\]+?))?(?: \\)?$", re.MULTILINE)


def build(folder: Path) -> Path:
    """Write the wheel into ``folder`` and return its path."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = project["name"], project["version"]
    about = f"{name}-{version}.dist-info"
    files = {f"{name}/app/{path}": (ROOT / path).read_bytes() for path in sources()}
    files[f"{name}/__init__.py"] = b'"""Quotewright, to be installed and started."""\n'
    files[f"{name}/__main__.py"] = LAUNCHER.read_bytes()
    files[f"{about}/METADATA"] = metadata(project).encode()
    files[f"{about}/WHEEL"] = WHEEL
    files[f"{about}/entry_points.txt"] = f"[console_scripts]\n{name} = {name}.__main__:main\n".encode()
    files[f"{about}/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    record = f"{about}/RECORD"
    lines = [f"{path},sha256={_digest(content)},{len(content)}" for path, content in sorted(files.items())]
    files[record] = "\n".join([*lines, f"{record},,", ""]).encode()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            entry = zipfile.ZipInfo(path, THEN)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return target


def sources() -> Iterator[Path]:
    """Every file of the program, from the root of the checkout."""
    for name in SOURCES:
        paths = sorted((ROOT / name).rglob("*")) if (ROOT / name).is_dir() else [ROOT / name]
        for path in paths:
            if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
                yield path.relative_to(ROOT)


def metadata(project: dict[str, str]) -> str:
    """METADATA: the project as pyproject.toml describes it, and the locked versions."""
    always = _locked("runtime")
    extra = {pin: marker for pin, marker in _locked("otel").items() if pin not in always}
    needs = [f"Requires-Dist: {pin}" + (f" ; {marker}" if marker else "") for pin, marker in always.items()]
    for pin, marker in extra.items():
        needs.append(f"Requires-Dist: {pin} ; " + (f"({marker}) and " if marker else "") + "extra == 'otel'")
    head = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        f"License-Expression: {project['license']}",
        "License-File: LICENSE",
        f"Requires-Python: {project['requires-python']}",
        *needs,
        "Provides-Extra: otel",
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join(head) + "\n\n" + (ROOT / "README.md").read_text(encoding="utf-8")


def _locked(kind: str) -> dict[str, str]:
    """The pins of a lock file, each with its marker or nothing."""
    lock = (ROOT / f"requirements/{kind}.txt").read_text(encoding="utf-8")
    return {pin: marker.strip() for pin, marker in PINNED.findall(lock)}


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"))
