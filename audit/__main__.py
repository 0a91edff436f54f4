"""``python -m audit``: prints who may do what and what each attack met; exit code 1 on any gap.

``--write`` writes the table of docs/access.md from what was found, for a person to read before it is committed.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import config
from audit import access, attacks
from audit.world import prepare
from smoke.__main__ import SANDBOX, data_folder, options
from smoke.autotask import Credentials
from stack import Options, Stack
from webapp import create_app

MARK = "| address |"


def installation(data: Path) -> Options:
    """Of its own, as ``make run`` starts it, with webhooks allowed to this machine."""
    ours = options(data, None)
    return replace(ours, environ={**ours.environ, "WEBHOOK_ALLOWED_HOSTS": "127.0.0.1"})


def main(arguments: list[str]) -> int:
    """Run everything; returns the exit code."""
    started = time.monotonic()
    with data_folder() as data, Stack(installation(data)) as stack:
        world = prepare(stack, Credentials(stack.autotask_root, **SANDBOX))
        wanted = access.addresses(create_app(config.load(stack.env)))
        found, gaps = access.measure(world, wanted)
        print(access.as_table(found), flush=True)
        if "--write" in arguments:
            text = access.TABLE.read_text(encoding="utf-8")
            access.TABLE.write_text(text[: text.index(MARK)] + access.as_table(found), encoding="utf-8")
        gaps += access.differences(access.read_table(), found)
        gaps += access.of_others(world, wanted)
        gaps += access.without_token(world, wanted)
        print(f"{len(found)} addresses × {len(access.COLUMNS)} people; {len(gaps)} gaps", flush=True)
        gaps += attacks.try_all(world)
    for gap in gaps:
        print(f"GAP: {gap}", file=sys.stderr)
    print(f"\n{len(gaps)} gaps. It took {time.monotonic() - started:.0f} seconds.")
    return 1 if gaps else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
