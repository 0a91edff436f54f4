"""``python -m sandbox``: run the stand-in for Autotask."""

from __future__ import annotations

import argparse
import signal
import sqlite3
import sys
import threading
from pathlib import Path
from types import FrameType

from sandbox import seed
from sandbox.faults import KINDS
from sandbox.server import Server
from sandbox.tenants import DEMO_CODE, DEMO_SECRET, DEMO_USER, Tenants
from sandbox.web import Sandbox

EPILOG = f"""
URLs, at http://HOST:PORT
  /                                      pages: each tenant's records, and its calls as they come in
  /atservicesrest/v1.0/                  the REST API; a client needs only this base URL
  /Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenOpportunity&OpportunityID=N
                                         "Open in Autotask" links
  /sandbox/tenants                       the admin routes, JSON in and out, without a password

the demo tenant
  ApiIntegrationCode: {DEMO_CODE}   UserName: {DEMO_USER}   Secret: {DEMO_SECRET}

try it
  curl 'http://HOST:PORT/atservicesrest/v1.0/zoneInformation?user={DEMO_USER}'
  curl -H 'ApiIntegrationCode: {DEMO_CODE}' -H 'UserName: {DEMO_USER}' -H 'Secret: {DEMO_SECRET}' \\
       http://HOST:PORT/atservicesrest/v1.0/Companies/0

a tenant of your own, with your records
  curl http://HOST:PORT/sandbox/tenants -d '{{"code": "MINE", "user": "me@example.com", "secret": "s"}}'
  curl http://HOST:PORT/sandbox/tenants/MINE/seed -d '{{"Companies": [{{"companyName": "Example Ltd"}}]}}'
  curl -X POST http://HOST:PORT/sandbox/tenants/MINE/reset

make a call fail: kinds {", ".join(KINDS[:7])},
  {", ".join(KINDS[7:])}
  one call:    send the header X-Sandbox-Fault: 503  (or  delay;seconds=2)
  later calls: curl http://HOST:PORT/sandbox/tenants/MINE/faults \\
                    -d '{{"kind": "cut_after_commit", "entity": "Quotes", "verb": "create", "nth": 2}}'

read the calls
  curl http://HOST:PORT/sandbox/tenants/MINE/calls
  curl http://HOST:PORT/sandbox/calls      calls with an unknown integration code

Anyone who can reach it can use it, and its admin routes have no password: keep it on this machine.
docs/sandbox.md says what is true to Autotask, what is a guess and what is left out.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="A stand-in for the Autotask (Datto PSA) REST API, for development, demonstrations and tests.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8800, help="port; 0 takes a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        help="SQLite file that keeps every tenant and record (default: memory only)",
    )
    parser.add_argument(
        "--seed",
        choices=seed.NAMES,
        default="demo",
        help="what the demo tenant holds at first: a believable MSP, or reference data only (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    try:
        tenants = Tenants(options.data)
    except sqlite3.Error as error:
        print(
            f"The file {options.data} cannot be used: {error}. Choose another with --data.", file=sys.stderr
        )
        return 1
    if tenants.find(DEMO_CODE) is None:
        tenants.create(DEMO_CODE, DEMO_USER, DEMO_SECRET, options.seed)
    try:
        server = Server((options.host, options.port), Sandbox(tenants))
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not between 0 and 65535"
        print(
            f"Port {options.port} on {options.host} cannot be used: {reason}. "
            "Choose another with --port, or another address with --host.",
            file=sys.stderr,
        )
        return 1

    def stop(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    host = f"[{options.host}]" if ":" in options.host else options.host
    print(f"Sandbox listening on http://{host}:{server.server_address[1]}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
