"""What services need from the outside, made once by the application and passed in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from redis import Redis

from config import Config
from webapp.services.core.vault import Vault


@dataclass(frozen=True)
class Runtime:
    """The configuration, the key store and the Redis connection (which may be down at any moment).

    ``offline``: lists of Autotask that were read before serve whatever their age, and none is fetched. ``pause``: waits
    so many seconds between two tries of a call.
    """

    config: Config
    vault: Vault = field(repr=False)
    redis: Redis
    offline: bool = False
    pause: Callable[[float], None] = time.sleep


def build_runtime(config: Config) -> Runtime:
    """Make the runtime of one process. Connects to nothing yet."""
    redis = Redis.from_url(config.redis_url, socket_connect_timeout=2, socket_timeout=10)
    return Runtime(config=config, vault=Vault(config.encryption_keys), redis=redis)
