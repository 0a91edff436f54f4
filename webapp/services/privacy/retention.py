"""Apply how long things are kept: a little at each tick, so that no one waits for long."""

from __future__ import annotations

from datetime import timedelta

from webapp.models import utc_now
from webapp.services.accounts.sso import ending
from webapp.services.autotask.push import retention as call_bodies
from webapp.services.core import work
from webapp.services.core.runtime import Runtime
from webapp.services.diary import shortening
from webapp.services.privacy import keeping, old_quotes
from webapp.services.quoting.answer import codes


def tick(runtime: Runtime) -> None:
    """Called once a minute. Nobody's writing waits while it looks."""
    with work.reading():
        kept = keeping.current(runtime)
        work.pause()
    call_bodies.tick(runtime, kept.call_bodies)
    ending.forget()
    codes.forget()
    if kept.quotes is not None:
        remove_quotes(kept.quotes)
    if kept.trail is not None:
        shorten_trail(kept.trail)


def remove_quotes(days: int) -> int:
    """Remove some of the quotes that came to nothing, and so long ago. Returns how many."""
    before = utc_now() - timedelta(days=days)
    with work.reading():
        ids = old_quotes.ids(before)
        work.pause()
    return old_quotes.remove(ids, before) if ids else 0


def shorten_trail(days: int) -> int:
    """Remove some of the entries that are so old. Returns the last one; 0 if there was none.

    Whole days only: otherwise every minute would remove an entry and write one about it.
    """
    today = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    with work.reading():
        through = shortening.last_before(today - timedelta(days=days))
        work.pause()
    if through:
        shortening.remove(through)
    return through
