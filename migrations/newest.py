"""Which migrations no other one follows, read from their text: nothing is imported or run."""

from __future__ import annotations

import re
from pathlib import Path

VERSIONS = Path(__file__).parent / "versions"
_REVISION = re.compile(r"^revision\b[^=]*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)
_BEFORE = re.compile(r"^down_revision\b[^=]*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)


def newest(versions: Path = VERSIONS) -> set[str]:
    """The migrations in the folder ``versions`` that no other one follows."""
    texts = [path.read_text(encoding="utf-8") for path in versions.glob("*.py")]
    followed = {name for text in texts for name in _BEFORE.findall(text)}
    return {name for text in texts for name in _REVISION.findall(text)} - followed
