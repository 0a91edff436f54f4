"""Where measurements are kept: ``bench/results/NAME.json``, which is not part of the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"


def keep(name: str, measured: Any) -> None:
    """Write ``measured`` as JSON."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(measured, indent=2) + "\n")
