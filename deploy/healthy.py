"""Is this container alive? ``python -m deploy.healthy web|worker|backup``: exit code 0 or 1, and a sentence.

A worker that RQ hasn't heard of hangs. One that can't reach Redis waits for it, which a restart wouldn't help.
"""

from __future__ import annotations

import os
import socket
import sys
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

# As /readyz: a worker reports every 45 seconds while it waits, and every 10 in a job.
HEARTBEAT = timedelta(seconds=100)


def web() -> str:
    """Empty if the web server answers, else what is wrong."""
    address = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/livez"
    try:
        with urllib.request.urlopen(address, timeout=4) as answer:
            return "" if answer.status == 200 else f"The web server answered {answer.status}."
    except OSError as error:
        return f"The web server doesn't answer: {error}."


def worker() -> str:
    """Empty if this machine's worker reported lately or Redis is away, else what is wrong."""
    from redis import Redis
    from redis.exceptions import RedisError
    from rq import Worker

    import config

    redis = Redis.from_url(config.load().redis_url, socket_connect_timeout=2, socket_timeout=2)
    try:
        beats = [each.last_heartbeat for each in Worker.all(connection=redis) if each.hostname == hostname()]
    except RedisError:
        return ""
    latest = max((beat.replace(tzinfo=UTC) for beat in beats if beat), default=None)
    if latest is None:
        return "No worker of this machine has reported."
    if datetime.now(UTC) - latest > HEARTBEAT:
        return f"The worker of this machine has not reported since {latest:%H:%M:%S} UTC."
    return ""


def backup() -> str:
    """Empty if a backup of the last day is there, else what is wrong."""
    from webapp.services.operating import nightly

    folder = Path(os.environ.get("BACKUP_FOLDER") or "/backups")
    try:
        late = nightly.is_late(folder, datetime.now(UTC))
    except OSError as error:
        return f"{folder} can't be read: {error.strerror}."
    return f"{folder} has no backup of the last day." if late else ""


def hostname() -> str:
    """As RQ calls this machine; each container has a name of its own."""
    return socket.gethostname()


def main(what: str) -> int:
    """The exit code for ``web``, ``worker`` or ``backup``."""
    checks: dict[str, Callable[[], str]] = {"web": web, "worker": worker, "backup": backup}
    sentence = checks[what]()
    print(sentence or "ok")
    return 1 if sentence else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
