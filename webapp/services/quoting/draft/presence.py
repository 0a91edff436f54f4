"""Who else is in the editor of a quote just now: ids of users in Redis, which forgets them after a few seconds.

Redis may be away: then no one is seen. Nothing else is kept of it, and no rule depends on it; who changed what is the
diary's, and two edits of one field are ``core.merge``'s.
"""

from __future__ import annotations

import time

from redis import Redis
from redis.exceptions import RedisError

from webapp.models import User, db
from webapp.services.core.fields import parse_id

# The page asks every five seconds (js/presence.js).
GONE_AFTER = 15


def others(redis: Redis, quote_id: int, user: User) -> list[str]:
    """Note that ``user`` is in the editor; returns the names of those who are there too."""
    now, key = time.time(), f"quotewright:here:{quote_id}"
    try:
        with redis.pipeline(transaction=False) as pipe:
            pipe.zremrangebyscore(key, "-inf", now - GONE_AFTER)
            pipe.zadd(key, {str(user.id): now})
            pipe.expire(key, GONE_AFTER)
            pipe.zrange(key, 0, -1)
            members = pipe.execute()[-1]
    except RedisError:
        return []
    ids = {parse_id(member.decode()) for member in members} - {user.id, None}
    if not ids:
        return []
    query = db.select(User.name).where(User.id.in_(ids), User.is_active).order_by(User.name, User.id)
    return list(db.session.scalars(query))
