"""Save measurements in ``bench/results/NAME.json``, which is not under version control."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"


def save(name: str, measured: Any) -> None:
    """Write ``measured`` as JSON."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(measured, indent=2) + "\n")
