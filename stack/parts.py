"""The programs of the stack: their commands and the environment that they share."""

from __future__ import annotations

import re
import sys
from typing import Any

from stack import keys
from stack.child import Child
from stack.options import ROOT, Options

SANDBOX_ROOT = "/atservicesrest"
# In the data folder: the passwords of the example company, for this user alone.
LOGINS = "example-logins"


class Parts:
    """Makes each child of one run; addresses become known while the run starts."""

    def __init__(self, options: Options, *, web_url: str, redis_url: str) -> None:
        self.options = options
        self.env = {
            **options.environ,
            **keys.environment(options),
            "PYTHONUNBUFFERED": "1",
            "FLASK_APP": "webapp",
            "QUOTEWRIGHT_DATA": str(options.data),
            "PUBLIC_BASE_URL": options.value("PUBLIC_BASE_URL") or web_url,
        }
        if not options.given("REDIS_URL"):
            self.env["REDIS_URL"] = redis_url

    def use_sandbox(self, address: str) -> None:
        """Point the product at the sandbox; only the embedded default lets it talk to this host."""
        self.env["AUTOTASK_ROOT"] = address + SANDBOX_ROOT
        if not self.options.given("AUTOTASK_ALLOWED_HOSTS"):
            self.env["AUTOTASK_ALLOWED_HOSTS"] = "127.0.0.1"

    def migrate(self) -> Child:
        return self._child("database migration", [*_python("flask"), "db", "upgrade"], "migrate")

    def seed(self) -> Child:
        """Prints the logins as JSON."""
        command = [*_python("flask"), "seed", "demo", "--if-free", "--json"]
        command += ["--passwords", str(self.options.data / LOGINS)]
        return self._child("seed", command, "seed", private=True)

    def setup_token(self) -> Child:
        """Prints the token for making the first account, or nothing when there is one already."""
        command = [*_python("flask"), "setup-token", "--if-needed"]
        return self._child("set-up token", command, "setup-token", private=True)

    def sandbox(self, port: int) -> Child:
        options = self.options
        command = [*_python("sandbox"), "--host", "127.0.0.1", "--port", str(port)]
        command += ["--data", str(options.data / "sandbox.db"), "--seed", "demo"]
        return self._child("Autotask sandbox", command, "sandbox")

    def worker(self) -> Child:
        return self._child("worker", [sys.executable, str(ROOT / "worker.py")], "worker")

    def web(self, listener: int) -> Child:
        """gunicorn on the listening socket whose file descriptor is ``listener``."""
        command = [
            *_python("gunicorn"),
            *("--bind", f"fd://{listener}"),
            *("--worker-class", "webapp.web_worker.WebWorker"),
            *("--workers", str(self.options.web_processes)),
            *("--threads", "32"),
            # Settings > Brand is looked at with all that is typed, in the address.
            *("--limit-request-line", "8190"),
            "--preload",  # the application is loaded once and then forked; a wrong setting ends the start at once
            *("--graceful-timeout", "5"),
            "--no-control-socket",
            *("--log-level", "warning"),
            "webapp:create_app()",
        ]
        return self._child("web server", command, "web", pass_fds=[listener])

    def _child(self, name: str, command: list[str], log: str, **options: Any) -> Child:
        path = self.options.data / "logs" / f"{log}.log"
        return Child(name, command, env=self.env, cwd=ROOT, log=path, **options)


def sandbox_address(output: str) -> str:
    """The address that the sandbox says it listens on, or nothing as long as it hasn't said it."""
    found = re.search(r"Sandbox listening on (http://\S+?)/?\s", output)
    return found[1] if found else ""


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", module]
