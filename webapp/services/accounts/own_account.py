"""What each person changes in their own account."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.models import User
from webapp.services.accounts import users
from webapp.services.core import place as places
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.diary import diary


@work.command
def save_preferences(user: User, values: Mapping[str, object]) -> None:
    """Store ``time_zone`` (empty: the company's) and ``letter_keys``. Raises Invalid with a sentence."""
    reader = Reader(values)
    zone = reader.choice("time_zone", ("", *places.time_zones()), "")
    reader.check()
    user.time_zone = zone
    user.letter_keys = reader.flag("letter_keys")
    diary.write(user, "user.changed", "user", user.id)


@work.command
def change_password(user: User, right: bool, password: str) -> None:
    """Set a new password and end all sessions of ``user``. Raises Invalid unless the current one was ``right``."""
    if not right:
        raise Invalid("The password wasn't changed.", {"current": "This isn't your current password."})
    users.set_password(user, user, password)
