"""What services need from outside: created once by the application and passed in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from redis import Redis

from config import Config
from webapp.services.core.vault import Vault


@dataclass(frozen=True)
class Runtime:
    """The configuration, the vault and the Redis connection (which may be down at any time).

    ``offline``: use cached Autotask lists whatever their age, and fetch none. ``pause``: waits a number of seconds
    before a call is retried.
    """

    config: Config
    vault: Vault = field(repr=False)
    redis: Redis
    offline: bool = False
    pause: Callable[[float], None] = time.sleep


def build_runtime(config: Config) -> Runtime:
    """Create the runtime of one process. Doesn't connect to anything yet."""
    redis = Redis.from_url(config.redis_url, socket_connect_timeout=2, socket_timeout=10)
    return Runtime(config=config, vault=Vault(config.encryption_keys), redis=redis)
