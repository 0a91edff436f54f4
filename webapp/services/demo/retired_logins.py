"""The password that earlier versions gave the example company was public. It no longer opens anything."""

from __future__ import annotations

import secrets

from webapp.models import User, db
from webapp.services.accounts import users

EMAILS = ("admin@demo.example", "rep@demo.example")
PUBLISHED = "quotewright-demo"


def end() -> list[str]:
    """Give accounts that still have it a password that nobody knows; returns their addresses."""
    found = [
        user
        for user in db.session.scalars(db.select(User).where(User.email.in_(EMAILS)))
        if users.has_password(user, PUBLISHED)
    ]
    for user in found:
        users.set_password(None, user, secrets.token_urlsafe(24))
    return [user.email for user in found]
