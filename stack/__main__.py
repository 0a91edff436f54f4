"""``python -m stack run``: the whole product on this machine until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType

from stack.errors import StackError
from stack.options import Options, from_environment
from stack.parts import LOGINS
from stack.supervisor import Stack

DEMO_TENANT = (
    ("Integration code", "SANDBOX-DEMO"),
    ("API user", "api@demo.example"),
    ("Secret", "sandbox-secret"),
)


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run the stack. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start everything and keep it running until Ctrl-C")
    run.add_argument("--data", type=Path, help="the data folder (default: QUOTEWRIGHT_DATA, else ./var)")
    run.add_argument("--port", type=int, help="the web port, 0 for any free one (default: PORT, else 8000)")
    run.add_argument("--sandbox-port", type=int, help="the sandbox's port (default: SANDBOX_PORT, else 8010)")
    run.add_argument("--no-seed", action="store_true", help="start without the example company")
    run.add_argument(
        "--json-ready", type=Path, metavar="FILE", help="write the addresses to FILE when all is ready"
    )
    choices = parser.parse_args(arguments)
    try:
        options = from_environment(os.environ)
        options = replace(
            options,
            data=choices.data.resolve() if choices.data else options.data,
            port=options.port if choices.port is None else choices.port,
            sandbox_port=options.sandbox_port if choices.sandbox_port is None else choices.sandbox_port,
            seed=not choices.no_seed,
        )
        return _run(options, choices.json_ready)
    except StackError as error:
        print(error, file=sys.stderr, flush=True)
        return 1


class _Interrupted(Exception):
    """Ctrl-C or SIGTERM came."""


def _run(options: Options, json_ready: Path | None) -> int:
    stack = Stack(options, say=lambda sentence: print(sentence, flush=True))
    interruptions = 0

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal interruptions
        interruptions += 1
        if interruptions == 1 and not stack.stopping:
            raise _Interrupted
        stack.kill()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    print("Quotewright is starting …", flush=True)
    try:
        stack.start()
        print(greeting(stack), flush=True)
        if json_ready:
            stack.write_facts(json_ready)
        stack.watch()
    except _Interrupted:
        print("\nStopping …", flush=True)
    finally:
        stack.stop()
    print("Everything has stopped. The data is kept in " + str(options.data), flush=True)
    return 0


def greeting(stack: Stack) -> str:
    """What a person needs to know once everything runs."""
    lines = ["", f"Quotewright runs at  {stack.web_url}"]
    lines += _accounts(stack)
    if stack.sandbox_url:
        lines += ["", f"Autotask sandbox at  {stack.sandbox_url}  (what “Autotask” holds now)"]
        lines += ["  Settings > Integrations connects to it with"]
        lines += [f"  {label + ':':<18} {value}" for label, value in DEMO_TENANT]
    lines += ["", f"Data and logs: {stack.options.data}", "Stop with Ctrl-C.", ""]
    return "\n".join(lines)


def _accounts(stack: Stack) -> list[str]:
    """How to sign in, or to make the first account."""
    lines = []
    for login in stack.logins:
        password = login["password"] or "the one that you chose"
        lines.append(f"  {login['role']:<6} {login['email']}   password: {password}")
    if stack.logins:
        lines.append(f"  These are kept in {stack.options.data / LOGINS}, which only you can read.")
    if stack.not_seeded:
        lines.append(f"  {stack.not_seeded}")
    if stack.setup_token:
        lines += [
            f"  There is no account yet. Make the first one, the owner's, at {stack.env['PUBLIC_BASE_URL']}/setup",
            f"  Set-up token: {stack.setup_token}   (good for this once; the next start makes another)",
        ]
    return lines


if __name__ == "__main__":
    sys.exit(main())
