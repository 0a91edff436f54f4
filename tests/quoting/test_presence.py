"""Two people in one quote see each other, for as long as they are there."""

from __future__ import annotations

from redis import Redis

from tests.support import samples
from webapp.models import User
from webapp.services.quoting.draft import presence


def test_those_who_are_there_see_each_other_in_this_quote_alone(rep: User, redis_url: str) -> None:
    colleague = samples.rep("other@desk.example")
    with Redis.from_url(redis_url) as redis:
        assert presence.others(redis, 1, rep) == []
        assert presence.others(redis, 1, colleague) == [rep.name]
        assert presence.others(redis, 1, rep) == [colleague.name]
        assert presence.others(redis, 2, rep) == []


def test_only_ids_are_kept_and_not_for_long(rep: User, redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        presence.others(redis, 1, rep)
        (key,) = redis.keys("*here*")
        assert 0 < redis.ttl(key) <= presence.GONE_AFTER
        assert redis.zrange(key, 0, -1) == [str(rep.id).encode()]
        # Who said nothing for as long is gone, though a colleague keeps the key.
        redis.zadd(key, {str(rep.id): 1})
        assert presence.others(redis, 1, samples.rep("other@desk.example")) == []


def test_without_redis_no_one_is_seen(rep: User) -> None:
    with Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=1) as redis:
        assert presence.others(redis, 1, rep) == []
