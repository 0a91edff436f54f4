"""Start every part in order, keep them alive, end them all."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from stack import example, keys, ports, redis_server, schema
from stack.child import Child
from stack.errors import StackError
from stack.options import Options
from stack.parts import Parts, sandbox_address

START_TIMEOUT = 60.0
LOOK_EVERY = 0.2
# Of a part that dies again within this many seconds of its start, this many times in a row, nothing is to be hoped.
SHORT_LIFE = 10.0
SHORT_LIVES = 5
LONGEST_PAUSE = 15.0
# The worker finishes the push that it is in the middle of; the rest have nothing to finish.
GRACE = {"worker": 20.0}


class Stack:
    """The whole product on one machine, as a context manager or through ``start``, ``watch`` and ``stop``.

    After ``start``: ``web_url``, ``sandbox_url`` and ``autotask_root`` (empty without sandbox), ``redis_url``, ``env``
    (what the children got, for running a command beside them), ``logins`` of the example company, ``not_seeded`` (why
    it was not added) and ``setup_token`` (with which the first account is made; empty when there is one).
    As a context manager a thread watches the children.
    """

    def __init__(self, options: Options, say: Callable[[str], None] = lambda _sentence: None) -> None:
        self.options = options
        self.say = say
        self.children: dict[str, Child] = {}
        self.web_url = ""
        self.redis_url = ""
        self.sandbox_url = ""
        self.autotask_root = ""
        self.logins: list[dict[str, str]] = []
        self.not_seeded = ""
        self.setup_token = ""
        self.env: dict[str, str] = {}
        self._listener: socket.socket | None = None
        self._lock: IO[str] | None = None
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None
        self._early_deaths: dict[str, int] = {}
        self._restart_at: dict[str, float] = {}

    def __enter__(self) -> Stack:
        self.start()
        self._watcher = threading.Thread(target=self.watch, name="stack-watch", daemon=True)
        self._watcher.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def start(self) -> None:
        """Start everything and return when the first page can be had.

        Raises StackError with a sentence; what was started until then has been ended.
        """
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        options = self.options
        self._lock = keys.prepare(options.data)
        self._listener = ports.listen(options.host, options.port, "PORT")
        host = options.host if ":" not in options.host else f"[{options.host}]"
        self.web_url = f"http://{host}:{self._listener.getsockname()[1]}"
        if options.wants_sandbox:
            ports.check_free("127.0.0.1", options.sandbox_port, "SANDBOX_PORT")

        self._start_redis()
        parts = Parts(options, web_url=self.web_url, redis_url=self.redis_url)
        self.env = parts.env
        sandbox = (
            self._begin("sandbox", parts.sandbox(options.sandbox_port)) if options.wants_sandbox else None
        )
        if options.given("DATABASE_URL") or not schema.is_current(options.data / "quotewright.db"):
            self._run(parts.migrate())
        if sandbox:
            self._await_sandbox(sandbox, parts)
        web = self._begin("web", parts.web(self._listener.fileno()))
        self._make_accounts(parts)
        web.wait_until(self._web_answers, START_TIMEOUT)
        # The worker comes last: on two cores it would hold up the first page, and nothing waits for it yet.
        if options.worker:
            self._begin("worker", parts.worker())
        for child in self.children.values():
            if not child.running:
                raise StackError(child.obituary())

    def _start_redis(self) -> None:
        url = redis_server.external_url(self.options)
        if url:
            self.redis_url = url
            return
        child, self.redis_url = redis_server.server(self.options.data)
        self._begin("redis", child).wait_until(lambda: redis_server.alive(self.redis_url), START_TIMEOUT)

    def _await_sandbox(self, sandbox: Child, parts: Parts) -> None:
        sandbox.wait_until(lambda: bool(sandbox_address(sandbox.output())), START_TIMEOUT)
        self.sandbox_url = sandbox_address(sandbox.output())
        parts.use_sandbox(self.sandbox_url)
        self.autotask_root = parts.env["AUTOTASK_ROOT"]
        # A sandbox that dies comes back at the same address.
        sandbox.command = parts.sandbox(int(self.sandbox_url.rpartition(":")[2])).command

    def _make_accounts(self, parts: Parts) -> None:
        """The example company where it harms nobody; elsewhere a token, for who makes the first account."""
        self.not_seeded = example.reason_against(self.options) if self.options.seed else ""
        if self.options.seed and not self.not_seeded:
            self.logins = json.loads(self._run(parts.seed()))["logins"]
        else:
            self.setup_token = self._run(parts.setup_token()).strip()

    def _begin(self, key: str, child: Child) -> Child:
        self.children[key] = child
        child.start()
        return child

    def _run(self, child: Child) -> str:
        """Run a command to its end and return what it printed. Raises StackError when it fails."""
        child.start()
        try:
            if child.wait(START_TIMEOUT) != 0:
                raise StackError(child.obituary())
            return child.take() if child.private else child.output()
        finally:
            child.kill()

    def _web_answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.web_url + "/healthz", timeout=10):  # noqa: S310 - our own address
                return True
        except urllib.error.HTTPError as answer:
            return answer.code < 500
        except OSError:
            return False

    def watch(self) -> None:
        """Restart whatever ends, until ``stop`` is called. Raises StackError when a part can't be kept alive."""
        while not self._stopping.wait(LOOK_EVERY):
            for key, child in list(self.children.items()):
                if not child.running and not self._stopping.is_set():
                    self._revive(key, child)

    def _revive(self, key: str, child: Child) -> None:
        now = time.monotonic()
        if key not in self._restart_at:
            deaths = self._early_deaths.get(key, 0) + 1 if now - child.started_at < SHORT_LIFE else 1
            self._early_deaths[key] = deaths
            # The worker ends whenever Redis goes away during a job; it comes back for as long as that takes.
            if deaths >= SHORT_LIVES and key != "worker":
                raise StackError(f"{child.obituary()}\nIt ended {deaths} times in a row; Quotewright stops.")
            pause = min(0.25 * 2 ** (deaths - 1), LONGEST_PAUSE)
            self._restart_at[key] = now + pause
            self.say(f"{child.obituary()}\nIt is started again.")
        if now >= self._restart_at[key]:
            del self._restart_at[key]
            child.start()

    def stop(self) -> None:
        """End every child, the newest first, Redis last. May be called twice."""
        self._stopping.set()
        if self._watcher is not None and self._watcher is not threading.current_thread():
            self._watcher.join()
        # All but Redis hear of it at once, so that they end side by side.
        for key, child in self.children.items():
            if key != "redis":
                child.terminate()
        for key, child in reversed(self.children.items()):
            child.stop(GRACE.get(key, 8.0))
        self.children.clear()
        if self._listener is not None:
            self._listener.close()
        if self._lock is not None:
            self._lock.close()

    def kill(self) -> None:
        """End every child at once, unfinished work or not."""
        for child in self.children.values():
            child.kill()

    def facts(self) -> dict[str, Any]:
        """Addresses and folders of the running stack, for a program that drives it."""
        return {
            "pid": os.getpid(),
            "web": self.web_url,
            "sandbox": self.sandbox_url,
            "autotask_root": self.autotask_root,
            "redis": self.redis_url,
            "data": str(self.options.data),
            "children": {key: child.pid for key, child in self.children.items()},
            "logins": self.logins,
            "setup_token": self.setup_token,
        }

    def write_facts(self, path: Path) -> None:
        """Write ``facts`` as JSON; the file appears whole or not at all."""
        part = path.with_name(path.name + ".part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(self.facts(), indent=2) + "\n")
        part.replace(path)
