"""The example company's password of earlier versions, which anybody could read: it opens nothing any more."""

from __future__ import annotations

import secrets

from webapp.models import User, db
from webapp.services import accounts

EMAILS = ("admin@demo.example", "rep@demo.example")
PUBLISHED = "quotewright-demo"


def end() -> list[str]:
    """Give accounts that still have it a password that nobody knows; returns their addresses."""
    found = [
        user
        for user in db.session.scalars(db.select(User).where(User.email.in_(EMAILS)))
        if accounts.has_password(user, PUBLISHED)
    ]
    for user in found:
        accounts.set_password(None, user, secrets.token_urlsafe(24))
    return [user.email for user in found]
