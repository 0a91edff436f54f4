"""``python -m sandbox``: run the stand-in for Autotask."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from sandbox.server import Server
from sandbox.tenants import DEMO_CODE, DEMO_SECRET, DEMO_USER, Tenants
from sandbox.web import Sandbox

EPILOG = f"""
The demo tenant: integration code {DEMO_CODE}, API user {DEMO_USER}, secret {DEMO_SECRET}.
Zone look-up: http://HOST:PORT/atservicesrest/v1.0/zoneInformation?user={DEMO_USER}
What the sandbox holds, and every call: http://HOST:PORT/
More tenants, faults, resets: see docs/sandbox.md.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="A stand-in for the Autotask REST API.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8800, help="port; 0 takes a free one (default: %(default)s)"
    )
    parser.add_argument("--data", type=Path, help="SQLite file that keeps everything (default: memory only)")
    parser.add_argument(
        "--seed", choices=("demo", "empty"), default="demo", help="what the demo tenant holds at first"
    )
    options = parser.parse_args(arguments)
    tenants = Tenants(options.data)
    if tenants.find(DEMO_CODE) is None:
        tenants.create(DEMO_CODE, DEMO_USER, DEMO_SECRET, options.seed)
    try:
        server = Server((options.host, options.port), Sandbox(tenants))
    except OSError as error:
        print(
            f"Port {options.port} on {options.host} cannot be used: {error.strerror}. Choose another with --port.",
            file=sys.stderr,
        )
        return 1

    def stop(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"Sandbox listening on http://{options.host}:{server.server_address[1]}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
