"""Ask pip-audit's service whether a pinned package has a known vulnerability; exit code 1 if one has.

Where the service doesn't answer, nothing is known: that is said, and the exit code is 0.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# What production needs is part of it.
PINNED = "requirements/dev.txt"
LONGEST = 40


def main() -> int:
    """Check the list; returns the exit code."""
    sentence, vulnerable = verdict(*ask())
    print(f"{PINNED}: {sentence}")
    return int(vulnerable)


def ask() -> tuple[dict[str, Any] | None, str]:
    """pip-audit's report, and what it complained about; None without a report."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "-r", PINNED]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", "15"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False)
        return json.loads(done.stdout), ""
    except subprocess.TimeoutExpired:
        return None, f"no answer within {LONGEST} seconds"
    except ValueError:
        return None, (done.stderr.strip().splitlines() or ["no report"])[-1]


def verdict(report: dict[str, Any] | None, complaint: str = "") -> tuple[str, bool]:
    """What the report says in a sentence, and whether a package is vulnerable."""
    if report is None:
        return f"not checked, the service doesn't answer ({complaint})", False
    known = [one for one in report["dependencies"] if "skip_reason" not in one]
    bad = [
        f"{one['name']} {one['version']} has {', '.join(found['id'] for found in one['vulns'])}"
        + (f", fixed in {one['vulns'][0]['fix_versions'][0]}" if one["vulns"][0].get("fix_versions") else "")
        for one in known
        if one["vulns"]
    ]
    if bad:
        return f"{len(bad)} vulnerable: {'; '.join(bad)}", True
    total = len(report["dependencies"])
    if not known:
        return f"not checked, the service doesn't know any of the {total} packages here", False
    return f"no known vulnerability in {len(known)} of {total} packages", False


if __name__ == "__main__":
    sys.exit(main())
