"""Write the bill of materials of what runs in production, as CycloneDX JSON: sbom.py [FILE].

It lists the pinned packages with their hashes and dependencies' addresses (package URLs), and the vendored files. It is
the same at every run: it has no date and no random number.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

ROOT = Path(__file__).parents[1]
PINNED = ROOT / "requirements" / "runtime.txt"
VENDORED = ("webapp/static/vendor", "webapp/static/fonts", "webapp/services/accounts/vendor")
PACKAGE = re.compile(r"^([A-Za-z0-9._-]+)==([^ \\;]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def bill(pinned: str, vendored: list[dict[str, Any]]) -> Bom:
    """The bill of a lock file's text and of the entries of VENDOR.json files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, pinned + json.dumps(vendored, sort_keys=True)))
    bom.metadata.component = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        bom_ref=project["name"],
    )
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the same at every run
    for package in _packages(pinned):
        bom.components.add(package)
    for entry in vendored:
        licence = DisjunctiveLicense(name=entry["licence"])
        bom.components.add(
            Component(
                name=entry["package"],
                version=entry["version"],
                type=ComponentType.FILE,
                bom_ref=f"vendored:{entry['package']}@{entry['version']}",
                licenses=[licence],
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in entry["files"].values()],
            )
        )
    bom.register_dependency(bom.metadata.component, bom.components)
    return bom


def _packages(pinned: str) -> list[Component]:
    found: list[Component] = []
    for line in pinned.splitlines():
        package, digest = PACKAGE.match(line), HASH.search(line)
        if package:
            purl = PackageURL("pypi", name=package[1].lower(), version=package[2])
            found.append(Component(name=package[1], version=package[2], purl=purl, bom_ref=str(purl)))
        elif digest:
            found[-1].hashes.add(HashType(alg=HashAlgorithm.SHA_256, content=digest[1]))
    return found


def main(path: Path) -> None:
    """Write the bill to ``path``."""
    lists = [json.loads((ROOT / folder / "VENDOR.json").read_text(encoding="utf-8")) for folder in VENDORED]
    bom = bill(PINNED.read_text(encoding="utf-8"), [entry for entries in lists for entry in entries])
    path.write_text(JsonV1Dot6(bom).output_as_string(indent=2) + "\n", encoding="utf-8")
    print(f"{path}: {len(bom.components)} components")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "sbom.cdx.json")
